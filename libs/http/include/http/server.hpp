#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "http/headers.hpp"
#include "http/websocket.hpp"
#include "runtime/context.hpp"
#include "runtime/task.hpp"

namespace bandstand::http {

constexpr base::Reason kCannotListen{"http.cannot_listen"};
constexpr base::Reason kBadCertificate{"http.bad_certificate"};

struct ServerRequest {
    std::string method;
    std::string target;  ///< as it came
    std::string path;    ///< percent-decoded, without the query
    std::multimap<std::string, std::string> query;
    std::map<std::string, std::string> params;  ///< what the route's {names} matched
    Headers headers;
    std::string body;
    std::string peer;  ///< address of the other end
};

struct ServerResponse {
    int status = 200;
    Headers headers{};
    std::string body{};

    static ServerResponse json(int status, std::string body);
    static ServerResponse text(int status, std::string body);
    static ServerResponse empty(int status) { return {.status = status}; }
};

/// What it throws (but for operation_aborted) is logged and answered with 500.
using Handler = std::function<runtime::Task<ServerResponse>(ServerRequest)>;
using WebSocketHandler = std::function<runtime::Task<void>(ServerRequest, std::unique_ptr<WebSocket>)>;

struct TlsFiles {
    std::string certificate;  ///< PEM chain
    std::string key;          ///< PEM
};

struct ServerOptions {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  ///< 0: a free one
    std::optional<TlsFiles> tls = std::nullopt;
    std::size_t max_header_bytes = 16 * 1024;
    std::size_t max_body_bytes = 1024 * 1024;
    std::size_t max_message_bytes = 1024 * 1024;  ///< of a WebSocket
    std::size_t max_queued_bytes = 16 * 1024 * 1024;
    std::size_t max_connections = 4096;
    base::Duration request_timeout =
        std::chrono::seconds{30};                            ///< to read a whole request, to write an answer
    base::Duration idle_timeout = std::chrono::seconds{75};  ///< between requests
    base::Duration drain_timeout = std::chrono::seconds{5};  ///< at a stop, to answer what was asked before
};

/// HTTP/1.1 and WebSocket server. Refusals (404, 405, 408, 413, 431, 400) are JSON `{"message":…,"code":0}`.
/// Loop thread only.
class Server {
public:
    Server(runtime::Context context, ServerOptions options);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// `pattern` has literal segments and {name} segments; a last `{name*}` takes the rest of the path.
    /// Literal segments win over captures.
    void route(std::string method, std::string pattern, Handler handler);
    void websocket(std::string pattern, WebSocketHandler handler);

    /// Binds; for who wants to know the port, or a failure, before serve(). Errors: kCannotListen (with the
    /// address), kBadCertificate.
    base::Result<void> listen();
    std::uint16_t port() const;
    /// Binds unless listen() did, and serves until stopped: then takes no more connections, answers the
    /// requests that it has within `drain_timeout`, and ends the rest (WebSocket handlers see
    /// operation_aborted).
    runtime::Task<base::Result<void>> serve();

    struct State;

private:
    std::shared_ptr<State> state_;
};

}  // namespace bandstand::http
