#pragma once

#include <string>

#include "app/interaction_metrics.hpp"
#include "domain/guild_cache.hpp"
#include "domain/interaction_reading.hpp"
#include "observe/trace.hpp"
#include "ports/discord_actions.hpp"
#include "ports/library_search.hpp"
#include "ports/player_inbox.hpp"
#include "runtime/context.hpp"
#include "runtime/task_group.hpp"

namespace bandstand::gateway {

/// Answers the interactions of one bot identity: decides from memory, acknowledges at once, and only then
/// passes the request on to the player. Loop thread only.
class InteractionDesk {
public:
    struct Parts {
        runtime::Context context;
        runtime::TaskGroup& tasks;  ///< owns what is under way
        const domain::GuildCache& cache;
        ports::DiscordActions& discord;
        ports::PlayerInbox& inbox;
        ports::LibrarySearch& search;
        const InteractionMetrics& metrics;
    };
    explicit InteractionDesk(Parts parts) : parts_{parts} {}

    /// `received_at` is when the event was complete: the three seconds count from there.
    void on_interaction(discord::Interaction interaction, base::Instant received_at);

private:
    struct Visit {
        discord::Interaction interaction;
        base::Instant received_at;
        base::WallTime received_wall;
        observe::Span span;
    };
    runtime::Task<base::Result<void>> serve(Visit visit);
    runtime::Task<void> ask_player(Visit& visit, domain::AskedPlayer asked);
    runtime::Task<void> suggest(Visit& visit, std::string typed);
    runtime::Task<void> refuse(Visit& visit, domain::Refusal refusal);
    runtime::Task<base::Result<void>> publish(Visit& visit, domain::PlayerCommand command);
    /// Sends the first answer; false (and logged) when Discord did not take it.
    runtime::Task<bool> answer(Visit& visit, discord::Callback callback);
    domain::PlayerCommand command_of(const Visit& visit, domain::AskedPlayer asked) const;
    base::Instant now() const { return parts_.context.clock().now(); }

    Parts parts_;
    std::size_t under_way_ = 0;
};

}  // namespace bandstand::gateway
