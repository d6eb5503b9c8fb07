#include "http/server.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <nlohmann/json.hpp>

#include "router.hpp"
#include "runtime/deadline.hpp"
#include "runtime/task_group.hpp"
#include "websocket_state.hpp"

namespace bandstand::http {
namespace {

using base::ErrorKind;
using boost::system::error_code;
namespace beast_http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using Tcp = asio::ip::tcp;
using Parser = beast_http::request_parser<beast_http::string_body>;
using BeastRequest = Parser::value_type;
using BeastResponse = beast_http::response<beast_http::string_body>;

ServerResponse refusal(int status, std::string_view message) {
    return ServerResponse::json(status, nlohmann::json{{"message", message}, {"code", 0}}.dump());
}

// What a failed read of a request means to its sender; nothing when there is nobody to answer.
std::optional<ServerResponse> refusal_of(const error_code& error, bool begun) {
    if (error == beast_http::error::body_limit)
        return refusal(413, "413: the body is larger than is taken here");
    if (error == beast_http::error::header_limit) {
        return refusal(431, "431: the headers are larger than is taken here");
    }
    if (error == asio::error::timed_out && begun)
        return refusal(408, "408: the request did not arrive in time");
    const bool ended =
        error == beast_http::error::end_of_stream || error == beast_http::error::partial_message;
    const bool malformed = error.category() == make_error_code(beast_http::error::bad_method).category();
    if (malformed && !ended) return refusal(400, "400: not an HTTP request");
    return std::nullopt;
}

ServerRequest to_request(const BeastRequest& from, std::string peer) {
    auto request = parse_target(std::string{from.method_string()}, std::string{from.target()});
    for (const auto& field : from) {
        request.headers.add(std::string{field.name_string()}, std::string{field.value()});
    }
    request.body = from.body();
    request.peer = std::move(peer);
    return request;
}

BeastResponse to_beast(ServerResponse response, bool keep_alive, bool is_head) {
    BeastResponse out{static_cast<beast_http::status>(response.status), 11};
    for (const auto& [name, value] : response.headers) out.insert(name, value);
    if (response.status != 204 && response.status != 304) out.body() = std::move(response.body);
    out.keep_alive(keep_alive);
    out.prepare_payload();
    if (is_head) out.body().clear();  // the length of what a GET would get stays
    return out;
}

// Runs one operation for at most `limit`; too late is asio's timed_out.
template <class Operation>
runtime::Task<error_code> timed(base::Duration limit, Operation operation) {
    const auto attempt = [](Operation inner) -> runtime::Task<base::Result<error_code>> {
        error_code error;
        co_await inner(asio::redirect_error(asio::use_awaitable, error));
        if (error) co_await pass_on_stop();
        co_return error;
    };
    auto outcome = co_await runtime::within(limit, attempt(std::move(operation)));
    co_return outcome ? *outcome : error_code{asio::error::timed_out};
}

}  // namespace

ServerResponse ServerResponse::json(int status, std::string body) {
    return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = std::move(body)};
}

ServerResponse ServerResponse::text(int status, std::string body) {
    return {.status = status,
            .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
            .body = std::move(body)};
}

struct Server::State {
    State(runtime::Context process, ServerOptions chosen)
        : context{std::move(process)},
          options{std::move(chosen)},
          acceptor{context.loop()},
          changed{context.loop(), asio::steady_timer::time_point::max()} {}

    runtime::Task<void> until_stopped();
    runtime::Task<void> drain();
    runtime::Task<base::Result<void>> accept(runtime::TaskGroup& sessions);
    runtime::Task<base::Result<void>> session(Tcp::socket socket);
    runtime::Task<base::Result<void>> converse(AnyStream stream, std::string peer);
    runtime::Task<bool> exchange(AnyStream& stream, BeastRequest message, std::string peer);
    runtime::Task<ServerResponse> respond(ServerRequest request);
    runtime::Task<error_code> write(AnyStream& stream, BeastResponse response);
    runtime::Task<void> refuse(AnyStream& stream, ServerResponse response);
    runtime::Task<void> upgrade(AnyStream stream, BeastRequest message, std::string peer);
    void survive(const std::exception_ptr& thrown, const std::string& path) const;

    runtime::Context context;
    ServerOptions options;
    Router router;
    std::shared_ptr<asio::ssl::context> tls;
    Tcp::acceptor acceptor;
    asio::steady_timer changed;  // cancelled at a stop, and whenever a request was answered
    std::size_t busy = 0;        // requests that are being answered
};

