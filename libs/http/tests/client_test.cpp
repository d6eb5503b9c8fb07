#include "http/client.hpp"

#include "server_fixture.hpp"

namespace bandstand::http {
namespace {

class ClientTest : public ServerTest {};

TEST_F(ClientTest, SendsABodyAndReadsTheAnswer) {
    listen();
    server_->route("POST", "/echo/{name}", [](ServerRequest request) -> runtime::Task<ServerResponse> {
        co_return ServerResponse::text(201, request.params.at("name") + ":" + request.body);
    });
    serve_and([](ClientTest& test) -> runtime::Task<void> {
        Client client{test.context_, {}};
        for (int i = 0; i < 3; ++i) {  // the second and third go over the kept-alive connection
            ClientRequest request{.method = "POST", .url = test.url("/echo/bach"), .body = "fugue"};
            const auto answer = co_await client.send(std::move(request));
            EXPECT_TRUE(answer) << answer.error().describe();
            if (!answer) co_return;
            EXPECT_EQ(answer->status, 201);
            EXPECT_EQ(answer->body, "bach:fugue");
        }
    }(*this));
}

TEST_F(ClientTest, RefusesToEnterAPrivateNetworkEvenByRedirect) {
    listen();
    server_->route("GET", "/away", [this](ServerRequest) -> runtime::Task<ServerResponse> {
        co_return ServerResponse{.status = 302, .headers = {{"Location", url("/inside")}}};
    });
    serve_and([](ClientTest& test) -> runtime::Task<void> {
        Client guarded{test.context_, {.addresses = AddressPolicy::public_only()}};
        const auto refused = co_await guarded.open({.url = test.url("/away")});
        EXPECT_FALSE(refused);
        if (!refused) {
            EXPECT_EQ(refused.error().reason(), kAddressRefused);
        }
    }(*this));
}

TEST_F(ClientTest, StreamsABodyInPieces) {
    listen();
    server_->route("GET", "/big", [](ServerRequest) -> runtime::Task<ServerResponse> {
        co_return ServerResponse::text(200, std::string(300'000, 'x'));
    });
    serve_and([](ClientTest& test) -> runtime::Task<void> {
        Client client{test.context_, {}};
        auto reader = co_await client.open({.url = test.url("/big")});
        EXPECT_TRUE(reader);
        if (!reader) co_return;
        EXPECT_EQ((*reader)->head().status, 200);
        base::Bytes piece(10'000);
        std::size_t total = 0;
        while (true) {
            const auto got = co_await (*reader)->read(piece);
            EXPECT_TRUE(got);
            if (!got || *got == 0) break;
            total += *got;
        }
        EXPECT_EQ(total, 300'000U);
    }(*this));
}

TEST_F(ClientTest, SaysWhenNobodyAnswers) {
    listen({.port = 0});
    serve_and([](ClientTest& test) -> runtime::Task<void> {
        Client client{test.context_, {}};
        const auto refused = co_await client.send({.url = "http://127.0.0.1:1/"});
        EXPECT_FALSE(refused);
        if (!refused) {
            EXPECT_EQ(refused.error().reason(), kUnreachable);
        }
    }(*this));
}

}  // namespace
}  // namespace bandstand::http
