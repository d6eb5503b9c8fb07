#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bandstand::base {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

inline ByteView as_bytes(std::string_view text) {
    return std::as_bytes(std::span{text.data(), text.size()});
}
inline std::string_view as_text(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Big-endian (network order) integers. The caller has checked the size: `in.size() >= sizeof(T)`.
template <std::unsigned_integral T>
T read_be(ByteView in) {
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        value = static_cast<T>((value << 8U) | std::to_integer<T>(in[i]));
    }
    return value;
}
template <std::unsigned_integral T>
void write_be(T value, MutableBytes out) {
    for (std::size_t i = sizeof(T); i-- > 0;) {
        out[i] = static_cast<std::byte>(value & 0xffU);
        value = static_cast<T>(value >> (sizeof(T) == 1 ? 0U : 8U));
    }
}

/// Lower-case hex, two digits a byte.
std::string to_hex(ByteView bytes);
/// Nothing if a digit is not hex or the count is odd.
std::optional<Bytes> from_hex(std::string_view hex);

}  // namespace bandstand::base
