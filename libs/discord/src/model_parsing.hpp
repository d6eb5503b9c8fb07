#pragma once

#include <optional>
#include <string_view>

#include "discord/models.hpp"
#include "json_view.hpp"

/// From JSON to models. A value whose own id is missing is nothing.
namespace bandstand::discord {

std::optional<User> parse_user(JsonView json);
/// `user` may be missing in the object (Discord leaves it out where it is known from around it).
Member parse_member(JsonView json);
std::optional<Role> parse_role(JsonView json);
std::optional<Channel> parse_channel(JsonView json, GuildId guild);
std::optional<VoiceState> parse_voice_state(JsonView json, GuildId guild);
std::optional<Guild> parse_guild(JsonView json);
std::optional<Interaction> parse_interaction(JsonView json);

/// ISO 8601 with offset, as Discord sends: "2026-11-21T10:00:00.123000+00:00".
std::optional<base::WallTime> parse_timestamp(std::string_view text);

}  // namespace bandstand::discord
