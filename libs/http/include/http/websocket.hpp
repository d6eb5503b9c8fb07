#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "http/address_policy.hpp"
#include "http/headers.hpp"
#include "runtime/context.hpp"
#include "runtime/task.hpp"

namespace bandstand::http {

constexpr base::Reason kSendQueueFull{"http.send_queue_full"};
constexpr base::Reason kNotOpen{"http.websocket_not_open"};

struct WsMessage {
    bool binary = false;
    std::string data;
};

struct WsClosed {
    std::uint16_t code = 0;  ///< 0: no close frame, the connection was lost
    std::string reason;
};

struct WsOptions {
    std::string url;  ///< ws:// or wss://
    Headers headers{};
    std::string ca_file{};                                      ///< PEM, trusted besides the system's roots
    base::Duration connect_timeout = std::chrono::seconds{10};  ///< TCP, TLS and upgrade together
    std::size_t max_message_bytes = 16 * 1024 * 1024;
    std::size_t max_queued_bytes = 4 * 1024 * 1024;  ///< of messages not yet written
    AddressPolicy addresses = AddressPolicy::any();
};

/// One WebSocket (RFC 6455), either side. Answers pings by itself. Loop thread only.
class WebSocket {
public:
    static runtime::Task<base::Result<std::unique_ptr<WebSocket>>> connect(runtime::Context context,
                                                                           WsOptions options);

    struct State;
    explicit WebSocket(std::shared_ptr<State> state);
    ~WebSocket();  ///< drops the connection without a close frame, unless close() came before
    WebSocket(const WebSocket&) = delete;
    WebSocket& operator=(const WebSocket&) = delete;

    /// The next message, or how it ended. After WsClosed it answers WsClosed again. One caller at a time. A
    /// receive that is cancelled (a stop, a deadline) loses the connection.
    runtime::Task<base::Result<std::variant<WsMessage, WsClosed>>> receive();
    /// Queues; messages leave in order. Errors: kSendQueueFull, kNotOpen.
    base::Result<void> send(WsMessage message);
    /// Sends what is queued and a close frame, waits up to 2 s for the peer's, then drops the connection.
    runtime::Task<void> close(std::uint16_t code, std::string reason);
    /// Bytes queued and not yet written.
    std::size_t queued_bytes() const;

private:
    std::shared_ptr<State> state_;
};

}  // namespace bandstand::http