Server::Server(runtime::Context context, ServerOptions options)
    : state_{std::make_shared<State>(std::move(context), std::move(options))} {}
Server::~Server() = default;

void Server::route(std::string method, std::string pattern, Handler handler) {
    state_->router.add(std::move(method), pattern, std::move(handler));
}

void Server::websocket(std::string pattern, WebSocketHandler handler) {
    state_->router.add_websocket(pattern, std::move(handler));
}

base::Result<void> Server::listen() {
    auto& state = *state_;
    const auto& options = state.options;
    error_code error;
    if (options.tls) {
        state.tls = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
        SSL_CTX_set_min_proto_version(state.tls->native_handle(), TLS1_2_VERSION);
        state.tls->use_certificate_chain_file(options.tls->certificate, error);
        if (!error) state.tls->use_private_key_file(options.tls->key, asio::ssl::context::pem, error);
        if (error) {
            return base::fail(ErrorKind::failed_precondition, kBadCertificate, options.tls->certificate,
                              error.message());
        }
    }
    const auto address = asio::ip::make_address(options.address, error);
    const Tcp::endpoint endpoint{address, options.port};
    if (!error) state.acceptor.open(endpoint.protocol(), error);
    if (!error) state.acceptor.set_option(Tcp::acceptor::reuse_address{true}, error);
    if (!error) state.acceptor.bind(endpoint, error);
    if (!error) state.acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
        return base::fail(ErrorKind::unavailable, kCannotListen, options.address, options.port,
                          error.message());
    }
    return base::ok();
}

std::uint16_t Server::port() const {
    error_code error;
    return state_->acceptor.local_endpoint(error).port();
}

runtime::Task<base::Result<void>> Server::serve() {
    const auto state = state_;
    if (!state->acceptor.is_open()) {
        if (auto bound = listen(); !bound) co_return bound;
    }
    runtime::TaskGroup sessions{state->context};
    sessions.spawn("accept", state->accept(sessions));
    co_await asio::this_coro::throw_if_cancelled(false);  // being stopped, we still have to drain and join
    co_await state->until_stopped();
    error_code ignored;
    state->acceptor.close(ignored);
    co_await state->drain();
    sessions.stop();
    auto outcome = co_await sessions.join();
    co_await asio::this_coro::throw_if_cancelled(true);
    co_return outcome;
}

runtime::Task<void> Server::State::until_stopped() {
    const auto told = context.on_stop([this] { changed.cancel(); });
    while (!context.stop_requested()) {
        error_code ignored;
        co_await changed.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        const auto own = co_await asio::this_coro::cancellation_state;
        if (own.cancelled() != asio::cancellation_type::none) break;
    }
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
}

