#include "http/websocket.hpp"

#include "certificate.hpp"
#include "http_test.hpp"

namespace bandstand::http {
namespace {

using namespace std::chrono_literals;

using Received = base::Result<std::variant<WsMessage, WsClosed>>;

std::string text_of(const Received& received) {
    const auto* message = received ? std::get_if<WsMessage>(&*received) : nullptr;
    return message != nullptr ? message->data : "(no message)";
}

WsClosed end_of(const Received& received) {
    const auto* closed = received ? std::get_if<WsClosed>(&*received) : nullptr;
    return closed != nullptr ? *closed : WsClosed{65535, "(not closed)"};
}

// Sends back what comes until the other end closes.
Task<void> echo_messages(ServerRequest, std::unique_ptr<WebSocket> socket) {
    while (true) {
        auto received = co_await socket->receive();
        auto* message = std::get_if<WsMessage>(&*received);
        if (message == nullptr) co_return;
        EXPECT_TRUE(socket->send(std::move(*message)));
    }
}

class WebSocketTest : public HttpTest {
public:
    Task<std::unique_ptr<WebSocket>> open(const Server& server, std::string path = "/") {
        auto socket = co_await WebSocket::connect(context_, {.url = origin(server, "ws") + path});
        EXPECT_TRUE(socket) << socket.error().describe();
        co_return std::move(*socket);
    }
};

TEST_F(WebSocketTest, MessagesComeBackInOrderAndOfTheirKind) {
    Server server{context_, {}};
    server.websocket("/", echo_messages);
    with(server, [&]() -> Task<void> {
        auto socket = co_await open(server, "/?v=10&encoding=json");
        constexpr int kMessages = 100;
        for (int i = 0; i < kMessages; ++i) {
            EXPECT_TRUE(
                socket->send({.binary = i % 2 == 1, .data = std::to_string(i) + std::string(i * 10, '.')}));
        }
        for (int i = 0; i < kMessages; ++i) {
            const auto received = co_await socket->receive();
            EXPECT_EQ(text_of(received), std::to_string(i) + std::string(i * 10, '.'));
            EXPECT_EQ(std::get<WsMessage>(*received).binary, i % 2 == 1);
        }
        EXPECT_EQ(socket->queued_bytes(), 0U);
        co_await socket->close(1000, "");
    });
}

TEST_F(WebSocketTest, TlsVerifiesTheHost) {
    const TestCertificate good{"DNS:localhost"};
    Server server{context_, {.tls = good.files()}};
    server.websocket("/", echo_messages);
    with(server, [&]() -> Task<void> {
        const auto url = "wss://localhost:" + std::to_string(server.port());
        auto socket = co_await WebSocket::connect(context_, {.url = url, .ca_file = good.ca_file()});
        CO_ASSERT(socket);
        EXPECT_TRUE((*socket)->send({.data = "hello"}));
        EXPECT_EQ(text_of(co_await (*socket)->receive()), "hello");
        co_await (*socket)->close(1000, "");
        const auto other_name =
            co_await WebSocket::connect(context_, {.url = origin(server, "wss"), .ca_file = good.ca_file()});
        EXPECT_EQ(other_name.error().reason(), kTlsFailed);
        const auto no_trust = co_await WebSocket::connect(context_, {.url = url});
        EXPECT_EQ(no_trust.error().reason(), kTlsFailed);
    });
}

TEST_F(WebSocketTest, TheServersCloseCodeReachesTheClientBehindItsLastMessages) {
    Server server{context_, {}};
    server.websocket("/{code}", [](ServerRequest request, std::unique_ptr<WebSocket> socket) -> Task<void> {
        EXPECT_TRUE(socket->send({.data = "last words"}));
        co_await socket->close(static_cast<std::uint16_t>(std::stoi(request.params.at("code"))), "because");
    });
    with(server, [&]() -> Task<void> {
        for (const int code : {1000, 1001, 4000, 4004, 4014, 4022, 4999}) {
            auto socket = co_await open(server, "/" + std::to_string(code));
            EXPECT_EQ(text_of(co_await socket->receive()), "last words");
            for (int again = 0; again < 2; ++again) {
                const auto end = end_of(co_await socket->receive());
                EXPECT_EQ(end.code, code);
                EXPECT_EQ(end.reason, "because");
            }
            EXPECT_EQ(socket->send({.data = "late"}).error().reason(), kNotOpen);
        }
    });
}

TEST_F(WebSocketTest, TheClientsCloseCodeReachesTheServer) {
    std::vector<std::string> seen;
    Server server{context_, {}};
    server.websocket("/", [&](ServerRequest, std::unique_ptr<WebSocket> socket) -> Task<void> {
        EXPECT_EQ(text_of(co_await socket->receive()), "last words");
        const auto end = end_of(co_await socket->receive());
        seen.push_back(std::to_string(end.code) + " " + end.reason);
    });
    with(server, [&]() -> Task<void> {
        for (const int code : {1000, 4000, 4200}) {
            auto socket = co_await open(server);
            EXPECT_TRUE(socket->send({.data = "last words"}));
            co_await socket->close(static_cast<std::uint16_t>(code), std::string(500, 'r'));
            EXPECT_EQ(end_of(co_await socket->receive()).code, code);
        }
    });
    const auto reason = std::string(123, 'r');  // what a close frame has room for
    EXPECT_EQ(seen, (std::vector<std::string>{"1000 " + reason, "4000 " + reason, "4200 " + reason}));
}

TEST_F(WebSocketTest, ALostConnectionHasNoCode) {
    Server server{context_, {}};
    server.websocket("/", [](ServerRequest, std::unique_ptr<WebSocket>) -> Task<void> { co_return; });
    with(server, [&]() -> Task<void> {
        auto socket = co_await open(server);
        EXPECT_EQ(end_of(co_await socket->receive()).code, 0);
    });
}

TEST_F(WebSocketTest, AMessageOverTheLimitEndsTheConnectionWith1009) {
    WsClosed at_server;
    Server server{context_, {.max_message_bytes = 1000}};
    server.websocket("/", [&](ServerRequest, std::unique_ptr<WebSocket> socket) -> Task<void> {
        EXPECT_EQ(text_of(co_await socket->receive()), std::string(1000, 'x'));
        at_server = end_of(co_await socket->receive());
    });
    with(server, [&]() -> Task<void> {
        auto socket = co_await open(server);
        EXPECT_TRUE(socket->send({.data = std::string(1000, 'x')}));
        EXPECT_TRUE(socket->send({.data = std::string(1001, 'x')}));
        EXPECT_EQ(end_of(co_await socket->receive()).code, 1009);
    });
    EXPECT_EQ(at_server.code, 1009);
}

TEST_F(WebSocketTest, AReaderThatDoesNotReadFillsTheQueueAndNoMore) {
    Server server{context_, {}};
    server.websocket("/", [](ServerRequest, std::unique_ptr<WebSocket>) -> Task<void> {
        co_await runtime::sleep_for(10min);
    });
    with(server, [&]() -> Task<void> {
        WsOptions options{.url = origin(server, "ws"), .max_queued_bytes = 100'000};
        auto socket = co_await WebSocket::connect(context_, options);
        CO_ASSERT(socket);
        base::Result<void> sent = base::ok();
        int count = 0;
        while (sent && ++count < 100) sent = (*socket)->send({.data = std::string(10'000, 'x')});
        CO_ASSERT(!sent);
        EXPECT_EQ(sent.error().reason(), kSendQueueFull);
        EXPECT_LE((*socket)->queued_bytes(), 100'000U);
        count = 0;
        while ((*socket)->send({})) ++count;
        EXPECT_LT(count, 10'000) << "empty messages count as well";
    });
}

TEST_F(WebSocketTest, APingIsAnsweredByThePongOfItsPayload) {
    Server server{context_, {}};
    server.websocket("/", echo_messages);
    with(server, [&]() -> Task<void> {
        auto socket = co_await connect_raw(server);
        co_await write_text(
            socket,
            "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
        const auto head = co_await read_head(socket);
        EXPECT_NE(head.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), std::string::npos) << head;  // RFC 6455 §1.3
        EXPECT_EQ(head.find("permessage-deflate"), std::string::npos);
        co_await write_text(socket, std::string{"\x89\x82\0\0\0\0hi", 8});  // ping, masked with zeros
        std::string pong(4, '\0');
        co_await asio::async_read(socket, asio::buffer(pong), asio::use_awaitable);
        EXPECT_EQ(pong, std::string("\x8a\x02hi"));
    });
}

TEST_F(WebSocketTest, AnUpgradeThatIsRefusedNamesTheStatus) {
    Server server{context_, {}};
    with(server, [&]() -> Task<void> {
        const auto socket = co_await WebSocket::connect(context_, {.url = origin(server, "ws") + "/nowhere"});
        CO_ASSERT(!socket);
        EXPECT_EQ(socket.error().reason(), kUnreachable);
        EXPECT_NE(socket.error().detail().find("404"), std::string::npos) << socket.error().detail();
        const auto http = co_await WebSocket::connect(context_, {.url = origin(server)});
        EXPECT_EQ(http.error().reason(), kBadUrl);
    });
}

TEST_F(WebSocketTest, AServerThatDoesNotAnswerTheUpgradeTimesOut) {
    const auto says_nothing = [](Tcp::socket socket) -> Task<void> { co_await read_all(socket); };
    with_raw(says_nothing, [&](std::string port) -> Task<void> {
        WsOptions options{.url = "ws://127.0.0.1:" + port, .connect_timeout = 50ms};
        const auto socket = co_await WebSocket::connect(context_, options);
        EXPECT_EQ(socket.error().reason(), kTimedOut);
    });
}

TEST_F(WebSocketTest, ClosingDoesNotWaitForeverForThePeer) {
    Server server{context_, {}};
    server.websocket("/", [](ServerRequest, std::unique_ptr<WebSocket>) -> Task<void> {
        co_await runtime::sleep_for(10min);
    });
    with(server, [&]() -> Task<void> {
        auto socket = co_await open(server);
        const auto begun = std::chrono::steady_clock::now();
        co_await socket->close(4000, "");
        EXPECT_LT(std::chrono::steady_clock::now() - begun, 4s);
    });
}

TEST_F(WebSocketTest, AStopInterruptsAReceive) {
    bool server_unwound = false;
    Server server{context_, {}};
    server.websocket("/", [&](ServerRequest, std::unique_ptr<WebSocket> socket) -> Task<void> {
        struct Mark {
            bool& set;
            ~Mark() { set = true; }
        } const mark{server_unwound};
        static_cast<void>(co_await socket->receive());
        ADD_FAILURE() << "a stop is not a message";
    });
    with(server, [&]() -> Task<void> {
        auto socket = co_await open(server);
        runtime::TaskGroup group{context_};
        group.spawn("receive", [](WebSocket& from) -> Task<base::Result<void>> {
            static_cast<void>(co_await from.receive());
            ADD_FAILURE() << "a stop is not a message";
            co_return base::ok();
        }(*socket));
        co_await runtime::sleep_for(5ms);
        group.stop();
        EXPECT_TRUE(co_await group.join());
    });
    EXPECT_TRUE(server_unwound);
}

TEST_F(WebSocketTest, DroppingASocketWhileItIsReadIsSafe) {
    Server server{context_, {}};
    server.websocket("/", echo_messages);
    with(server, [&]() -> Task<void> {
        auto socket = co_await open(server);
        runtime::TaskGroup group{context_};
        group.spawn("receive", [](WebSocket& from) -> Task<base::Result<void>> {
            EXPECT_EQ(end_of(co_await from.receive()).code, 0);
            co_return base::ok();
        }(*socket));
        EXPECT_TRUE(socket->send({.data = std::string(1'000'000, 'x')}));
        socket.reset();
        EXPECT_TRUE(co_await group.join());
    });
}

}  // namespace
}  // namespace bandstand::http
