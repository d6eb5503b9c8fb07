#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.hpp"
#include "discord/events.hpp"
#include "domain/guild_cache.hpp"

/// What Discord says about the bot's voice connection, as its player must hear it.
namespace bandstand::gateway::domain {

struct OwnVoiceState {
    base::ChannelId channel;  ///< none = not in a channel
    std::string session_id;
    bool muted_by_server = false;
    bool suppressed = false;
};
struct VoiceServer {
    std::string token;
    std::string endpoint;  ///< empty: being reallocated
};
struct Occupancy {
    base::ChannelId channel;
    std::uint32_t listeners = 0;
};
struct GuildUnavailable {
    bool removed = false;
};
using Signal = std::variant<OwnVoiceState, VoiceServer, Occupancy, GuildUnavailable>;

struct AddressedSignal {
    base::GuildId guild;
    base::UserId bot;
    Signal signal;
};

/// What a change of a voice state means for the player of this bot. `before` is the state that it replaces;
/// `cache` holds the new one already.
std::vector<Signal> signals_of(const discord::VoiceState& now,
                               const std::optional<discord::VoiceState>& before, const GuildCache& cache);

/// What to tell a player about a guild that has just become available: where the bot is, and with whom.
std::vector<Signal> signals_of_arrival(base::GuildId guild, const GuildCache& cache);

}  // namespace bandstand::gateway::domain
