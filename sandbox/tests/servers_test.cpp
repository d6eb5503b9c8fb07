// The stand-in over real sockets: what stands between the model and the wire.

#include <filesystem>

#include "http/client.hpp"
#include "runtime/task_group.hpp"
#include "runtime/testing.hpp"
#include "sandbox/servers/certificate.hpp"
#include "sandbox/servers/control_api.hpp"
#include "sandbox/servers/rest_api.hpp"
#include "sandbox/servers/sockets.hpp"
#include "sandbox/tests/builders.hpp"

namespace bandstand::sandbox {
namespace {

using namespace testing;
using runtime::Task;

class ServersTest : public runtime::LoopTest {
public:
    using LoopTest::context_;

    ServersTest() {
        serve_gateway(main_, stand_in_, tasks_);
        serve_uploads(main_, stand_in_);
        for (auto* server : {&main_, &control_}) {
            EXPECT_TRUE(server->listen());
            tasks_.spawn("server", server->serve());
        }
        stand_in_.origin = url(main_);
    }
    static std::string url(const http::Server& server) {
        return "http://127.0.0.1:" + std::to_string(server.port());
    }

    Task<http::ClientResponse> send(http::ClientRequest request) {
        auto response = co_await client_.send(std::move(request));
        EXPECT_TRUE(response) << response.error().describe();
        co_return response ? std::move(*response) : http::ClientResponse{};
    }
    Task<http::ClientResponse> rest(std::string method, std::string path, std::string body = "",
                                    std::string token = "sandbox.token.1") {
        http::ClientRequest request{.method = std::move(method),
                                    .url = url(main_) + "/api/v10" + path,
                                    .headers = {},
                                    .body = std::move(body)};
        request.headers.set("Authorization", "Bot " + token);
        if (!request.body.empty()) request.headers.set("Content-Type", "application/json");
        co_return co_await send(std::move(request));
    }
    Task<http::ClientResponse> control(std::string path, Json body) {
        http::ClientRequest request{
            .method = "POST", .url = url(control_) + path, .headers = {}, .body = to_text(body)};
        request.headers.set("Content-Type", "application/json");
        co_return co_await send(std::move(request));
    }
    Task<void> finish() {
        tasks_.stop();
        EXPECT_TRUE(co_await tasks_.join());
    }
    static http::ClientOptions agent() {
        http::ClientOptions options;
        options.user_agent = "DiscordBot (https://example.org, 1)";
        return options;
    }

