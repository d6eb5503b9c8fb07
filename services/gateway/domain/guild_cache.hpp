#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/ids.hpp"
#include "discord/events.hpp"
#include "discord/models.hpp"
#include "discord/permissions.hpp"

namespace bandstand::gateway::domain {

/// What one bot identity knows of its guilds, kept current by the gateway's events: enough to answer every
/// check from memory. Bots and people in voice are the only members that it holds.
class GuildCache {
public:
    /// One guild: its channels and voice states by id.
    struct Entry {
        discord::Guild guild;  ///< channels, members and voice_states are empty: they are below
        std::unordered_map<base::ChannelId, discord::Channel> channels;
        std::unordered_map<base::UserId, discord::VoiceState> voice_states;
        discord::Member own_member;
        bool available = true;
    };

    /// What a GUILD_CREATE meant.
    enum class Arrival { known, joined };

    void on_ready(const discord::Ready& ready);
    Arrival on_guild_create(discord::Guild guild);
    void on_guild_update(const discord::Guild& guild);
    /// True if the bot was removed, false for an outage.
    bool on_guild_delete(const discord::GuildDelete& gone);
    void on_role(const discord::RoleChanged& changed);
    void on_role_deleted(const discord::RoleDeleted& deleted);
    void on_channel(discord::Channel channel);
    void on_channel_deleted(const discord::ChannelDeleted& deleted);
    void on_member(const discord::MemberChanged& changed);
    /// The state before, if there was one.
    std::optional<discord::VoiceState> on_voice_state(discord::VoiceState state);

    base::UserId self() const { return self_; }
    const Entry* find(base::GuildId guild) const;
    const discord::Channel* channel(base::GuildId guild, base::ChannelId channel) const;
    /// None when not in a voice channel, or not known.
    base::ChannelId voice_channel_of(base::GuildId guild, base::UserId user) const;
    /// People, not bots, in a channel.
    std::uint32_t listeners(base::GuildId guild, base::ChannelId channel) const;
    /// Everybody in a channel, as its user limit counts.
    std::uint32_t occupants(base::GuildId guild, base::ChannelId channel) const;
    /// What the bot may do in a channel; nothing when the channel is not known.
    std::optional<discord::Permissions> own_permissions(base::GuildId guild, base::ChannelId channel,
                                                        base::WallTime now) const;
    std::size_t size() const { return guilds_.size(); }

private:
    base::UserId self_;
    std::unordered_map<base::GuildId, Entry> guilds_;
    std::unordered_set<base::GuildId> expected_;  // listed by READY: their GUILD_CREATE is no join
};

}  // namespace bandstand::gateway::domain
