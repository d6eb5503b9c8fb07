#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "any_stream.hpp"
#include "http/websocket.hpp"

namespace bandstand::http {

using WsStream = boost::beast::websocket::stream<AnyStream, false>;

/// What a WebSocket and its running writes share. Writes are chained by call-back, one at a time.
struct WebSocket::State : std::enable_shared_from_this<WebSocket::State> {
    State(WsStream opened, std::size_t max_queued)
        : stream{std::move(opened)},
          changed{stream.get_executor(), asio::steady_timer::time_point::max()},
          max_queued_bytes{max_queued} {}

    void write_next();
    void write_front();
    void write_close();
    void drop();
    WsMessage take_message();
    WsClosed how_it_ended(const boost::system::error_code& error) const;

    WsStream stream;
    asio::steady_timer changed;  // cancelled when the close handshake is over
    boost::beast::flat_buffer incoming;
    std::deque<WsMessage> queue;
    std::size_t max_queued_bytes;
    std::size_t queued_bytes = 0;
    std::optional<WsClosed> close_wanted;
    std::optional<WsClosed> closed;
    bool writing = false;
    bool dropped = false;
};

/// Ping and pong, limits and time-outs that both sides share.
void configure(WsStream& stream, std::size_t max_message_bytes);

}  // namespace bandstand::http
