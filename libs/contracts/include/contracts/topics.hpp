#pragma once

#include <span>
#include <string>

#include "base/ids.hpp"

namespace bandstand::contracts {

/// One stream of the bus: `<domain>.<stream>.v<major>`, one message type, keyed by what must stay in order.
struct TopicSpec {
    std::string name;
    int partitions = 1;
    bool compacted = false;  ///< only the newest message of a key is kept for ever

    friend bool operator==(const TopicSpec&, const TopicSpec&) = default;
};

/// events.player.v1.PlayerInbox, keyed by guild_id: commands of people and Discord's voice signalling.
inline const TopicSpec kPlayerInbox{.name = "player.inbox.v1", .partitions = 16, .compacted = false};
/// events.player.v1.PlaybackEvent, keyed by guild_id: what happened in a player.
inline const TopicSpec kPlayerPlayback{.name = "player.playback.v1", .partitions = 16, .compacted = false};
/// events.community.v1.GuildEvent, keyed by guild_id: the bot joined or left a guild.
inline const TopicSpec kCommunityGuild{.name = "community.guild.v1", .partitions = 16, .compacted = false};

/// Every topic there is; who needs a topic to exist creates it from here.
std::span<const TopicSpec> all_topics();
/// The key of messages about one guild: its snowflake in decimal digits.
std::string guild_key(base::GuildId guild);

}  // namespace bandstand::contracts
