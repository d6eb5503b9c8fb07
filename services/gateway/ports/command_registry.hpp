#pragma once

#include <optional>
#include <string>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"

namespace bandstand::gateway::ports {

/// Remembers what was registered, so that a start of many processes does not register again.
class CommandRegistry {
public:
    virtual ~CommandRegistry() = default;
    virtual runtime::Task<base::Result<std::optional<std::string>>> fingerprint(
        base::ApplicationId application) = 0;
    virtual runtime::Task<base::Result<void>> remember(base::ApplicationId application,
                                                       std::string fingerprint) = 0;
};

}  // namespace bandstand::gateway::ports