    StandIn stand_in_{default_world(), base::system_clock(), loop_, [](const UdpAddress&, base::ByteView) {}};
    runtime::TaskGroup tasks_{context_};
    http::Server main_{context_, {}};
    http::Server control_{context_, {}};
    RestApi rest_{stand_in_, main_};
    ControlApi controls_{stand_in_, control_};
    http::Client client_{context_, agent()};
};

TEST_F(ServersTest, RefusesBadTokensAgentsVersionsAndBodies) {
    run([](ServersTest& t) -> Task<void> {
        EXPECT_EQ((co_await t.rest("GET", "/users/@me")).status, 200);
        EXPECT_EQ((co_await t.rest("GET", "/users/@me", "", "wrong")).status, 401);
        EXPECT_EQ((co_await t.rest("GET", "/nothing/here")).status, 404);
        http::ClientRequest anonymous;
        anonymous.url = url(t.main_) + "/api/v10/gateway";
        anonymous.headers.set("User-Agent", "curl/8");
        EXPECT_EQ((co_await t.send(std::move(anonymous))).status, 403);
        http::ClientRequest old;
        old.url = url(t.main_) + "/api/v9/gateway";
        EXPECT_EQ((co_await t.send(std::move(old))).status, 400);
        const auto bad = co_await t.rest("POST", "/users/@me/channels", "{");
        EXPECT_EQ(parse_json(bad.body)->at("code"), 50109);
        http::ClientRequest form{.method = "POST",
                                 .url = url(t.main_) + "/api/v10/users/@me/channels",
                                 .headers = {},
                                 .body = "a=b"};
        form.headers.set("Authorization", "Bot sandbox.token.1");
        form.headers.set("Content-Type", "application/x-www-form-urlencoded");
        EXPECT_EQ(parse_json((co_await t.send(std::move(form))).body)->at("code"), 50035);
        co_await t.finish();
    }(*this));
}

TEST_F(ServersTest, TellsAndKeepsRateLimits) {
    run([](ServersTest& t) -> Task<void> {
        auto& lounge = guild_named(t.stand_in_.world, "Lounge");
        const auto path =
            "/channels/" + base::to_string(channel_named(t.stand_in_.world, lounge, "general")) + "/messages";
        for (int left = 4; left >= 0; --left) {
            const auto sent = co_await t.rest("POST", path, R"({"content":"hi"})");
            EXPECT_EQ(sent.status, 200) << sent.body;
            EXPECT_EQ(sent.headers.get("X-RateLimit-Remaining"), std::to_string(left));
        }
        const auto refused = co_await t.rest("POST", path, R"({"content":"hi"})");
        EXPECT_EQ(refused.status, 429);
        EXPECT_EQ(refused.headers.get("X-RateLimit-Scope"), "user");
        EXPECT_TRUE(refused.headers.get("Retry-After"));
        EXPECT_TRUE(refused.headers.get("Via"));
        EXPECT_EQ(parse_json(refused.body)->at("global"), false);
        co_await t.finish();
    }(*this));
}

TEST_F(ServersTest, AFaultHitsItsRouteAsOftenAsAsked) {
    run([](ServersTest& t) -> Task<void> {
        const Json fault{{"path", "/users/@me"}, {"status", 503}, {"times", 1}};
        EXPECT_EQ((co_await t.control("/faults/rest", fault)).status, 200);
        EXPECT_EQ((co_await t.rest("GET", "/users/@me")).status, 503);
        EXPECT_EQ((co_await t.rest("GET", "/users/@me")).status, 200);
        co_await t.finish();
    }(*this));
}

TEST_F(ServersTest, UploadsAreServedWithRanges) {
    run([](ServersTest& t) -> Task<void> {
        http::ClientRequest upload{.method = "POST",
                                   .url = url(t.control_) + "/uploads?filename=a%20song.mp3",
                                   .headers = {},
                                   .body = "0123456789"};
        const auto object = *parse_json((co_await t.send(std::move(upload))).body);
        EXPECT_EQ(object.at("filename"), "a_song.mp3");
        EXPECT_EQ(object.at("content_type"), "audio/mpeg");
        const auto get = [&](std::string range) {
            http::ClientRequest request;
            request.url = text_of(object, "url");
            if (!range.empty()) request.headers.set("Range", range);
            return t.send(std::move(request));
        };
        EXPECT_EQ((co_await get("")).body, "0123456789");
        const auto part = co_await get("bytes=2-4");
        EXPECT_EQ(part.status, 206);
        EXPECT_EQ(part.body, "234");
        EXPECT_EQ(part.headers.get("Content-Range"), "bytes 2-4/10");
        EXPECT_EQ((co_await get("bytes=8-")).body, "89");
        EXPECT_EQ((co_await get("bytes=-3")).body, "789");
        EXPECT_EQ((co_await get("bytes=10-")).status, 416);
        co_await t.finish();
    }(*this));
}

TEST_F(ServersTest, AMemberIsToldWhyNothingHappens) {
    run([](ServersTest& t) -> Task<void> {
        const auto none =
            co_await t.control("/interactions/command", {{"as", "alice"}, {"text", "/play query:x"}});
        EXPECT_EQ(none.status, 404);
        EXPECT_NE(text_of(*parse_json(none.body), "error").find("none is registered"), std::string::npos);
        const auto who = co_await t.control("/voice/join", {{"as", "zed"}});
        EXPECT_NE(text_of(*parse_json(who.body), "error").find("alice, bob, carol"), std::string::npos);
        co_await t.finish();
    }(*this));
}

TEST_F(ServersTest, ABotOverTheWireIsGreetedAndClosedWithItsCode) {
    run([](ServersTest& t) -> Task<void> {
        http::WsOptions options;
        options.url = "ws://127.0.0.1:" + std::to_string(t.main_.port()) + "/?v=10&encoding=json";
        auto socket = co_await http::WebSocket::connect(t.context_, options);
        EXPECT_TRUE(socket);
        const auto hello = co_await (*socket)->receive();
        EXPECT_EQ(parse_json(std::get<http::WsMessage>(*hello).data)->at("op"), 10);
        EXPECT_TRUE((*socket)->send({.binary = false, .data = to_text(identify("wrong"))}));
        const auto closed = co_await (*socket)->receive();
        EXPECT_EQ(std::get<http::WsClosed>(*closed).code, 4004);
        socket->reset();
        co_await t.finish();
    }(*this));
}

TEST(Certificate, IsMadeInAFolderOfItsOwnWithAPrivateKey) {
    const auto folder = std::filesystem::path{::testing::TempDir()} / "sandbox-certificate";
    const auto files = make_certificate(folder.string());
    ASSERT_TRUE(files) << files.error().describe();
    EXPECT_GT(std::filesystem::file_size(files->ca), 0U);
    const auto rights = std::filesystem::status(files->key).permissions();
    EXPECT_EQ(rights & (std::filesystem::perms::group_all | std::filesystem::perms::others_all),
              std::filesystem::perms::none);
    std::filesystem::remove_all(folder);
    EXPECT_FALSE(make_certificate("/dev/null/nowhere"));
}

}  // namespace
}  // namespace bandstand::sandbox
