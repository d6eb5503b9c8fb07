#include "http/websocket.hpp"

#include "server_fixture.hpp"

namespace bandstand::http {
namespace {

class WebSocketTest : public ServerTest {};

TEST_F(WebSocketTest, EchoesTextAndBinaryAndCarriesCloseCodesFromTheServer) {
    listen();
    server_->websocket("/", [](ServerRequest, std::unique_ptr<WebSocket> socket) -> runtime::Task<void> {
        while (true) {
            auto next = co_await socket->receive();
            if (!next || std::holds_alternative<WsClosed>(*next)) co_return;
            auto& message = std::get<WsMessage>(*next);
            if (message.data == "bye") {
                co_await socket->close(4014, "disconnected");
                co_return;
            }
            EXPECT_TRUE(socket->send(std::move(message)));
        }
    });
    serve_and([](ServerTest& test) -> runtime::Task<void> {
        auto socket = co_await WebSocket::connect(test.context_, {.url = test.url("/?v=8", "ws")});
        EXPECT_TRUE(socket);
        if (!socket) co_return;
        EXPECT_TRUE((*socket)->send({.binary = false, .data = "hello"}));
        EXPECT_TRUE((*socket)->send({.binary = true, .data = std::string(70'000, 'z')}));
        const auto text = std::get<WsMessage>(*co_await (*socket)->receive());
        EXPECT_EQ(text.data, "hello");
        EXPECT_FALSE(text.binary);
        const auto binary = std::get<WsMessage>(*co_await (*socket)->receive());
        EXPECT_TRUE(binary.binary);
        EXPECT_EQ(binary.data.size(), 70'000U);
        EXPECT_TRUE((*socket)->send({.binary = false, .data = "bye"}));
        const auto closed = std::get<WsClosed>(*co_await (*socket)->receive());
        EXPECT_EQ(closed.code, 4014);
        EXPECT_EQ(closed.reason, "disconnected");
        EXPECT_FALSE((*socket)->send({.binary = false, .data = "too late"}));
    }(*this));
}

TEST_F(WebSocketTest, CarriesCloseCodesToTheServer) {
    listen();
    std::uint16_t seen = 0;
    server_->websocket("/", [&seen](ServerRequest, std::unique_ptr<WebSocket> socket) -> runtime::Task<void> {
        const auto next = co_await socket->receive();
        if (next) seen = std::get<WsClosed>(*next).code;
    });
    serve_and([](ServerTest& test, std::uint16_t& code) -> runtime::Task<void> {
        auto socket = co_await WebSocket::connect(test.context_, {.url = test.url("/", "ws")});
        EXPECT_TRUE(socket);
        if (!socket) co_return;
        co_await (*socket)->close(4200, "resume later");
        for (int i = 0; i < 100 && code == 0; ++i) co_await runtime::sleep_for(std::chrono::milliseconds{1});
        EXPECT_EQ(code, 4200);
    }(*this, seen));
}

TEST_F(WebSocketTest, RefusesAMessageOverTheLimit) {
    listen();
    server_->websocket("/", [](ServerRequest, std::unique_ptr<WebSocket> socket) -> runtime::Task<void> {
        EXPECT_TRUE(socket->send({.binary = true, .data = std::string(2000, 'x')}));
        static_cast<void>(co_await socket->receive());
    });
    serve_and([](ServerTest& test) -> runtime::Task<void> {
        auto socket = co_await WebSocket::connect(test.context_,
                                                  {.url = test.url("/", "ws"), .max_message_bytes = 1000});
        EXPECT_TRUE(socket);
        if (!socket) co_return;
        EXPECT_EQ(std::get<WsClosed>(*co_await (*socket)->receive()).code, 1009);
    }(*this));
}

}  // namespace
}  // namespace bandstand::http
