#include "mls/codec.hpp"

#include "base/assert.hpp"

namespace bandstand::mls {

void Writer::vector(base::ByteView bytes) {
    const auto size = bytes.size();
    BASE_ASSERT(size < (1U << 30U));
    if (size < 64) {
        u8(static_cast<std::uint8_t>(size));
    } else if (size < 16384) {
        u16(static_cast<std::uint16_t>(size | 0x4000U));
    } else {
        u32(static_cast<std::uint32_t>(size | 0x80000000U));
    }
    raw(bytes);
}

base::ByteView Reader::raw(std::size_t count) {
    if (!ok() || count > in_.size()) {
        fail();
        return {};
    }
    const auto bytes = in_.first(count);
    in_ = in_.subspan(count);
    return bytes;
}

base::ByteView Reader::vector() {
    if (in_.empty()) fail();
    if (!ok()) return {};
    std::size_t size = 0;
    std::size_t shortest = 0;
    switch (std::to_integer<unsigned>(in_[0]) >> 6U) {
        case 0:
            size = u8();
            break;
        case 1:
            size = u16() & 0x3fffU, shortest = 64;
            break;
        case 2:
            size = u32() & 0x3fffffffU, shortest = 16384;
            break;
        default:
            fail();
            return {};
    }
    if (size < shortest) fail();
    return raw(size);
}

bool Reader::present() {
    const auto flag = u8();
    if (flag > 1) fail();
    return ok() && flag == 1;
}

std::vector<std::uint16_t> Reader::u16_list() {
    Reader inner{vector()};
    std::vector<std::uint16_t> values;
    while (inner.ok() && !inner.empty()) values.push_back(inner.u16());
    if (!inner.ok()) fail();
    return values;
}

std::vector<std::uint32_t> Reader::u32_list() {
    Reader inner{vector()};
    std::vector<std::uint32_t> values;
    while (inner.ok() && !inner.empty()) values.push_back(inner.u32());
    if (!inner.ok()) fail();
    return values;
}

}  // namespace bandstand::mls
