#include "discord/rest_client.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>

#include "discord/api.hpp"
#include "http/server.hpp"
#include "runtime/task_group.hpp"
#include "runtime/testing.hpp"

namespace bandstand::discord {
namespace {

using namespace std::chrono_literals;
using http::ServerRequest;
using http::ServerResponse;
using runtime::Task;

Route get(std::string path) {
    return {.method = "GET", .path_template = path, .major = {}, .path = path};
}

/// Discord's REST API as a list of answers, given one after the other.
class RestClientTest : public runtime::LoopTest {
public:
    using LoopTest::context_;

    RestClientTest() : server_{context_, {}} {
        for (const auto* method : {"GET", "POST", "PUT", "PATCH"}) {
            server_.route(method, "/api/v10/{rest*}", [this](ServerRequest request) -> Task<ServerResponse> {
                requests_.push_back(std::move(request));
                auto answer = answers_.empty() ? ServerResponse::json(200, "{}") : answers_.front();
                if (!answers_.empty()) answers_.pop_front();
                co_return answer;
            });
        }
        EXPECT_TRUE(server_.listen());
    }
    /// Runs `test` while the server serves.
    void with_server(Task<void> test) {
        run([](RestClientTest* self, Task<void> inner) -> Task<void> {
            runtime::TaskGroup tasks{self->context_};
            tasks.spawn("server", self->server_.serve());
            co_await std::move(inner);
            tasks.stop();
            (void)co_await tasks.join();
        }(this, std::move(test)));
    }
    RestOptions options() const {
        RestOptions made;
        made.api_url = "http://127.0.0.1:" + std::to_string(server_.port()) + "/api";
        made.token = base::Secret{"token-1"};
        return made;
    }
    static ServerResponse limited(std::string body, std::string scope = "user") {
        auto answer = ServerResponse::json(429, std::move(body));
        answer.headers.set("X-RateLimit-Scope", scope);
        return answer;
    }

    http::Server server_;
    std::vector<ServerRequest> requests_;
    std::deque<ServerResponse> answers_;
};

TEST_F(RestClientTest, SendsTheTokenAndAUserAgentOfABot) {
    with_server([](RestClientTest* self) -> Task<void> {
        RestClient rest{self->context_, self->options()};
        const auto answer = co_await rest.request(get("/users/@me"), {}, {});
        EXPECT_TRUE(answer);
        EXPECT_EQ(self->requests_.at(0).headers.get("Authorization"), "Bot token-1");
        EXPECT_TRUE(
            self->requests_.at(0).headers.get("User-Agent").value_or("").starts_with("DiscordBot (https://"));
    }(this));
}

TEST_F(RestClientTest, AnswersInteractionsWithoutTheToken) {
    answers_.push_back(ServerResponse::empty(204));
    with_server([](RestClientTest* self) -> Task<void> {
        RestClient rest{self->context_, self->options()};
        Api api{rest};
        const auto answered = co_await api.answer_interaction(InteractionId{5}, "tok", {}, 3s);
        EXPECT_TRUE(answered) << answered.error().describe();
        EXPECT_EQ(self->requests_.at(0).path, "/api/v10/interactions/5/tok/callback");
        EXPECT_EQ(self->requests_.at(0).body, R"({"type":5})");
        EXPECT_EQ(self->requests_.at(0).headers.get("Authorization"), std::nullopt);
    }(this));
}

TEST_F(RestClientTest, WaitsAsLongAsA429SaysAndTriesAgain) {
    answers_.push_back(limited(R"({"message":"slow down","retry_after":0.1,"global":false})"));
    with_server([](RestClientTest* self) -> Task<void> {
        RestClient rest{self->context_, self->options()};
        const auto before = self->context_.clock().now();
        EXPECT_TRUE(co_await rest.request(get("/a"), {}, {}));
        EXPECT_GE(self->context_.clock().now() - before, 100ms);
        EXPECT_EQ(self->requests_.size(), 2U);
    }(this));
}

TEST_F(RestClientTest, RepeatsAfterAServerErrorWhatMayBeRepeated) {
    answers_ = {ServerResponse::text(502, "bad gateway")};
    with_server([](RestClientTest* self) -> Task<void> {
        RestClient rest{self->context_, self->options()};
        auto route = get("/a");
        route.interaction = true;  // its first pause is short
        EXPECT_TRUE(co_await rest.request(route, {}, {}));
        EXPECT_EQ(self->requests_.size(), 2U);
        self->answers_ = {ServerResponse::text(502, "bad gateway")};
        const auto refused = co_await rest.request(route, {}, {.repeat_on_failure = false});
        EXPECT_FALSE(refused);
        EXPECT_EQ(refused.error().kind(), base::ErrorKind::unavailable);
        EXPECT_EQ(self->requests_.size(), 3U);
    }(this));
}

TEST_F(RestClientTest, TellsWhichFieldDiscordRefused) {
    answers_.push_back(ServerResponse::json(
        400, R"({"code":50035,"message":"Invalid Form Body","errors":{"embeds":{"0":{"title":{"_errors":[
                 {"code":"BASE_TYPE_MAX_LENGTH","message":"Must be 256 or fewer in length."}]}}}}})"));
    with_server([](RestClientTest* self) -> Task<void> {
        RestClient rest{self->context_, self->options()};
        const auto refused = co_await rest.request(get("/a"), {}, {});
        EXPECT_FALSE(refused);
        EXPECT_EQ(refused.error().reason(), kRestRefused);
        EXPECT_EQ(
            refused.error().detail(),
            "GET /a answered 400/50035: Invalid Form Body; embeds.0.title: Must be 256 or fewer in length.");
    }(this));
}

