#pragma once

#include <functional>
#include <string>

#include "base/result.hpp"
#include "runtime/context.hpp"

namespace bandstand::gateway {

/// Asks, every two seconds, whether something that the service needs is there, and tells /readyz.
class HealthProbe {
public:
    using Ask = std::function<runtime::Task<base::Result<void>>()>;
    HealthProbe(runtime::Context context, std::string part, Ask ask);

    runtime::Task<base::Result<void>> run();

private:
    runtime::Context context_;
    std::string part_;
    Ask ask_;
    std::string why_not_ = "not asked yet";
};

}  // namespace bandstand::gateway
