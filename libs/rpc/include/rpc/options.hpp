#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace bandstand::rpc {

constexpr base::Reason kListenFailed{"rpc.listen_failed"};
constexpr base::Reason kNotServing{"rpc.not_serving"};
constexpr base::Reason kTooManyCalls{"rpc.too_many_calls"};
constexpr base::Reason kHandlerThrew{"rpc.handler_threw"};

constexpr std::size_t kMaxMessageBytes = std::size_t{1024} * 1024;

struct ServerOptions {
    std::string address;  ///< host:port; port 0 takes a free one
    std::size_t max_message_bytes = kMaxMessageBytes;
    int max_calls = 1024;  ///< at once; more are refused with kTooManyCalls
    /// A call without a deadline, or with a later one, ends after this.
    base::Duration max_call_time = std::chrono::seconds{30};
    /// How long a stop waits for calls in progress before it cancels them.
    base::Duration drain_time = std::chrono::seconds{5};
};

struct ChannelOptions {
    std::size_t max_message_bytes = kMaxMessageBytes;
};

/// What every call says beside its request.
struct CallOptions {
    base::Duration limit =
        std::chrono::seconds{5};  ///< from now to the answer; travels to the server as a deadline
    std::string traceparent{};    ///< of the span that calls; empty = not traced
    bool wait_for_ready =
        false;  ///< wait for an absent server until the limit, instead of failing with unavailable
};

/// What a handler may know about its call.
struct CallContext {
    base::Instant deadline;     ///< the handler is cancelled then
    std::string traceparent{};  ///< of the span that this server opened for the call; the caller's when it
                                ///< traces nothing
};

}  // namespace bandstand::rpc
