#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"

namespace bandstand::sandbox {

/// What Discord speaks, and so what the stand-in passes around. Private to sandbox/.
using Json = nlohmann::json;

constexpr int kMaxJsonDepth = 64;

/// Text of the outside world; nothing if it is no JSON, or nested deeper than kMaxJsonDepth (what walks a
/// document walks it recursively).
std::optional<Json> parse_json(std::string_view text);

/// Compact text. Bytes that are no UTF-8 become U+FFFD instead of throwing.
inline std::string to_text(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// The member `key` of an object, or null.
inline const Json& member_of(const Json& object, std::string_view key) {
    static const Json kNull;
    if (!object.is_object()) return kNull;
    const auto found = object.find(key);
    return found == object.end() ? kNull : *found;
}

inline std::string text_of(const Json& object, std::string_view key, std::string_view otherwise = "") {
    const auto& value = member_of(object, key);
    return value.is_string() ? value.get<std::string>() : std::string{otherwise};
}
inline std::int64_t number_of(const Json& object, std::string_view key, std::int64_t otherwise = 0) {
    const auto& value = member_of(object, key);
    return value.is_number_integer() ? value.get<std::int64_t>() : otherwise;
}
inline bool flag_of(const Json& object, std::string_view key, bool otherwise = false) {
    const auto& value = member_of(object, key);
    return value.is_boolean() ? value.get<bool>() : otherwise;
}
/// A snowflake: Discord sends text, and takes numbers too. Zero id if it is neither.
template <class IdType>
IdType id_of(const Json& object, std::string_view key) {
    const auto& value = member_of(object, key);
    if (value.is_number_unsigned()) return IdType{value.get<std::uint64_t>()};
    if (!value.is_string()) return IdType{};
    return base::parse_id<IdType>(value.get_ref<const std::string&>()).value_or(IdType{});
}

}  // namespace bandstand::sandbox