runtime::Task<void> Server::State::drain() {
    const auto deadline = std::chrono::steady_clock::now() + options.drain_timeout;
    changed.expires_at(deadline);
    while (busy > 0 && std::chrono::steady_clock::now() < deadline) {
        error_code ignored;
        co_await changed.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

runtime::Task<base::Result<void>> Server::State::accept(runtime::TaskGroup& sessions) {
    while (true) {
        error_code error;
        Tcp::socket socket{context.loop()};
        co_await acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
        if (!acceptor.is_open()) co_return base::ok();
        if (error) {
            // Out of descriptors, or a connection that died in the queue: the listener itself is fine.
            co_await runtime::sleep_for(std::chrono::milliseconds{10});
            continue;
        }
        if (sessions.size() > options.max_connections) continue;  // closing it is the answer
        sessions.spawn("session", session(std::move(socket)));
    }
}

runtime::Task<base::Result<void>> Server::State::session(Tcp::socket socket) {
    error_code error;
    socket.set_option(Tcp::no_delay{true}, error);
    const auto remote = socket.remote_endpoint(error);
    if (error) co_return base::ok();
    AnyStream stream{std::move(socket)};
    if (tls) {
        auto& secure = stream.start_tls(*tls);
        error = co_await timed(options.request_timeout, [&secure](auto token) {
            return secure.async_handshake(asio::ssl::stream_base::server, token);
        });
        if (error) co_return base::ok();
    }
    co_return co_await converse(std::move(stream), remote.address().to_string());
}

// Requests of one connection, one after the other.
runtime::Task<base::Result<void>> Server::State::converse(AnyStream stream, std::string peer) {
    boost::beast::flat_buffer buffer;
    auto patience = options.request_timeout;
    while (true) {
        Parser parser;
        parser.header_limit(static_cast<std::uint32_t>(options.max_header_bytes));
        parser.body_limit(options.max_body_bytes);
        auto error = co_await timed(patience, [&](auto token) {
            return beast_http::async_read_header(stream, buffer, parser, token);
        });
        if (!error && websocket::is_upgrade(parser.get())) {
            co_await upgrade(std::move(stream), parser.release(), std::move(peer));
            co_return base::ok();
        }
        if (!error) {
            error = co_await timed(options.request_timeout, [&](auto token) {
                return beast_http::async_read(stream, buffer, parser, token);
            });
        }
        if (error) {
            auto refused = refusal_of(error, parser.got_some());
            if (refused) co_await refuse(stream, *std::move(refused));
            co_return base::ok();
        }
        if (!co_await exchange(stream, parser.release(), peer)) co_return base::ok();
        patience = options.idle_timeout;
    }
}

// True when the connection can be used again.
runtime::Task<bool> Server::State::exchange(AnyStream& stream, BeastRequest message, std::string peer) {
    struct Busy {
        explicit Busy(State& server) : state{server} { ++state.busy; }
        ~Busy() {
            --state.busy;
            state.changed.cancel();
        }
        State& state;
    } const busy_now{*this};
    const bool is_head = message.method() == beast_http::verb::head;
    auto response = co_await respond(to_request(message, std::move(peer)));
    const bool keep_alive = message.keep_alive() && acceptor.is_open();
    const auto error = co_await write(stream, to_beast(std::move(response), keep_alive, is_head));
    co_return keep_alive && !error;
}

runtime::Task<ServerResponse> Server::State::respond(ServerRequest request) {
    auto match = router.find(request.method == "HEAD" ? "GET" : request.method, request.target);
    if (!match) co_return refusal(404, "404: Not Found");
    if (match->handler == nullptr) co_return refusal(405, "405: Method Not Allowed");
    request.params = std::move(match->params);
    const auto path = request.path;
    try {
        auto response = co_await (*match->handler)(std::move(request));
        if (response.headers.valid()) co_return response;
        context.observer().log().error("http_header_malformed", {{"path", path}});
    } catch (...) {
        survive(std::current_exception(), path);
    }
    co_return refusal(500, "500: Internal Server Error");
}

// A handler that throws is a bug of that handler: its connection pays for it, and the server goes on.
void Server::State::survive(const std::exception_ptr& thrown, const std::string& path) const {
    try {
        std::rethrow_exception(thrown);
    } catch (const boost::system::system_error& error) {
        if (error.code() == asio::error::operation_aborted) throw;
        context.observer().log().error("http_handler_threw", {{"path", path}, {"what", error.what()}});
    } catch (const std::exception& error) {
        context.observer().log().error("http_handler_threw", {{"path", path}, {"what", error.what()}});
    }
}

runtime::Task<error_code> Server::State::write(AnyStream& stream, BeastResponse response) {
    co_return co_await timed(options.request_timeout,
                             [&](auto token) { return beast_http::async_write(stream, response, token); });
}

// Answers a request that was not read to its end.
runtime::Task<void> Server::State::refuse(AnyStream& stream, ServerResponse response) {
    const auto error = co_await write(stream, to_beast(std::move(response), false, false));
    if (!error) co_await linger(stream);
}

runtime::Task<void> Server::State::upgrade(AnyStream stream, BeastRequest message, std::string peer) {
    auto request = to_request(message, std::move(peer));
    const auto* handler = router.find_websocket(request.target, request.params);
    if (handler == nullptr) {
        co_await write(stream, to_beast(refusal(404, "404: Not Found"), false, false));
        co_return;
    }
    WsStream socket{std::move(stream)};
    configure(socket, options.max_message_bytes);
    const auto error = co_await timed(options.request_timeout,
                                      [&](auto token) { return socket.async_accept(message, token); });
    if (error) co_return;
    auto state = std::make_shared<WebSocket::State>(std::move(socket), options.max_queued_bytes);
    const auto path = request.path;
    try {
        co_await (*handler)(std::move(request), std::make_unique<WebSocket>(std::move(state)));
    } catch (...) {
        survive(std::current_exception(), path);
    }
}

}  // namespace bandstand::http