TEST_F(RestClientTest, KnowsTheRefusalsThatMatter) {
    answers_ = {ServerResponse::json(404, R"({"code":10062,"message":"Unknown interaction"})"),
                ServerResponse::json(403, R"({"code":50013,"message":"Missing Permissions"})")};
    with_server([](RestClientTest* self) -> Task<void> {
        RestClient rest{self->context_, self->options()};
        const auto unknown = co_await rest.request(get("/a"), {}, {});
        EXPECT_FALSE(unknown);
        EXPECT_EQ(unknown.error().reason(), kUnknownInteraction);
        const auto forbidden = co_await rest.request(get("/b"), {}, {});
        EXPECT_FALSE(forbidden);
        EXPECT_EQ(forbidden.error().reason(), kMissingPermission);
    }(this));
}

TEST_F(RestClientTest, DoesNotCallAgainAfterA401) {
    answers_ = {ServerResponse::json(401, R"({"code":0,"message":"401: Unauthorized"})")};
    with_server([](RestClientTest* self) -> Task<void> {
        RestClient rest{self->context_, self->options()};
        for (int i = 0; i < 2; ++i) {
            const auto refused = co_await rest.request(get("/a"), {}, {});
            EXPECT_FALSE(refused);
            EXPECT_EQ(refused.error().reason(), kTokenRefused);
        }
        EXPECT_EQ(self->requests_.size(), 1U);
    }(this));
}

TEST_F(RestClientTest, GivesUpAtItsDeadlineEvenWhileItWaits) {
    answers_.push_back(limited(R"({"message":"slow down","retry_after":60,"global":false})"));
    with_server([](RestClientTest* self) -> Task<void> {
        RestClient rest{self->context_, self->options()};
        const auto late = co_await rest.request(get("/a"), {}, {.deadline = 200ms});
        EXPECT_FALSE(late);
        EXPECT_EQ(late.error().reason(), kRestDeadline);
        const auto other = co_await rest.request(get("/b"), {}, {.deadline = 5s});
        EXPECT_TRUE(other) << "what was given up holds nobody back";
    }(this));
}

TEST_F(RestClientTest, SendsWithinADiscoveredBucketAndWaitsForItsReset) {
    auto last = ServerResponse::json(200, "{}");
    last.headers.set("X-RateLimit-Bucket", "h");
    last.headers.set("X-RateLimit-Limit", "1");
    last.headers.set("X-RateLimit-Remaining", "0");
    last.headers.set("X-RateLimit-Reset-After", "0.15");
    answers_ = {last};
    with_server([](RestClientTest* self) -> Task<void> {
        RestClient rest{self->context_, self->options()};
        EXPECT_TRUE(co_await rest.request(get("/a"), {}, {}));
        const auto before = self->context_.clock().now();
        EXPECT_TRUE(co_await rest.request(get("/a"), {}, {}));
        EXPECT_GE(self->context_.clock().now() - before, 140ms);
    }(this));
}

TEST_F(RestClientTest, ReadsTheGatewaysAddressAndLimits) {
    answers_ = {ServerResponse::json(200, R"({"url":"wss://gateway","shards":3,"session_start_limit":
        {"total":1000,"remaining":999,"reset_after":14400000,"max_concurrency":2}})")};
    with_server([](RestClientTest* self) -> Task<void> {
        RestClient rest{self->context_, self->options()};
        Api api{rest};
        const auto bot = co_await api.gateway_bot();
        EXPECT_TRUE(bot);
        EXPECT_EQ(bot->url, "wss://gateway");
        EXPECT_EQ(bot->shards, 3U);
        EXPECT_EQ(bot->session_start_limit.max_concurrency, 2U);
        EXPECT_EQ(bot->session_start_limit.reset_after, 4h);
    }(this));
}

TEST_F(RestClientTest, EditsTheOriginalAnswerAndReturnsItsId) {
    answers_ = {ServerResponse::json(200, R"({"id":"777","channel_id":"6"})")};
    with_server([](RestClientTest* self) -> Task<void> {
        RestClient rest{self->context_, self->options()};
        Api api{rest};
        const auto id = co_await api.edit_original(ApplicationId{8}, "tok",
                                                   {.content = "hi", .embeds = {}, .buttons = {}});
        EXPECT_TRUE(id);
        EXPECT_EQ(*id, MessageId{777});
        EXPECT_EQ(self->requests_.at(0).path, "/api/v10/webhooks/8/tok/messages/@original");
    }(this));
}

}  // namespace
}  // namespace bandstand::discord
