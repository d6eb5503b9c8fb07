#include "http/server.hpp"

#include <fstream>

#include "certificate.hpp"
#include "http/ops.hpp"
#include "http_test.hpp"

namespace bandstand::http {
namespace {

using namespace std::chrono_literals;

class ServerTest : public HttpTest {
public:
    // Sends `text` as it is, and returns all that comes back until the server closes.
    static Task<std::string> say(const Server& server, std::string text) {
        auto socket = co_await connect_raw(server);
        co_await write_text(socket, std::move(text));
        co_return co_await read_all(socket);
    }
};

TEST_F(ServerTest, UnknownPathsAndWrongMethodsAreToldInJson) {
    Server server{context_, {}};
    server.route("POST", "/a", echo_handler());
    with(server, [&]() -> Task<void> {
        Client client{context_, {}};
        const auto missing = co_await client.send({.url = origin(server) + "/b"});
        EXPECT_EQ(missing->status, 404);
        EXPECT_EQ(missing->headers.get("Content-Type"), "application/json");
        EXPECT_EQ(missing->body, R"({"code":0,"message":"404: Not Found"})");
        const auto wrong = co_await client.send({.url = origin(server) + "/a"});
        EXPECT_EQ(wrong->status, 405);
    });
}

TEST_F(ServerTest, WhatIsTooLargeIsRefusedAndTheRefusalArrives) {
    Server server{context_, {.max_header_bytes = 1000, .max_body_bytes = 1000}};
    server.route("POST", "/", echo_handler());
    with(server, [&]() -> Task<void> {
        Client client{context_, {}};
        const auto fits =
            co_await client.send({.method = "POST", .url = origin(server), .body = std::string(1000, 'x')});
        EXPECT_EQ(fits->status, 200);
        const auto body = co_await client.send(
            {.method = "POST", .url = origin(server), .body = std::string(100'000, 'x')});
        CO_ASSERT(body);
        EXPECT_EQ(body->status, 413);
        const ClientRequest wide{.url = origin(server), .headers = {{"X", std::string(1000, 'x')}}};
        const auto header = co_await client.send(wide);
        CO_ASSERT(header);
        EXPECT_EQ(header->status, 431);
        const auto chunked =
            co_await say(server, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" +
                                     std::string(1001, 'x') + "\r\n0\r\n\r\n");
        EXPECT_TRUE(chunked.starts_with("HTTP/1.1 413 ")) << chunked;
    });
}

TEST_F(ServerTest, WhatIsNotHttpIsRefused) {
    Server server{context_, {}};
    with(server, [&]() -> Task<void> {
        for (const auto* text :
             {"hello\r\n\r\n", "GET / HTTP/1.1\r\nX : y\r\n\r\n", "GET /\x01 HTTP/1.1\r\n\r\n",
              "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
              "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n"}) {
            const auto answer = co_await say(server, text);
            EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << text << answer;
        }
    });
}

TEST_F(ServerTest, ASlowSenderIsToldAndASilentOneIsLetGo) {
    Server server{context_, {.request_timeout = 30ms}};
    server.route("POST", "/", echo_handler());
    with(server, [&]() -> Task<void> {
        const auto slow_head = co_await say(server, "POST / HT");
        EXPECT_TRUE(slow_head.starts_with("HTTP/1.1 408 ")) << slow_head;
        const auto slow_body =
            co_await say(server, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
        EXPECT_TRUE(slow_body.starts_with("HTTP/1.1 408 ")) << slow_body;
        EXPECT_EQ(co_await say(server, ""), "");
    });
}

TEST_F(ServerTest, RequestsThatArriveTogetherAreAnsweredInOrder) {
    Server server{context_, {}};
    server.route("GET", "/{name}", [](ServerRequest request) -> Task<ServerResponse> {
        co_return ServerResponse::text(200, "<" + request.params.at("name") + ">");
    });
    with(server, [&]() -> Task<void> {
        const auto both = co_await say(
            server,
            "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        const auto first = both.find("<a>");
        EXPECT_NE(first, std::string::npos);
        EXPECT_NE(both.find("<b>", first), std::string::npos) << both;
    });
}

TEST_F(ServerTest, HeadHasTheLengthAndNoBody) {
    Server server{context_, {}};
    server.route("GET", "/",
                 [](ServerRequest) -> Task<ServerResponse> { co_return ServerResponse::text(200, "12345"); });
    server.route("DELETE", "/",
                 [](ServerRequest) -> Task<ServerResponse> { co_return ServerResponse::empty(204); });
    with(server, [&]() -> Task<void> {
        Client client{context_, {}};
        const auto head = co_await client.send({.method = "HEAD", .url = origin(server)});
        CO_ASSERT(head);
        EXPECT_EQ(head->headers.get("Content-Length"), "5");
        EXPECT_EQ(head->body, "");
        const auto gone = co_await client.send({.method = "DELETE", .url = origin(server)});
        CO_ASSERT(gone);
        EXPECT_EQ(gone->status, 204);
        EXPECT_EQ((co_await client.send({.url = origin(server)}))->body, "12345")
            << "the connection is still in step";
    });
}

TEST_F(ServerTest, AHandlerThatThrowsHurtsOnlyItsRequest) {
    Server server{context_, {}};
    server.route("GET", "/throws", [](ServerRequest) -> Task<ServerResponse> {
        throw std::runtime_error{"a bug"};
        co_return ServerResponse{};
    });
    server.route("GET", "/smuggles", [](ServerRequest) -> Task<ServerResponse> {
        co_return ServerResponse{.headers = {{"X", "a\r\nSet-Cookie: b"}}};
    });
    server.route("GET", "/", echo_handler());
    with(server, [&]() -> Task<void> {
        Client client{context_, {}};
        EXPECT_EQ((co_await client.send({.url = origin(server) + "/throws"}))->status, 500);
        EXPECT_EQ((co_await client.send({.url = origin(server) + "/smuggles"}))->status, 500);
        EXPECT_EQ((co_await client.send({.url = origin(server)}))->status, 200);
    });
}

TEST_F(ServerTest, AStopAnswersWhatWasAskedAndTakesNothingNew) {
    Server server{context_, {}};
    asio::steady_timer asked{loop_, asio::steady_timer::time_point::max()};
    asio::steady_timer may_answer{loop_, asio::steady_timer::time_point::max()};
    server.route("GET", "/", [&](ServerRequest) -> Task<ServerResponse> {
        asked.cancel();
        boost::system::error_code ignored;
        co_await may_answer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        co_return ServerResponse::text(200, "in time");
    });
    ASSERT_TRUE(server.listen());
    run([](runtime::Context context, Server& served, asio::steady_timer& arrived,
           asio::steady_timer& go) -> Task<void> {
        runtime::TaskGroup serving{context};
        serving.spawn("server", served.serve());
        auto idle = co_await connect_raw(served);
        auto socket = co_await connect_raw(served);
        co_await write_text(socket, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        boost::system::error_code error;
        co_await arrived.async_wait(asio::redirect_error(asio::use_awaitable, error));
        const Tcp::endpoint endpoint{asio::ip::address_v4::loopback(), served.port()};

        runtime::TaskGroup stopping{context};
        stopping.spawn("stop", [](runtime::TaskGroup& group) -> Task<base::Result<void>> {
            group.stop();
            co_return co_await group.join();
        }(serving));
        co_await runtime::sleep_for(5ms);
        Tcp::socket late{context.loop()};
        co_await late.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
        EXPECT_EQ(error, asio::error::connection_refused);
        go.cancel();
        const auto answer = co_await read_all(socket);
        EXPECT_TRUE(answer.ends_with("in time")) << answer;
        EXPECT_NE(answer.find("Connection: close"), std::string::npos) << answer;
        EXPECT_EQ(co_await read_all(idle), "");
        EXPECT_TRUE(co_await stopping.join());
    }(context_, server, asked, may_answer));
}

TEST_F(ServerTest, AStopDoesNotWaitForeverForAHandler) {
    Server server{context_, {.drain_timeout = 20ms}};
    bool unwound = false;
    asio::steady_timer asked{loop_, asio::steady_timer::time_point::max()};
    server.route("GET", "/", [&](ServerRequest) -> Task<ServerResponse> {
        struct Mark {
            bool& set;
            ~Mark() { set = true; }
        } const mark{unwound};
        asked.cancel();
        co_await runtime::sleep_for(10min);
        co_return ServerResponse{};
    });
    with(server, [&]() -> Task<void> {
        auto socket = co_await connect_raw(server);
        co_await write_text(socket, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        boost::system::error_code ignored;
        co_await asked.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    });
    EXPECT_TRUE(unwound);
}

TEST_F(ServerTest, APortInUseAndAMissingCertificateAreNamed) {
    Server first{context_, {}};
    ASSERT_TRUE(first.listen());
    Server second{context_, {.port = first.port()}};
    const auto taken = second.listen();
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().reason(), kCannotListen);
    EXPECT_NE(taken.error().detail().find(std::to_string(first.port())), std::string::npos);
    Server secure{context_, {.tls = TlsFiles{"missing.pem", "missing.pem"}}};
    const auto missing = secure.listen();
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().reason(), kBadCertificate);
}

TEST_F(ServerTest, OpsRoutesTellHealthReadinessAndMetrics) {
    Server server{context_, {}};
    add_ops_routes(server, context_);
    std::string database = "connecting";
    context_.readiness().add("database", [&] { return database; });
    observer_.metrics().counter("test_songs_total", "Songs").increment();
    with(server, [&]() -> Task<void> {
        Client client{context_, {}};
        EXPECT_EQ((co_await client.send({.url = origin(server) + "/healthz"}))->status, 200);
        const auto waiting = co_await client.send({.url = origin(server) + "/readyz"});
        EXPECT_EQ(waiting->status, 503);
        EXPECT_NE(waiting->body.find(R"("database":"connecting")"), std::string::npos) << waiting->body;
        database.clear();
        EXPECT_EQ((co_await client.send({.url = origin(server) + "/readyz"}))->status, 200);
        const auto metrics = co_await client.send({.url = origin(server) + "/metrics"});
        EXPECT_NE(metrics->body.find("test_songs_total 1"), std::string::npos) << metrics->body;
    });
}

}  // namespace
}  // namespace bandstand::http
