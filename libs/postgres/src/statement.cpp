#include "postgres/statement.hpp"

#include <charconv>
#include <cstring>

#include "type_oids.hpp"

namespace bandstand::postgres {
namespace {

template <std::unsigned_integral T>
void append_be(std::string& out, T value) {
    std::byte raw[sizeof(T)];
    base::write_be<T>(value, raw);
    out.append(base::as_text(raw));
}

void append_element(std::string& out, std::int64_t value) {
    append_be(out, std::uint32_t{8});
    append_be(out, static_cast<std::uint64_t>(value));
}
void append_element(std::string& out, std::int32_t value) {
    append_be(out, std::uint32_t{4});
    append_be(out, static_cast<std::uint32_t>(value));
}
void append_element(std::string& out, const std::string& value) {
    append_be(out, static_cast<std::uint32_t>(value.size()));
    out += value;
}
void append_element(std::string& out, const base::Bytes& value) {
    append_be(out, static_cast<std::uint32_t>(value.size()));
    out += base::as_text(value);
}

// array_send of PostgreSQL's arrayfuncs.c: dimensions, has-nulls flag, element type, then size and lower
// bound of the one dimension, then each element with its length.
template <class T>
std::string encode_array(const std::vector<T>& values, std::uint32_t element_type) {
    std::string out;
    append_be(out, std::uint32_t{values.empty() ? 0U : 1U});
    append_be(out, std::uint32_t{0});
    append_be(out, element_type);
    if (values.empty()) return out;
    append_be(out, static_cast<std::uint32_t>(values.size()));
    append_be(out, std::uint32_t{1});
    for (const auto& value : values) append_element(out, value);
    return out;
}

}  // namespace

void Params::add(bool value) {
    add_text(value ? "t" : "f");
}

void Params::add(double value) {
    char digits[64];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    add_text(std::string{digits, end});
}

void Params::add(base::ByteView bytes) {
    values_.push_back({std::string{base::as_text(bytes)}, true});
}

void Params::add(base::WallTime time) {
    const auto since = std::chrono::floor<std::chrono::microseconds>(time) - kEpoch;
    std::string raw;
    append_be(raw, static_cast<std::uint64_t>(since.count()));
    values_.push_back({std::move(raw), true});
}

void Params::add(const std::vector<std::int64_t>& values) {
    values_.push_back({encode_array(values, kOidInt8), true});
}
void Params::add(const std::vector<std::int32_t>& values) {
    values_.push_back({encode_array(values, kOidInt4), true});
}
void Params::add(const std::vector<std::string>& values) {
    values_.push_back({encode_array(values, kOidText), true});
}
void Params::add(const std::vector<base::Bytes>& values) {
    values_.push_back({encode_array(values, kOidBytea), true});
}

}  // namespace bandstand::postgres
