#include "http/websocket.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_to_string.hpp>

#include "http/client.hpp"
#include "runtime/deadline.hpp"
#include "websocket_state.hpp"

namespace bandstand::http {
namespace {

using base::ErrorKind;
using boost::system::error_code;
namespace websocket = boost::beast::websocket;

constexpr auto kCloseTimeout = std::chrono::seconds{2};

runtime::Task<base::Result<void>> upgrade(WsStream& stream, Url url, Headers headers) {
    stream.set_option(websocket::stream_base::decorator([headers](websocket::request_type& request) {
        for (const auto& [name, value] : headers) request.set(name, value);
    }));
    error_code error;
    websocket::response_type answer;
    co_await stream.async_handshake(answer, url.authority(), url.target,
                                    asio::redirect_error(asio::use_awaitable, error));
    if (error) {
        co_await pass_on_stop();
        co_return base::fail(ErrorKind::unavailable, kUnreachable, "WebSocket with", url.authority(),
                             error.message(), "HTTP status", static_cast<unsigned>(answer.result_int()));
    }
    co_return base::ok();
}

}  // namespace

void configure(WsStream& stream, std::size_t max_message_bytes) {
    stream.read_message_max(max_message_bytes);
    stream.auto_fragment(false);
    stream.set_option(websocket::stream_base::timeout{.handshake_timeout = std::chrono::seconds{10},
                                                      .idle_timeout = websocket::stream_base::none(),
                                                      .keep_alive_pings = false});
}

void WebSocket::State::write_next() {
    if (writing || dropped) return;
    if (queue.empty()) {
        if (!close_wanted || closed) return;
        writing = true;
        const websocket::close_reason reason{static_cast<websocket::close_code>(close_wanted->code),
                                             close_wanted->reason};
        stream.async_close(reason, [self = shared_from_this()](const error_code&) {
            self->writing = false;
            if (!self->closed) self->closed = self->close_wanted;
            self->changed.cancel();
        });
        return;
    }
    writing = true;
    const auto& message = queue.front();
    stream.binary(message.binary);
    stream.async_write(asio::buffer(message.data),
                       [self = shared_from_this()](const error_code& error, std::size_t) {
                           self->writing = false;
                           self->queued_bytes -= self->queue.front().data.size();
                           self->queue.pop_front();
                           if (error) {
                               if (!self->closed) self->closed = WsClosed{0, error.message()};
                               self->drop();
                               return;
                           }
                           self->write_next();
                       });
}

void WebSocket::State::drop() {
    dropped = true;
    stream.next_layer().close();
    changed.cancel();
}

runtime::Task<base::Result<std::unique_ptr<WebSocket>>> WebSocket::connect(runtime::Context,
                                                                           WsOptions options) {
    auto url = Url::parse(options.url);
    if (!url) co_return std::unexpected(std::move(url).error());
    std::shared_ptr<asio::ssl::context> tls;
    if (url->secure()) {
        auto made = make_client_tls(options.ca_file);
        if (!made) co_return std::unexpected(std::move(made).error());
        tls = *made;
    }
    auto connected = co_await connect_stream(*url, options.addresses, tls, options.connect_timeout);
    if (!connected) co_return std::unexpected(std::move(connected).error());
    WsStream stream{std::move(*connected)};
    configure(stream, options.max_message_bytes);
    auto upgraded = co_await runtime::within(options.connect_timeout, upgrade(stream, *url, options.headers));
    if (!upgraded) {
        if (upgraded.error().reason() == runtime::kDeadlineExceeded) {
            co_return base::fail(ErrorKind::deadline_exceeded, kTimedOut, "WebSocket upgrade with",
                                 url->authority());
        }
        co_return std::unexpected(std::move(upgraded).error());
    }
    auto state = std::make_shared<State>(std::move(stream), options.max_queued_bytes, tls);
    co_return std::make_unique<WebSocket>(std::move(state));
}

WebSocket::WebSocket(std::shared_ptr<State> state) : state_{std::move(state)} {}

WebSocket::~WebSocket() {
    if (!state_->dropped) state_->drop();
}

runtime::Task<base::Result<std::variant<WsMessage, WsClosed>>> WebSocket::receive() {
    const auto state = state_;
    if (state->closed) co_return *state->closed;
    error_code error;
    co_await state->stream.async_read(state->incoming, asio::redirect_error(asio::use_awaitable, error));
    if (!error) {
        WsMessage message{.binary = state->stream.got_binary(),
                          .data = boost::beast::buffers_to_string(state->incoming.data())};
        state->incoming.consume(state->incoming.size());
        co_return message;
    }
    if (!state->closed) {
        if (error == websocket::error::closed) {
            const auto& reason = state->stream.reason();
            state->closed = WsClosed{reason.code, std::string{reason.reason.data(), reason.reason.size()}};
        } else if (error == websocket::error::message_too_big) {
            state->closed = WsClosed{1009, "message too big"};
        } else {
            co_await pass_on_stop();
            state->closed = WsClosed{0, error.message()};
        }
    }
    co_return *state->closed;
}

base::Result<void> WebSocket::send(WsMessage message) {
    auto& state = *state_;
    if (state.closed || state.close_wanted || state.dropped)
        return base::fail(ErrorKind::failed_precondition, kNotOpen);
    if (state.queued_bytes + message.data.size() > state.max_queued_bytes) {
        return base::fail(ErrorKind::resource_exhausted, kSendQueueFull, state.queued_bytes,
                          "bytes wait already");
    }
    state.queued_bytes += message.data.size();
    state.queue.push_back(std::move(message));
    state.write_next();
    return base::ok();
}

runtime::Task<void> WebSocket::close(std::uint16_t code, std::string reason) {
    const auto state = state_;
    if (!state->closed && !state->close_wanted && !state->dropped) {
        reason.resize(std::min<std::size_t>(reason.size(), 123));  // RFC 6455 §5.5: 125 bytes with the code
        state->close_wanted = WsClosed{code, std::move(reason)};
        state->write_next();
        const auto deadline = std::chrono::steady_clock::now() + kCloseTimeout;
        while (!state->closed && !state->dropped && std::chrono::steady_clock::now() < deadline) {
            error_code ignored;
            state->changed.expires_at(deadline);
            co_await state->changed.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
    }
    if (!state->dropped) state->drop();
}

std::size_t WebSocket::queued_bytes() const {
    return state_->queued_bytes;
}

}  // namespace bandstand::http
