#pragma once

#include <string>

#include "base/result.hpp"
#include "domain/track.hpp"
#include "runtime/task.hpp"

namespace bandstand::audio::ports {

/// The process that holds the guild's Discord session.
class Gateway {
public:
    virtual ~Gateway() = default;
    /// Ends when the wish was sent to Discord. Errors: the gateway's own reasons, with a detail that a member
    /// may read.
    virtual runtime::Task<base::Result<void>> join(domain::PlayerKey player, base::ChannelId channel,
                                                   std::string traceparent) = 0;
    virtual runtime::Task<base::Result<void>> leave(domain::PlayerKey player) = 0;
};

}  // namespace bandstand::audio::ports
