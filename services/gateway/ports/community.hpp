#pragma once

#include <cstdint>
#include <string>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"

namespace bandstand::gateway::ports {

/// Tells the other services that the bot joined or left a guild.
class Community {
public:
    virtual ~Community() = default;
    virtual runtime::Task<base::Result<void>> joined(base::GuildId guild, base::UserId bot, std::string name,
                                                     base::UserId owner, std::uint32_t members) = 0;
    virtual runtime::Task<base::Result<void>> left(base::GuildId guild, base::UserId bot) = 0;
};

}  // namespace bandstand::gateway::ports
