#pragma once

#include <charconv>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace bandstand::base {

/// A 64-bit id that is not interchangeable with another kind of id. Zero means "none".
template <class Tag>
class Id {
public:
    constexpr Id() = default;
    constexpr explicit Id(std::uint64_t value) : value_{value} {}
    constexpr std::uint64_t value() const { return value_; }
    constexpr explicit operator bool() const { return value_ != 0; }
    friend constexpr auto operator<=>(Id, Id) = default;

private:
    std::uint64_t value_ = 0;
};

// Discord snowflakes.
using GuildId = Id<struct GuildTag>;
using ChannelId = Id<struct ChannelTag>;
using UserId = Id<struct UserTag>;  ///< a bot identity is the user id of its bot
using RoleId = Id<struct RoleTag>;
using MessageId = Id<struct MessageTag>;
using ApplicationId = Id<struct ApplicationTag>;
using InteractionId = Id<struct InteractionTag>;
using CommandId = Id<struct CommandTag>;

template <class Tag>
std::string to_string(Id<Tag> id) {
    return std::to_string(id.value());
}

/// Decimal digits only, no sign, no space, fits 64 bits; anything else is nothing. Zero is accepted.
template <class IdType>
std::optional<IdType> parse_id(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return IdType{value};
}

}  // namespace bandstand::base

template <class Tag>
struct std::hash<bandstand::base::Id<Tag>> {
    std::size_t operator()(bandstand::base::Id<Tag> id) const noexcept {
        return std::hash<std::uint64_t>{}(id.value());
    }
};
