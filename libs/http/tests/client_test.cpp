#include "http/client.hpp"

#include <array>

#include "certificate.hpp"
#include "http_test.hpp"

namespace bandstand::http {
namespace {

using namespace std::chrono_literals;

class ClientTest : public HttpTest {};

ClientOptions quick() {
    return {.connect_timeout = 2s, .total_timeout = 2s};
}

Task<std::string> read_body(BodyReader& reader) {
    std::string body;
    std::array<std::byte, 1000> piece{};
    while (true) {
        const auto got = co_await reader.read(piece);
        EXPECT_TRUE(got) << got.error().describe();
        if (!got || *got == 0) co_return body;
        body += base::as_text(base::ByteView{piece}.first(*got));
    }
}

TEST_F(ClientTest, AnExchangeKeepsMethodHeadersAndBody) {
    Server server{context_, {}};
    server.route("POST", "/a/{name}", echo_handler());
    with(server, [&]() -> Task<void> {
        Client client{context_, {.user_agent = "tester"}};
        ClientRequest request{
            .method = "POST", .url = origin(server) + "/a/b%20c?d=e", .body = std::string(100'000, 'x')};
        request.headers.set("X-Audit", "why");
        const auto response = co_await client.send(request);
        CO_ASSERT(response);
        EXPECT_EQ(response->status, 200);
        EXPECT_EQ(response->body, request.body);
        EXPECT_EQ(response->headers.get("x-path"), "/a/b c");
        EXPECT_EQ(response->headers.get("x-got-x-audit"), "why");
        EXPECT_EQ(response->headers.get("x-got-user-agent"), "tester");
    });
}

TEST_F(ClientTest, TlsIsTrustedThroughTheCaFile) {
    const TestCertificate certificate{"DNS:localhost,IP:127.0.0.1"};
    Server server{context_, {.tls = certificate.files()}};
    server.route("GET", "/", echo_handler());
    with(server, [&]() -> Task<void> {
        Client client{context_, {.ca_file = certificate.ca_file()}};
        for (const auto* host : {"localhost", "127.0.0.1"}) {
            const auto url = "https://" + std::string{host} + ":" + std::to_string(server.port()) + "/";
            const auto response = co_await client.send({.url = url});
            CO_ASSERT(response);
            EXPECT_EQ(response->status, 200);
        }
    });
}

TEST_F(ClientTest, ACertificateThatNobodyVouchesForIsRefused) {
    const TestCertificate certificate{"DNS:localhost,IP:127.0.0.1"};
    Server server{context_, {.tls = certificate.files()}};
    with(server, [&]() -> Task<void> {
        Client client{context_, quick()};
        const auto response = co_await client.send({.url = origin(server, "https")});
        EXPECT_EQ(response.error().reason(), kTlsFailed);
    });
}

TEST_F(ClientTest, ACertificateForAnotherHostIsRefused) {
    const TestCertificate certificate{"DNS:elsewhere.example,IP:127.0.0.2"};
    Server server{context_, {.tls = certificate.files()}};
    with(server, [&]() -> Task<void> {
        Client client{context_, {.ca_file = certificate.ca_file()}};
        for (const auto* host : {"localhost", "127.0.0.1"}) {
            const auto url = "https://" + std::string{host} + ":" + std::to_string(server.port()) + "/";
            const auto response = co_await client.send({.url = url});
            EXPECT_EQ(response.error().reason(), kTlsFailed) << host;
        }
    });
}

TEST_F(ClientTest, AConnectionIsKeptForTheNextRequest) {
    Server server{context_, {.max_connections = 1}};
    server.route("GET", "/", echo_handler());
    with(server, [&]() -> Task<void> {
        Client client{context_, quick()};
        for (int i = 0; i < 3; ++i) EXPECT_TRUE(co_await client.send({.url = origin(server)}));
        // The server has room for one connection, and the client holds it.
        Client another{context_, quick()};
        EXPECT_FALSE(co_await another.send({.url = origin(server)}));
    });
}

TEST_F(ClientTest, ADeadKeptConnectionIsReplacedWhereRepeatingIsSafe) {
    constexpr auto kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    const auto answers_once = [](Tcp::socket socket) -> Task<void> {
        co_await read_head(socket);
        co_await write_text(socket, kAnswer);
        char more = 0;
        boost::system::error_code ignored;
        co_await socket.async_read_some(asio::buffer(&more, 1),
                                        asio::redirect_error(asio::use_awaitable, ignored));
    };
    with_raw(
        answers_once,
        [&](std::string port) -> Task<void> {
            Client client{context_, quick()};
            const auto url = "http://127.0.0.1:" + port + "/";
            EXPECT_TRUE(co_await client.send({.url = url}));
            EXPECT_TRUE(co_await client.send({.url = url}));
            const auto post = co_await client.send({.method = "POST", .url = url});
            EXPECT_EQ(post.error().reason(), kUnreachable);
        },
        2);
}

struct BadAnswer {
    const char* what;
    std::string text;
    base::Reason reason;
};

class ClientAnswerTest : public HttpTest, public testing::WithParamInterface<BadAnswer> {};

TEST_P(ClientAnswerTest, IsRefused) {
    const auto answers = [](Tcp::socket socket) -> Task<void> {
        co_await read_head(socket);
        co_await write_text(socket, GetParam().text);
    };
    with_raw(answers, [&](std::string port) -> Task<void> {
        Client client{context_, {.total_timeout = 2s, .max_header_bytes = 1000, .max_body_bytes = 100}};
        const auto response = co_await client.send({.url = "http://127.0.0.1:" + port + "/"});
        CO_ASSERT(!response);
        EXPECT_EQ(response.error().reason(), GetParam().reason) << response.error().describe();
    });
}

INSTANTIATE_TEST_SUITE_P(
    Bad, ClientAnswerTest,
    testing::Values(
        BadAnswer{"long_body", "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n" + std::string(101, 'x'),
                  kTooLarge},
        BadAnswer{"long_chunks",
                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" + std::string(101, 'x') +
                      "\r\n0\r\n\r\n",
                  kTooLarge},
        BadAnswer{"endless_body", "HTTP/1.1 200 OK\r\n\r\n" + std::string(101, 'x'), kTooLarge},
        BadAnswer{"long_header", "HTTP/1.1 200 OK\r\nX: " + std::string(1000, 'x') + "\r\n\r\n", kTooLarge},
        BadAnswer{"cut_body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", kBadResponse},
        BadAnswer{"cut_header", "HTTP/1.1 200 OK\r\nContent", kBadResponse},
        BadAnswer{"not_http", "SSH-2.0-OpenSSH_9.2\r\n\r\n", kBadResponse},
        BadAnswer{"nothing", "", kUnreachable}),
    [](const auto& each) { return each.param.what; });

TEST_F(ClientTest, ASlowServerTimesOut) {
    for (const bool drips : {true, false}) {
        const auto peer = [drips](Tcp::socket socket) -> Task<void> {
            co_await read_head(socket);
            boost::system::error_code gone;
            while (drips && !gone) {
                co_await socket.async_write_some(asio::buffer("HTTP/1.1 200 OK\r\nX: ", 20),
                                                 asio::redirect_error(asio::use_awaitable, gone));
                co_await runtime::sleep_for(1ms);
            }
            co_await read_all(socket);
        };
        with_raw(peer, [&](std::string port) -> Task<void> {
            Client client{context_, {.total_timeout = 50ms}};
            const auto response = co_await client.send({.url = "http://127.0.0.1:" + port + "/"});
            CO_ASSERT(!response);
            EXPECT_EQ(response.error().reason(), kTimedOut);
            EXPECT_EQ(response.error().kind(), base::ErrorKind::deadline_exceeded);
        });
    }
}

TEST_F(ClientTest, AClosedPortIsUnreachable) {
    std::uint16_t port = 0;
    {
        const Tcp::acceptor gone{loop_, {asio::ip::address_v4::loopback(), 0}};
        port = gone.local_endpoint().port();
    }
    run([](runtime::Context context, std::uint16_t to) -> Task<void> {
        Client client{context, quick()};
        const auto response = co_await client.send({.url = "http://127.0.0.1:" + std::to_string(to)});
        EXPECT_EQ(response.error().reason(), kUnreachable);
    }(context_, port));
}

TEST_F(ClientTest, MalformedRequestsDoNotLeave) {
    run([](runtime::Context context) -> Task<void> {
        Client client{context, quick()};
        ClientRequest smuggling{.url = "http://127.0.0.1:1/"};
        smuggling.headers.set("X-Reason", "a\r\nX-Other: b");
        EXPECT_EQ((co_await client.send(smuggling)).error().reason(), kBadRequest);
        EXPECT_EQ(
            (co_await client.send({.method = "GET / HTTP/1.1\r\n", .url = "http://a/"})).error().reason(),
            kBadRequest);
        EXPECT_EQ((co_await client.send({.url = "ws://127.0.0.1:1/"})).error().reason(), kBadUrl);
        EXPECT_EQ((co_await client.send({.url = "file:///etc/passwd"})).error().reason(), kBadUrl);
    }(context_));
}

TEST_F(ClientTest, ManyRequestsAreUnderWayAtOnce) {
    constexpr int kAtOnce = 40;
    int waiting = 0;
    asio::steady_timer all_here{loop_, asio::steady_timer::time_point::max()};
    Server server{context_, {}};
    server.route("GET", "/{number}", [&](ServerRequest request) -> Task<ServerResponse> {
        if (++waiting == kAtOnce) all_here.cancel();
        boost::system::error_code ignored;
        if (waiting < kAtOnce)
            co_await all_here.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        co_return ServerResponse::text(200, request.params.at("number"));
    });
    with(server, [&]() -> Task<void> {
        Client client{context_, {}};
        runtime::TaskGroup group{context_};
        int answered = 0;
        const auto ask = [&](std::string number) -> Task<base::Result<void>> {
            const auto response = co_await client.send({.url = origin(server) + "/" + number});
            EXPECT_TRUE(response && response->body == number);
            ++answered;
            co_return base::ok();
        };
        for (int i = 0; i < kAtOnce; ++i) group.spawn("ask", ask(std::to_string(i)));
        EXPECT_TRUE(co_await group.join());
        EXPECT_EQ(answered, kAtOnce);
    });
}

TEST_F(ClientTest, ABodyIsStreamedPastTheLimitOfWholeAnswers) {
    const std::string song(300'000, 's');
    Server server{context_, {}};
    server.route("GET", "/song", [&](ServerRequest request) -> Task<ServerResponse> {
        auto response = ServerResponse::text(206, song);
        response.headers.set("X-Range", request.headers.get("Range").value_or("none"));
        co_return response;
    });
    with(server, [&]() -> Task<void> {
        Client client{context_, {.max_body_bytes = 1000}};
        const ClientRequest request{.url = origin(server) + "/song", .headers = {{"Range", "bytes=5-"}}};
        auto reader = co_await client.open(request);
        CO_ASSERT(reader);
        EXPECT_EQ((*reader)->head().status, 206);
        EXPECT_EQ((*reader)->head().headers.get("X-Range"), "bytes=5-");
        EXPECT_EQ(co_await read_body(**reader), song);
    });
}

TEST_F(ClientTest, AStreamedBodyThatStopsOrIsCutOffSaysSo) {
    for (const bool hangs_up : {true, false}) {
        const auto peer = [hangs_up](Tcp::socket socket) -> Task<void> {
            co_await read_head(socket);
            co_await write_text(socket, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
            if (!hangs_up) co_await read_all(socket);
        };
        with_raw(peer, [&](std::string port) -> Task<void> {
            Client client{context_, {.total_timeout = 100ms}};
            auto reader = co_await client.open({.url = "http://127.0.0.1:" + port + "/"});
            CO_ASSERT(reader);
            std::array<std::byte, 100> piece{};
            EXPECT_EQ(*co_await (*reader)->read(piece), 3U);
            const auto end = co_await (*reader)->read(piece);
            CO_ASSERT(!end);
            EXPECT_EQ(end.error().reason(), hangs_up ? kBadResponse : kTimedOut);
        });
    }
}

ServerResponse redirect(std::string to) {
    return {.status = 302, .headers = {{"Location", std::move(to)}}};
}

TEST_F(ClientTest, RedirectsAreFollowedAndSayWhereTheyEnded) {
    Server server{context_, {}};
    server.route("GET", "/a/first",
                 [](ServerRequest) -> Task<ServerResponse> { co_return redirect("second?x=1"); });
    server.route("GET", "/a/second",
                 [](ServerRequest) -> Task<ServerResponse> { co_return redirect("/song"); });
    server.route("GET", "/song", echo_handler());
    with(server, [&]() -> Task<void> {
        Client client{context_, quick()};
        auto reader = co_await client.open({.url = origin(server) + "/a/first"});
        CO_ASSERT(reader);
        EXPECT_EQ((*reader)->head().status, 200);
        EXPECT_EQ((*reader)->final_url(), origin(server) + "/song");
        const auto bounded = co_await client.open({.url = origin(server) + "/a/first"}, {.max = 1});
        EXPECT_EQ(bounded.error().reason(), kTooManyRedirects);
        const auto plain = co_await client.send({.url = origin(server) + "/a/first"});
        EXPECT_EQ(plain->status, 302) << "send() leaves redirects to its caller";
    });
}

TEST_F(ClientTest, CredentialsStayWithTheirOrigin) {
    Server server{context_, {}};
    std::string elsewhere;
    server.route("GET", "/near", [](ServerRequest) -> Task<ServerResponse> { co_return redirect("/echo"); });
    server.route("GET", "/far",
                 [&](ServerRequest) -> Task<ServerResponse> { co_return redirect(elsewhere); });
    server.route("GET", "/echo", echo_handler());
    with(server, [&]() -> Task<void> {
        elsewhere = "http://localhost:" + std::to_string(server.port()) + "/echo";
        Client client{context_, quick()};
        ClientRequest request{
            .url = origin(server) + "/near",
            .headers = {{"Authorization", "Bot x"}, {"cookie", "y"}, {"Accept", "audio/*"}}};
        auto near = co_await client.open(request);
        CO_ASSERT(near);
        EXPECT_EQ((*near)->head().headers.get("X-Got-Authorization"), "Bot x");
        request.url = origin(server) + "/far";
        auto far = co_await client.open(request);
        CO_ASSERT(far);
        EXPECT_FALSE((*far)->head().headers.get("X-Got-Authorization"));
        EXPECT_FALSE((*far)->head().headers.get("X-Got-Cookie"));
        EXPECT_EQ((*far)->head().headers.get("X-Got-Accept"), "audio/*");
    });
}

TEST_F(ClientTest, PrivateNetworksAreRefusedDirectlyByNameAndThroughRedirects) {
    Server server{context_, {}};
    std::string target;
    server.route("GET", "/go", [&](ServerRequest) -> Task<ServerResponse> { co_return redirect(target); });
    server.route("GET", "/echo", echo_handler());
    with(server, [&]() -> Task<void> {
        const auto port = ":" + std::to_string(server.port());
        Client closed{context_, {.total_timeout = 2s, .addresses = AddressPolicy::public_only()}};
        for (const auto* host :
             {"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0x7f000001", "2130706433", "127.1"}) {
            const auto refused =
                co_await closed.send({.url = "http://" + std::string{host} + port + "/echo"});
            CO_ASSERT(!refused);
            EXPECT_EQ(refused.error().reason(), kAddressRefused)
                << host << ": " << refused.error().describe();
        }
        const auto only_here = AddressPolicy::public_only({*Network::parse("127.0.0.1/32")});
        Client client{context_, {.total_timeout = 2s, .addresses = only_here}};
        for (const auto* to : {"http://127.0.0.2", "http://169.254.169.254", "http://[::1]",
                               "https://10.0.0.1", "//192.168.0.1"}) {
            target = std::string{to} + port + "/echo";
            const auto refused = co_await client.open({.url = origin(server) + "/go"});
            CO_ASSERT(!refused);
            EXPECT_EQ(refused.error().reason(), kAddressRefused) << to;
        }
        target = "file:///etc/passwd";
        EXPECT_EQ((co_await client.open({.url = origin(server) + "/go"})).error().reason(), kBadUrl);
        target = "ws://127.0.0.1" + port + "/echo";
        EXPECT_EQ((co_await client.open({.url = origin(server) + "/go"})).error().reason(), kBadUrl);
        target = "/echo";
        EXPECT_TRUE(co_await client.open({.url = origin(server) + "/go"}));
    });
}

TEST_F(ClientTest, AStopInterruptsAWaitingRequest) {
    const auto says_nothing = [](Tcp::socket socket) -> Task<void> { co_await read_all(socket); };
    with_raw(says_nothing, [&](std::string port) -> Task<void> {
        Client client{context_, {.total_timeout = 10min}};
        runtime::TaskGroup group{context_};
        bool answered = false;
        const auto ask = [&]() -> Task<base::Result<void>> {
            const auto response = co_await client.send({.url = "http://127.0.0.1:" + port + "/"});
            answered = true;
            co_return base::ok();
        };
        group.spawn("ask", ask());
        co_await runtime::sleep_for(5ms);
        group.stop();
        EXPECT_TRUE(co_await group.join());
        EXPECT_FALSE(answered) << "a stop is not an answer";
    });
}

}  // namespace
}  // namespace bandstand::http
