#pragma once

#include <atomic>

#include "base/clock.hpp"
#include "rpc/server.hpp"
#include "runtime/context.hpp"

namespace bandstand::rpc {

/// What a server's services share. gRPC's threads see it at the start of a call, hence the atomics.
struct Server::Calls {
    runtime::Context context;
    base::Duration max_call_time;
    int max_calls;
    std::atomic<bool> serving = false;
    std::atomic<int> running = 0;
};

}  // namespace bandstand::rpc
