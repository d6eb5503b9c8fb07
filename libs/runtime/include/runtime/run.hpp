#pragma once

#include <functional>
#include <string>

#include "base/result.hpp"
#include "runtime/context.hpp"
#include "runtime/task.hpp"

namespace bandstand::runtime {

using Serve = std::function<Task<base::Result<void>>(Context)>;

/// The whole of a service's main(): reads the environment, starts the observer, runs `serve` on the loop.
///
/// The first SIGTERM or SIGINT requests a stop; a second one ends the process at once with status 130.
/// Returns 0 after a clean stop, 1 (with the error logged) when `serve` fails.
int run(std::string service, Serve serve);

}  // namespace bandstand::runtime
