#pragma once

#include <optional>
#include <variant>

#include "base/clock.hpp"
#include "domain/guild_cache.hpp"
#include "domain/player_request.hpp"

namespace bandstand::gateway::domain {

/// Why the bot cannot come to a voice channel, or nothing.
std::optional<Refusal> why_not_join(const GuildCache& cache, base::GuildId guild, base::ChannelId channel,
                                    base::WallTime now);

/// The checks before a request goes to the player, in the order in which people expect them: a server, one
/// that Discord has told us about, a voice channel, the bot's one, one where the bot may go. Or nothing.
std::optional<Refusal> why_not(const GuildCache& cache, base::GuildId guild, base::UserId user,
                               const PlayerRequest& request, base::WallTime now);

}  // namespace bandstand::gateway::domain
