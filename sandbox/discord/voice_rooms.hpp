#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "sandbox/discord/api_error.hpp"
#include "sandbox/discord/gateway.hpp"
#include "sandbox/discord/voice_server.hpp"
#include "sandbox/discord/world.hpp"

namespace bandstand::sandbox {

/// Who is in which voice channel: turns wishes, moves, kicks and failures into voice states, the right events
/// for the bots and the right tickets and close codes for the voice server (discord-voice section 1).
class VoiceRooms {
public:
    VoiceRooms(World& world, Gateway& gateway, VoiceServer& server, const base::Clock& clock);

    /// What VOICE_SERVER_UPDATE announces: `localhost:PORT`.
    void set_endpoint(std::string endpoint) { endpoint_ = std::move(endpoint); }
    /// Ordinary voice channels refuse clients without DAVE (4017); stage channels never do.
    void require_dave(bool required) { dave_required_ = required; }
    bool dave_required() const { return dave_required_; }

    /// Op 4. A full channel, no CONNECT, no such channel: silence, as Discord does.
    void bot_wishes(const GatewaySession& session, GuildId guild, ChannelId channel, bool self_mute,
                    bool self_deaf);
    /// The session's voice connections end with 4014.
    void session_lost(const GatewaySession& session);

    /// A member joins: {session_id, token, endpoint, guild_id, channel_id, user_id} for a real voice
    /// connection. Errors: 50024 not a voice channel, 50013 no CONNECT or full.
    ApiResult<Json> member_joins(Guild& guild, UserId user, Channel& channel, bool self_mute, bool self_deaf);
    /// The user leaves, or is disconnected by a moderator: it looks the same. False: was in no channel.
    bool leave(Guild& guild, UserId user);
    /// A moderator moves somebody. Errors: 40032 not in voice.
    ApiResult<void> move(Guild& guild, UserId user, Channel& channel);
    /// After mute, deaf, roles or overwrites changed: announces the state and tells the voice server.
    void refresh(Guild& guild, UserId user);
    void empty_channel(Guild& guild, ChannelId channel);

    /// PATCH /guilds/{g}/voice-states/{who}. Errors: 10065, 50024, 50013, 50035.
    ApiResult<void> modify_state(Guild& guild, UserId actor, UserId target, const Json& body);

    /// The voice server of a channel goes away: endpoint null to its bots, 4022 to all of them.
    std::size_t lose_endpoint(Guild& guild, ChannelId channel);
    /// A new one was found: new tickets for those who are still there.
    std::size_t restore_endpoint(Guild& guild, ChannelId channel);

private:
    Permissions rights_in(const Guild& guild, const Channel& channel, UserId user) const;
    bool has_room(const Guild& guild, const Channel& channel, UserId user) const;
    void enter(Guild& guild, Channel& channel, VoiceState state);
    void issue_ticket(const Guild& guild, const VoiceState& state);
    void announce(const Guild& guild, const VoiceState& state);
    VoiceRights rights_of(const Guild& guild, const VoiceState& state) const;

    World& world_;
    Gateway& gateway_;
    VoiceServer& server_;
    const base::Clock& clock_;
    std::string endpoint_;
    bool dave_required_ = true;
};

}  // namespace bandstand::sandbox
