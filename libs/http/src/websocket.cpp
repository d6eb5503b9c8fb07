#include "http/websocket.hpp"

#include <algorithm>
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
constexpr std::size_t kMaxKeptBuffer = 256 * 1024;
constexpr std::size_t kMaxReasonBytes = 123;  // RFC 6455 §5.5: 125 bytes with the code

// What a queued message counts for: its bytes and its place in the queue, so that empty ones are bounded too.
std::size_t weight(const WsMessage& message) {
    return message.data.size() + sizeof(WsMessage);
}

base::Result<Url> check(const WsOptions& options) {
    auto url = Url::parse(options.url);
    if (url && url->scheme != "ws" && url->scheme != "wss") {
        return base::fail(ErrorKind::invalid_argument, kBadUrl, "a WebSocket needs ws or wss");
    }
    if (url && !options.headers.valid()) {
        return base::fail(ErrorKind::invalid_argument, kBadRequest, "a header field is malformed");
    }
    return url;
}

runtime::Task<base::Result<std::unique_ptr<WsStream>>> establish(Url url, WsOptions options) {
    std::shared_ptr<asio::ssl::context> tls;
    if (url.secure()) {
        auto made = make_client_tls(options.ca_file);
        if (!made) co_return std::unexpected(std::move(made).error());
        tls = *std::move(made);
    }
    auto connected = co_await connect_stream(url, options.addresses, tls, options.connect_timeout);
    if (!connected) co_return std::unexpected(std::move(connected).error());
    auto stream = std::make_unique<WsStream>(*std::move(connected));
    configure(*stream, options.max_message_bytes);
    stream->set_option(websocket::stream_base::decorator([&options](websocket::request_type& request) {
        for (const auto& [name, value] : options.headers) request.set(name, value);
    }));
    error_code error;
    websocket::response_type answer;
    co_await stream->async_handshake(answer, url.authority(), url.target,
                                     asio::redirect_error(asio::use_awaitable, error));
    if (error) {
        co_await pass_on_stop();
        co_return base::fail(ErrorKind::unavailable, kUnreachable, "WebSocket with", url.authority(),
                             error.message(), "HTTP status", answer.result_int());
    }
    co_return stream;
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
    if (!queue.empty()) {
        write_front();
    } else if (close_wanted && !closed) {
        write_close();
    }
}

void WebSocket::State::write_front() {
    writing = true;
    stream.binary(queue.front().binary);
    stream.async_write(asio::buffer(queue.front().data),
                       [self = shared_from_this()](const error_code& error, std::size_t) {
                           self->writing = false;
                           self->queued_bytes -= weight(self->queue.front());
                           self->queue.pop_front();
                           if (!error) return self->write_next();
                           if (!self->closed) self->closed = WsClosed{0, error.message()};
                           self->drop();
                       });
}

void WebSocket::State::write_close() {
    writing = true;
    const websocket::close_reason reason{static_cast<websocket::close_code>(close_wanted->code),
                                         close_wanted->reason};
    stream.async_close(reason, [self = shared_from_this()](const error_code&) {
        self->writing = false;
        if (!self->closed) self->closed = self->close_wanted;
        self->changed.cancel();
    });
}

void WebSocket::State::drop() {
    dropped = true;
    stream.next_layer().close();
    changed.cancel();
}

runtime::Task<base::Result<std::unique_ptr<WebSocket>>> WebSocket::connect(runtime::Context,
                                                                           WsOptions options) {
    auto url = check(options);
    if (!url) co_return std::unexpected(std::move(url).error());
    auto stream = co_await runtime::within(options.connect_timeout, establish(*url, options));
    if (!stream && stream.error().reason() == runtime::kDeadlineExceeded) {
        co_return base::fail(ErrorKind::deadline_exceeded, kTimedOut, "WebSocket with", url->authority());
    }
    if (!stream) co_return std::unexpected(std::move(stream).error());
    auto state = std::make_shared<State>(std::move(**stream), options.max_queued_bytes);
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
    if (!error) co_return state->take_message();
    co_await pass_on_stop();
    if (!state->closed) state->closed = state->how_it_ended(error);
    co_return *state->closed;
}

WsMessage WebSocket::State::take_message() {
    WsMessage message{.binary = stream.got_binary(),
                      .data = boost::beast::buffers_to_string(incoming.data())};
    incoming.consume(incoming.size());
    if (incoming.capacity() > kMaxKeptBuffer) incoming.shrink_to_fit();
    return message;
}

WsClosed WebSocket::State::how_it_ended(const error_code& error) const {
    if (error == websocket::error::closed) {
        const auto& reason = stream.reason();
        return {reason.code, std::string{reason.reason.data(), reason.reason.size()}};
    }
    if (error == websocket::error::message_too_big) return {1009, "message too big"};
    if (close_wanted) return *close_wanted;
    return {0, error.message()};
}

base::Result<void> WebSocket::send(WsMessage message) {
    auto& state = *state_;
    if (state.closed || state.close_wanted || state.dropped) {
        return base::fail(ErrorKind::failed_precondition, kNotOpen);
    }
    if (state.queued_bytes + weight(message) > state.max_queued_bytes) {
        return base::fail(ErrorKind::resource_exhausted, kSendQueueFull, state.queued_bytes,
                          "bytes wait already");
    }
    state.queued_bytes += weight(message);
    state.queue.push_back(std::move(message));
    state.write_next();
    return base::ok();
}

runtime::Task<void> WebSocket::close(std::uint16_t code, std::string reason) {
    const auto state = state_;
    if (!state->closed && !state->close_wanted && !state->dropped) {
        reason.resize(std::min(reason.size(), kMaxReasonBytes));
        state->close_wanted = WsClosed{code, std::move(reason)};
        state->write_next();
    }
    const auto deadline = std::chrono::steady_clock::now() + kCloseTimeout;
    state->changed.expires_at(deadline);
    while (!state->closed && !state->dropped && std::chrono::steady_clock::now() < deadline) {
        error_code ignored;
        co_await state->changed.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    if (!state->dropped) state->drop();
}

std::size_t WebSocket::queued_bytes() const {
    return state_->queued_bytes;
}

}  // namespace bandstand::http
