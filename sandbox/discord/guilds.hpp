#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "sandbox/discord/api_error.hpp"
#include "sandbox/discord/gateway.hpp"
#include "sandbox/discord/voice_rooms.hpp"
#include "sandbox/discord/world.hpp"

namespace bandstand::sandbox {

/// Changes to guilds, channels, members, roles and commands, with the events that bots hear of them.
class Guilds {
public:
    Guilds(World& world, Gateway& gateway, VoiceRooms& rooms, const base::Clock& clock);

    /// With channels "general" and "Stage" and the default members; every bot is invited.
    Guild& create(std::string name);
    /// GUILD_CREATE: the bot was invited.
    void invite(Guild& guild, const Bot& bot);
    /// GUILD_DELETE without `unavailable`: it was removed.
    void remove_bot(Guild& guild, const Bot& bot);
    /// GUILD_DELETE with `unavailable`, or GUILD_CREATE again.
    void set_available(Guild& guild, bool available);
    Channel& add_channel(Guild& guild, ChannelType type, std::string name, int user_limit);
    void channel_changed(Guild& guild, Channel& channel);
    void remove_channel(Guild& guild, ChannelId channel);
    const Member& add_member(Guild& guild, std::string name);
    /// After roles, mute, deaf, nick or a time-out changed: GUILD_MEMBER_UPDATE, and the voice state follows.
    void member_changed(Guild& guild, UserId user);

    /// PUT and DELETE of a member's role, with the rules of role order (discord-rest section 3).
    ApiResult<void> set_role(const Bot& bot, Guild& guild, UserId user, RoleId role, bool has);
    /// PATCH /guilds/{g}/members/{u}: channel_id, mute, deaf, nick, roles.
    ApiResult<const Member*> modify_member(const Bot& bot, Guild& guild, UserId user, const Json& body);

    /// Bulk overwrite of one scope (`guild` none = global): a name that stays keeps its id.
    ApiResult<Json> overwrite_commands(const Bot& bot, GuildId guild, const Json& list);
    /// POST: creates, or replaces the one of that name. `created` says which.
    ApiResult<Json> put_command(const Bot& bot, GuildId guild, const Json& definition, bool& created);
    Json commands(const Bot& bot, GuildId guild) const;
    ApiResult<void> remove_command(const Bot& bot, GuildId guild, CommandId id);
    /// What `user` sees in `guild` under this name: of the given bot, or of the first that is connected.
    const Command* find_command(const Guild& guild, std::string_view name, ApplicationId bot) const;

private:
    bool outranks(const Guild& guild, const Bot& bot, const Role& role) const;
    const Command& keep(const Bot& bot, GuildId guild, Json definition);

    World& world_;
    Gateway& gateway_;
    VoiceRooms& rooms_;
    const base::Clock& clock_;
};

}  // namespace bandstand::sandbox
