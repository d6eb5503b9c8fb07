#include "http/server.hpp"

#include "http/ops.hpp"
#include "server_fixture.hpp"

namespace bandstand::http {
namespace {

class ServerRefusals : public ServerTest {};

TEST_F(ServerRefusals, AnswersUnknownPathsWrongMethodsAndOversizeBodies) {
    listen({.max_body_bytes = 100});
    server_->route("POST", "/a", [](ServerRequest) -> runtime::Task<ServerResponse> {
        co_return ServerResponse::empty(204);
    });
    serve_and([](ServerTest& test) -> runtime::Task<void> {
        Client client{test.context_, {}};
        EXPECT_EQ((co_await client.send({.url = test.url("/nowhere")}))->status, 404);
        EXPECT_EQ((co_await client.send({.url = test.url("/a")}))->status, 405);
        ClientRequest fits{.method = "POST", .url = test.url("/a"), .body = "small"};
        EXPECT_EQ((co_await client.send(std::move(fits)))->status, 204);
        ClientRequest big{.method = "POST", .url = test.url("/a"), .body = std::string(101, 'x')};
        EXPECT_EQ((co_await client.send(std::move(big)))->status, 413);
    }(*this));
}

TEST_F(ServerRefusals, ReadinessNamesThePartThatIsNotReady) {
    listen();
    add_ops_routes(*server_, context_);
    context_.readiness().add("bus", [] { return "not connected"; });
    serve_and([](ServerTest& test) -> runtime::Task<void> {
        Client client{test.context_, {}};
        EXPECT_EQ((co_await client.send({.url = test.url("/healthz")}))->status, 200);
        const auto ready = co_await client.send({.url = test.url("/readyz")});
        EXPECT_EQ(ready->status, 503);
        EXPECT_NE(ready->body.find("\"bus\":\"not connected\""), std::string::npos) << ready->body;
        EXPECT_EQ((co_await client.send({.url = test.url("/metrics")}))->status, 200);
    }(*this));
}

}  // namespace
}  // namespace bandstand::http
