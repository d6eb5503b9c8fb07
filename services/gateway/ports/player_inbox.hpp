#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/player_request.hpp"
#include "domain/signals.hpp"
#include "runtime/task.hpp"

namespace bandstand::gateway::ports {

/// The way to the players of all guilds: durable, in order per guild.
class PlayerInbox {
public:
    virtual ~PlayerInbox() = default;
    /// The interaction's id makes it idempotent. Errors: of kind unavailable when the bus is away.
    virtual runtime::Task<base::Result<void>> send(domain::PlayerCommand command,
                                                   std::string traceparent) = 0;
    /// In this order.
    virtual runtime::Task<base::Result<void>> send(std::vector<domain::AddressedSignal> signals) = 0;
};

}  // namespace bandstand::gateway::ports
