#include "router.hpp"

#include <gtest/gtest.h>

namespace bandstand::http {
namespace {

// A handler is told from another by where it is stored; these routers keep their addresses once filled.
class RouterTest : public testing::Test {
protected:
    void add(const char* method, const char* pattern) {
        router_.add(method, pattern,
                    [](ServerRequest) -> runtime::Task<ServerResponse> { co_return ServerResponse{}; });
    }
    std::map<std::string, std::string> params(const char* target) {
        const auto match = router_.find("GET", target);
        return match && match->handler != nullptr ? match->params
                                                  : std::map<std::string, std::string>{{"no", "match"}};
    }
    using Params = std::map<std::string, std::string>;

    Router router_;
};

TEST_F(RouterTest, CapturesSegmentsAndTheRest) {
    add("GET", "/channels/{channel}/messages/{message}");
    add("GET", "/files/{path*}");
    EXPECT_EQ(params("/channels/1/messages/2?limit=3"), (Params{{"channel", "1"}, {"message", "2"}}));
    EXPECT_EQ(params("/files/a/b/c.ogg"), (Params{{"path", "a/b/c.ogg"}}));
    EXPECT_FALSE(router_.find("GET", "/channels/1/messages"));
    EXPECT_FALSE(router_.find("GET", "/channels/1/messages/2/3"));
    EXPECT_FALSE(router_.find("GET", "/channels//messages/2"));
    EXPECT_FALSE(router_.find("GET", "/files"));
}

TEST_F(RouterTest, DecodesASegmentAfterSplitting) {
    add("GET", "/webhooks/{token}/messages/@original");
    EXPECT_EQ(params("/webhooks/a%2Fb/messages/%40original"), (Params{{"token", "a/b"}}));
}

TEST_F(RouterTest, ALiteralWinsOverACaptureWhateverTheOrder) {
    add("GET", "/users/{user}");
    add("GET", "/{rest*}");
    add("GET", "/users/@me");
    EXPECT_EQ(params("/users/@me"), Params{});
    EXPECT_EQ(params("/users/7"), (Params{{"user", "7"}}));
    EXPECT_EQ(params("/other"), (Params{{"rest", "other"}}));
}

TEST_F(RouterTest, TellsAWrongMethodFromAnUnknownPath) {
    add("POST", "/a");
    const auto wrong_method = router_.find("GET", "/a");
    ASSERT_TRUE(wrong_method);
    EXPECT_EQ(wrong_method->handler, nullptr);
    EXPECT_FALSE(router_.find("GET", "/b"));
    // A more general pattern that has the method still serves it.
    add("GET", "/{any}");
    EXPECT_EQ(params("/a"), (Params{{"any", "a"}}));
}

TEST_F(RouterTest, WebSocketsAndRequestsShareAPath) {
    add("GET", "/");
    router_.add_websocket(
        "/", [](ServerRequest, std::unique_ptr<WebSocket>) -> runtime::Task<void> { co_return; });
    Params found;
    EXPECT_NE(router_.find_websocket("/?v=10&encoding=json", found), nullptr);
    EXPECT_EQ(router_.find_websocket("/other", found), nullptr);
    EXPECT_EQ(params("/"), Params{});
}

TEST(ParseTarget, DecodesPathAndQuery) {
    const auto request = parse_target("GET", "/a%20b?x=1&x=2&flag&y=a+b%26c&&=z");
    EXPECT_EQ(request.path, "/a b");
    EXPECT_EQ(request.target, "/a%20b?x=1&x=2&flag&y=a+b%26c&&=z");
    using Query = std::multimap<std::string, std::string>;
    EXPECT_EQ(request.query, (Query{{"", "z"}, {"flag", ""}, {"x", "1"}, {"x", "2"}, {"y", "a b&c"}}));
}

}  // namespace
}  // namespace bandstand::http
