#include "discord/shard_manager.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "discord/api.hpp"
#include "http/server.hpp"
#include "runtime/task_group.hpp"
#include "runtime/testing.hpp"

namespace bandstand::discord {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using http::ServerRequest;
using http::ServerResponse;
using http::WebSocket;
using http::WsMessage;
using runtime::Task;

/// A gateway of one page: Hello, then what a test says for each payload.
class ShardManagerTest : public runtime::LoopTest {
protected:
    ShardManagerTest() : server_{context_, {}} {
        server_.route("GET", "/api/v10/gateway/bot", [this](ServerRequest) -> Task<ServerResponse> {
            const Json limit{
                {"total", 1000}, {"remaining", 1000}, {"reset_after", 1000}, {"max_concurrency", 1}};
            const Json body{{"url", url()}, {"shards", 1}, {"session_start_limit", limit}};
            co_return ServerResponse::json(200, body.dump());
        });
        server_.websocket("/",
                          [this](ServerRequest request, std::unique_ptr<WebSocket> socket) -> Task<void> {
                              ++connections_;
                              query_ = request.query;
                              co_await serve_gateway(*socket);
                          });
        EXPECT_TRUE(server_.listen());
        rest_options_.api_url = "http://127.0.0.1:" + std::to_string(server_.port()) + "/api";
    }
    std::string url() const { return "ws://127.0.0.1:" + std::to_string(server_.port()); }

    static void say(WebSocket& socket, const Json& json) {
        (void)socket.send({.binary = false, .data = json.dump()});
    }

    Task<void> serve_gateway(WebSocket& socket) {
        say(socket, {{"op", 10}, {"d", {{"heartbeat_interval", 45'000}}}});
        for (;;) {
            auto received = co_await socket.receive();
            const auto* message = received ? std::get_if<WsMessage>(&*received) : nullptr;
            if (message == nullptr) {
                if (received) closed_with_ = std::get<http::WsClosed>(*received).code;
                co_return;
            }
            auto json = Json::parse(message->data);
            const int op = json["op"];
            heard_.push_back(json);
            if (op == 2 && refuse_with_ != 0) {
                co_await socket.close(refuse_with_, "");
                co_return;
            }
            if (op == 2) say(socket, ready());
            if (op == 6) say(socket, {{"op", 0}, {"s", 2}, {"t", "RESUMED"}, {"d", {{"x", 1}}}});
            if (op == 4 && drop_on_voice_) {
                drop_on_voice_ = false;
                co_await socket.close(4000, "");
                co_return;
            }
        }
    }
    Json ready() const {
        const Json d{{"user", {{"id", "11"}, {"username", "Bandstand"}}},
                     {"application", {{"id", "10"}}},
                     {"session_id", "s1"},
                     {"resume_gateway_url", url()},
                     {"guilds", Json::array()}};
        return {{"op", 0}, {"s", 1}, {"t", "READY"}, {"d", d}};
    }

    /// Runs a manager until `done` says so; then stops it and returns how it ended.
    base::Result<void> run_until(std::function<void(ShardManager&, const ShardEvent&)> on_event) {
        base::Result<void> ended;
        run([](ShardManagerTest* self, std::function<void(ShardManager&, const ShardEvent&)> callback,
               base::Result<void>* out) -> Task<void> {
            RestClient rest{self->context_, self->rest_options_};
            Api api{rest};
            ShardManager* known = nullptr;
            ShardManager manager{
                self->context_,
                api,
                {.token = base::Secret{"token-1"}, .compression = Compression::none, .ca_file = {}},
                [&](ShardEvent event) { callback(*known, event); }};
            known = &manager;
            runtime::TaskGroup server{self->context_};
            server.spawn("server", self->server_.serve());
            runtime::TaskGroup shards{self->context_};
            self->stop_ = [&shards] { shards.stop(); };
            shards.spawn("shards", manager.run());
            *out = co_await shards.join();
            server.stop();
            (void)co_await server.join();
        }(this, std::move(on_event), &ended));
        return ended;
    }

    http::Server server_;
    RestOptions rest_options_;
    std::function<void()> stop_;
    int connections_ = 0;
    std::uint16_t refuse_with_ = 0;
    bool drop_on_voice_ = false;
    std::multimap<std::string, std::string> query_;
    std::vector<Json> heard_;
    std::uint16_t closed_with_ = 0;
};

TEST_F(ShardManagerTest, LogsInAndDeliversReady) {
    std::vector<std::string> names;
    const auto ended = run_until([&](ShardManager& manager, const ShardEvent& event) {
        names.push_back(event.dispatch.name);
        EXPECT_EQ(manager.why_not_ready(), "");
        stop_();
    });
    EXPECT_TRUE(ended) << ended.error().describe();
    EXPECT_EQ(names, std::vector<std::string>{"READY"});
    EXPECT_EQ(query_.find("v")->second, "10");
    EXPECT_EQ(heard_.at(0)["d"]["token"], "token-1");
    EXPECT_EQ(closed_with_, 1000) << "the session ends when the service stops";
}

TEST_F(ShardManagerTest, ResumesAfterTheConnectionWasClosed) {
    drop_on_voice_ = true;
    std::vector<std::string> names;
    const auto ended = run_until([&](ShardManager& manager, const ShardEvent& event) {
        names.push_back(event.dispatch.name);
        if (event.dispatch.name == "READY") {
            EXPECT_TRUE(manager.update_voice_state(GuildId{1}, ChannelId{2}, true));
        } else {
            stop_();
        }
    });
    EXPECT_TRUE(ended) << ended.error().describe();
    EXPECT_EQ(names, (std::vector<std::string>{"READY", "RESUMED"}));
    EXPECT_EQ(connections_, 2);
    EXPECT_EQ(heard_.back()["op"], 6);
    EXPECT_EQ(heard_.back()["d"]["seq"], 1);
}

TEST_F(ShardManagerTest, EndsWithAdviceWhenDiscordRefusesForGood) {
    refuse_with_ = 4014;
    const auto ended = run_until([](ShardManager&, const ShardEvent&) {});
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().reason(), kDisallowedIntents);
    EXPECT_NE(ended.error().detail().find("developer portal"), std::string::npos) << ended.error().detail();
    EXPECT_EQ(connections_, 1);
}

}  // namespace
}  // namespace bandstand::discord
