#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <string>

#include "http/client.hpp"
#include "http/server.hpp"
#include "runtime/task_group.hpp"
#include "runtime/testing.hpp"

// ASSERT_TRUE for coroutines, which cannot `return`.
#define CO_ASSERT(condition)                                       \
    if (const bool holds = static_cast<bool>(condition); !holds) { \
        ADD_FAILURE() << #condition << " does not hold";           \
        co_return;                                                 \
    }

namespace bandstand::http {

using runtime::Task;
using Tcp = asio::ip::tcp;

/// Servers and peers on loopback, on the loop of the test.
class HttpTest : public runtime::LoopTest {
public:
    /// Serves while `use` runs, then stops the server and waits for its end.
    void with(Server& server, std::function<Task<void>()> use) {
        const auto listening = server.listen();
        ASSERT_TRUE(listening) << listening.error().describe();
        run(serve_while(context_, server, std::move(use)));
    }

    /// Runs `peer` once for each of `connections` connections, beside `use`, which gets the port.
    void with_raw(std::function<Task<void>(Tcp::socket)> peer,
                  std::function<Task<void>(std::string port)> use, int connections = 1) {
        Tcp::acceptor acceptor{loop_, {asio::ip::address_v4::loopback(), 0}};
        const auto port = std::to_string(acceptor.local_endpoint().port());
        run([](runtime::Context context, Tcp::acceptor& from, auto with_peer, auto with_port,
               std::string text, int count) -> Task<void> {
            runtime::TaskGroup group{context};
            group.spawn("raw", accept_raw(from, with_peer, count));
            co_await with_port(text);
            group.stop();
            EXPECT_TRUE(co_await group.join());
        }(context_, acceptor, std::move(peer), std::move(use), port, connections));
    }

    static std::string origin(const Server& server, const std::string& scheme = "http") {
        return scheme + "://127.0.0.1:" + std::to_string(server.port());
    }

private:
    static Task<void> serve_while(runtime::Context context, Server& server, std::function<Task<void>()> use) {
        runtime::TaskGroup group{context};
        group.spawn("server", server.serve());
        co_await use();
        group.stop();
        const auto ended = co_await group.join();
        EXPECT_TRUE(ended) << ended.error().describe();
    }

    static Task<base::Result<void>> accept_raw(Tcp::acceptor& acceptor,
                                               std::function<Task<void>(Tcp::socket)> peer, int connections) {
        for (; connections > 0; --connections) {
            auto socket = co_await acceptor.async_accept(asio::use_awaitable);
            co_await peer(std::move(socket));
        }
        co_return base::ok();
    }
};

/// Reads up to and including an empty line.
inline Task<std::string> read_head(Tcp::socket& socket) {
    std::string head;
    co_await asio::async_read_until(socket, asio::dynamic_buffer(head, 64 * 1024), "\r\n\r\n",
                                    asio::use_awaitable);
    co_return head;
}

inline Task<void> write_text(Tcp::socket& socket, std::string text) {
    co_await asio::async_write(socket, asio::buffer(text), asio::use_awaitable);
}

/// Everything until the other end closes.
inline Task<std::string> read_all(Tcp::socket& socket) {
    std::string all;
    boost::system::error_code end;
    co_await asio::async_read(socket, asio::dynamic_buffer(all, 1024 * 1024),
                              asio::redirect_error(asio::use_awaitable, end));
    co_return all;
}

inline Task<Tcp::socket> connect_raw(const Server& server) {
    Tcp::socket socket{co_await asio::this_coro::executor};
    const Tcp::endpoint endpoint{asio::ip::address_v4::loopback(), server.port()};
    co_await socket.async_connect(endpoint, asio::use_awaitable);
    co_return socket;
}

inline ServerResponse echo(const ServerRequest& request) {
    ServerResponse response = ServerResponse::text(200, request.body);
    response.headers.set("X-Method", request.method);
    response.headers.set("X-Path", request.path);
    for (const auto& [name, value] : request.headers) response.headers.add("X-Got-" + name, value);
    return response;
}

inline Handler echo_handler() {
    return [](ServerRequest request) -> Task<ServerResponse> { co_return echo(request); };
}

}  // namespace bandstand::http
