#include "postgres/rows.hpp"

#include <bit>
#include <charconv>
#include <cstring>

#include "base/assert.hpp"
#include "result_data.hpp"
#include "type_oids.hpp"

namespace bandstand::postgres {

std::size_t Rows::size() const {
    return static_cast<std::size_t>(PQntuples(data_->result.get()));
}

std::int64_t Rows::affected() const {
    const std::string_view digits = PQcmdTuples(data_->result.get());
    std::int64_t count = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), count);
    return count;
}

detail::Cell Rows::cell(std::size_t row, int column) const {
    auto* const result = data_->result.get();
    BASE_ASSERT(row < size() && column >= 0 && column < PQnfields(result));
    const int at = static_cast<int>(row);
    detail::Cell cell{.bytes = std::nullopt, .type = PQftype(result, column)};
    if (PQgetisnull(result, at, column) == 0) {
        cell.bytes = base::as_bytes(
            {PQgetvalue(result, at, column), static_cast<std::size_t>(PQgetlength(result, at, column))});
    }
    return cell;
}

namespace detail {
namespace {

constexpr std::uint32_t kOidArrayOfText = 1009;
constexpr std::uint32_t kOidArrayOfInt8 = 1016;

base::ByteView value_of(const Cell& cell) {
    BASE_ASSERT(cell.bytes);  // NULL: ask for std::optional
    return *cell.bytes;
}

// The server wrote it, so its lengths are right; see encode_array in statement.cpp for the layout.
std::vector<base::ByteView> elements(base::ByteView array) {
    std::vector<base::ByteView> found;
    if (base::read_be<std::uint32_t>(array) == 0) return found;
    BASE_ASSERT(base::read_be<std::uint32_t>(array) == 1);
    const auto count = base::read_be<std::uint32_t>(array.subspan(12));
    array = array.subspan(20);
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto size = static_cast<std::int32_t>(base::read_be<std::uint32_t>(array));
        BASE_ASSERT(size >= 0);  // NULL in an array
        found.push_back(array.subspan(4, static_cast<std::size_t>(size)));
        array = array.subspan(4 + static_cast<std::size_t>(size));
    }
    return found;
}

std::string uuid_text(base::ByteView bytes) {
    auto text = base::to_hex(bytes);
    for (const std::size_t dash : {8U, 13U, 18U, 23U}) text.insert(dash, "-");
    return text;
}

}  // namespace

void decode(const Cell& cell, bool& out) {
    BASE_ASSERT(cell.type == kOidBool);
    out = value_of(cell)[0] != std::byte{0};
}

void decode(const Cell& cell, std::int64_t& out) {
    const auto bytes = value_of(cell);
    if (cell.type == kOidInt8) {
        out = static_cast<std::int64_t>(base::read_be<std::uint64_t>(bytes));
    } else {
        std::int32_t narrow = 0;
        decode(cell, narrow);
        out = narrow;
    }
}

void decode(const Cell& cell, std::int32_t& out) {
    const auto bytes = value_of(cell);
    BASE_ASSERT(cell.type == kOidInt4 || cell.type == kOidInt2);
    out = cell.type == kOidInt4 ? static_cast<std::int32_t>(base::read_be<std::uint32_t>(bytes))
                                : static_cast<std::int16_t>(base::read_be<std::uint16_t>(bytes));
}

void decode(const Cell& cell, double& out) {
    const auto bytes = value_of(cell);
    BASE_ASSERT(cell.type == kOidFloat8 || cell.type == kOidFloat4);
    out = cell.type == kOidFloat8 ? std::bit_cast<double>(base::read_be<std::uint64_t>(bytes))
                                  : double{std::bit_cast<float>(base::read_be<std::uint32_t>(bytes))};
}

void decode(const Cell& cell, std::string& out) {
    const auto bytes = value_of(cell);
    switch (cell.type) {
        case kOidText:
        case kOidVarchar:
        case kOidName:
        case kOidJson:
            out = base::as_text(bytes);
            break;
        case kOidJsonb:  // a version byte, 1, then the text
            out = base::as_text(bytes.subspan(1));
            break;
        case kOidUuid:
            out = uuid_text(bytes);
            break;
        default:
            BASE_ASSERT(cell.type == kOidText);  // the column is of another type: cast it in the SQL
    }
}

void decode(const Cell& cell, base::Bytes& out) {
    BASE_ASSERT(cell.type == kOidBytea);
    const auto bytes = value_of(cell);
    out.assign(bytes.begin(), bytes.end());
}

void decode(const Cell& cell, base::WallTime& out) {
    BASE_ASSERT(cell.type == kOidTimestamptz);
    const auto since = static_cast<std::int64_t>(base::read_be<std::uint64_t>(value_of(cell)));
    out = kEpoch + std::chrono::microseconds{since};
}

void decode(const Cell& cell, std::vector<std::int64_t>& out) {
    BASE_ASSERT(cell.type == kOidArrayOfInt8);
    for (const auto element : elements(value_of(cell))) {
        out.push_back(static_cast<std::int64_t>(base::read_be<std::uint64_t>(element)));
    }
}

void decode(const Cell& cell, std::vector<std::string>& out) {
    BASE_ASSERT(cell.type == kOidArrayOfText);
    for (const auto element : elements(value_of(cell))) out.emplace_back(base::as_text(element));
}

}  // namespace detail
}  // namespace bandstand::postgres
