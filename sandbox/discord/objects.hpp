#pragma once

#include "sandbox/discord/world.hpp"

/// The world's values as Discord's JSON objects, with every field that discord.js and discord.py read.
namespace bandstand::sandbox {

Json user_object(const User& user);
Json role_object(const Role& role);
Json channel_object(const Channel& channel, const World& world);
/// With `user`, as everywhere but in MESSAGE_CREATE.
Json member_object(const World& world, const Guild& guild, const Member& member);
/// `guild_id` and `member` are left out in GUILD_CREATE.
Json voice_state_object(const World& world, const Guild& guild, const VoiceState& state, bool with_member);
/// As a bot that is a member reads it: by REST, and the part that GUILD_CREATE and GUILD_UPDATE share.
Json guild_object(const Guild& guild);
/// The whole of GUILD_CREATE for `bot`. Without the GUILD_PRESENCES intent (`all_members` false) `members`
/// are the bot itself and the people in voice.
Json guild_create_object(const World& world, const Guild& guild, UserId bot, bool all_members);
Json message_object(const World& world, const Message& message);
/// As MESSAGE_CREATE and MESSAGE_UPDATE carry it: with guild_id and a member without `user`.
Json message_event(const World& world, const Message& message);
Json application_object(const World& world, const Bot& bot);

}  // namespace bandstand::sandbox
