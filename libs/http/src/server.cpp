#include "http/server.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <nlohmann/json.hpp>

#include "http/client.hpp"
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
using BeastResponse = beast_http::response<beast_http::string_body>;

ServerResponse refusal(int status, std::string_view message) {
    return ServerResponse::json(status, nlohmann::json{{"message", message}, {"code", 0}}.dump());
}

ServerRequest to_request(const Parser::value_type& from, std::string peer) {
    auto request = parse_target(std::string{from.method_string()}, std::string{from.target()});
    for (const auto& field : from)
        request.headers.add(std::string{field.name_string()}, std::string{field.value()});
    request.body = from.body();
    request.peer = std::move(peer);
    return request;
}

// What a failed read means to the client; nothing when there is nobody to answer.
std::optional<ServerResponse> refusal_of(const error_code& error) {
    if (error == beast_http::error::body_limit)
        return refusal(413, "413: the body is larger than this server takes");
    if (error == beast_http::error::header_limit)
        return refusal(431, "431: the headers are larger than this server takes");
    if (error == beast_http::error::end_of_stream || error == beast_http::error::partial_message)
        return std::nullopt;
    if (error.category() == make_error_code(beast_http::error::bad_method).category()) {
        return refusal(400, "400: not an HTTP request");
    }
    return std::nullopt;
}

// An operation that may fail in Beast's way and take too long.
template <class Operation>
runtime::Task<error_code> timed(base::Duration limit, Operation operation) {
    const auto attempt = [](Operation inner) -> runtime::Task<base::Result<error_code>> {
        error_code error;
        co_await inner(asio::redirect_error(asio::use_awaitable, error));
        co_return error;
    };
    auto outcome = co_await runtime::within(limit, attempt(operation));
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
        : context{std::move(process)}, options{std::move(chosen)}, acceptor{context.loop()} {}

    runtime::Task<base::Result<void>> accept(runtime::TaskGroup& sessions);
    runtime::Task<base::Result<void>> session(Tcp::socket socket);
    runtime::Task<base::Result<void>> converse(AnyStream stream, std::string peer);
    runtime::Task<bool> answer(AnyStream& stream, ServerResponse response, bool keep_alive, bool head);
    runtime::Task<ServerResponse> respond(ServerRequest request);
    runtime::Task<void> upgrade(AnyStream stream, Parser::value_type request, std::string peer);

    runtime::Context context;
    ServerOptions options;
    Router router;
    std::shared_ptr<asio::ssl::context> tls;
    Tcp::acceptor acceptor;
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
    runtime::TaskGroup sessions{state->context};
    sessions.spawn("accept", state->accept(sessions));
    co_return co_await sessions.join();
}

runtime::Task<base::Result<void>> Server::State::accept(runtime::TaskGroup& sessions) {
    while (true) {
        error_code error;
        Tcp::socket socket{context.loop()};
        co_await acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
        if (error) {
            co_await pass_on_stop();
            // Out of descriptors or a connection that died in the queue: the listener itself is fine.
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

runtime::Task<base::Result<void>> Server::State::converse(AnyStream stream, std::string peer) {
    boost::beast::flat_buffer buffer;
    auto patience = options.request_timeout;  // a new connection must speak up sooner than a kept-alive one
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
            if (error == asio::error::timed_out) {
                co_await answer(stream, refusal(408, "408: the request did not arrive in time"), false,
                                false);
            }
        }
        if (error) {
            if (auto refused = refusal_of(error)) co_await answer(stream, *std::move(refused), false, false);
            stream.close();
            co_return base::ok();
        }
        const bool keep_alive = parser.get().keep_alive();
        const bool head = parser.get().method() == beast_http::verb::head;
        auto response = co_await respond(to_request(parser.get(), peer));
        if (!co_await answer(stream, std::move(response), keep_alive, head) || !keep_alive) {
            stream.close();
            co_return base::ok();
        }
        patience = options.idle_timeout;
    }
}

runtime::Task<ServerResponse> Server::State::respond(ServerRequest request) {
    auto match = router.find(request.method == "HEAD" ? "GET" : request.method, request.path);
    if (!match) co_return refusal(404, "404: Not Found");
    if (match->handler == nullptr) co_return refusal(405, "405: Method Not Allowed");
    request.params = std::move(match->params);
    co_return co_await (*match->handler)(std::move(request));
}

runtime::Task<bool> Server::State::answer(AnyStream& stream, ServerResponse response, bool keep_alive,
                                          bool head) {
    BeastResponse out{static_cast<beast_http::status>(response.status), 11};
    for (const auto& [name, value] : response.headers) out.insert(name, value);
    out.body() = std::move(response.body);
    out.keep_alive(keep_alive);
    if (response.status != 204) out.prepare_payload();
    if (head) out.body().clear();
    const auto error = co_await timed(
        options.request_timeout, [&](auto token) { return beast_http::async_write(stream, out, token); });
    co_return !error;
}

runtime::Task<void> Server::State::upgrade(AnyStream stream, Parser::value_type head, std::string peer) {
    auto request = to_request(head, std::move(peer));
    const auto* handler = router.find_websocket(request.path, request.params);
    if (handler == nullptr) {
        co_await answer(stream, refusal(404, "404: Not Found"), false, false);
        co_return;
    }
    WsStream socket{std::move(stream)};
    configure(socket, options.max_message_bytes);
    const auto error =
        co_await timed(options.request_timeout, [&](auto token) { return socket.async_accept(head, token); });
    if (error) co_return;
    auto state = std::make_shared<WebSocket::State>(std::move(socket), options.max_queued_bytes, tls);
    co_await (*handler)(std::move(request), std::make_unique<WebSocket>(std::move(state)));
}

}  // namespace bandstand::http
