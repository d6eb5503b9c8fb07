#include "router.hpp"

#include <gtest/gtest.h>

namespace bandstand::http {
namespace {

Handler handler() {
    return [](ServerRequest) -> runtime::Task<ServerResponse> { co_return ServerResponse::empty(204); };
}

TEST(Router, PrefersLiteralSegmentsAndCapturesTheRest) {
    Router router;
    router.add("GET", "/users/{id}", handler());
    router.add("GET", "/users/@me", handler());
    router.add("GET", "/cdn/{path*}", handler());
    EXPECT_TRUE(router.find("GET", "/users/@me")->params.empty());
    EXPECT_EQ(router.find("GET", "/users/7")->params.at("id"), "7");
    EXPECT_EQ(router.find("GET", "/cdn/a/b.mp3")->params.at("path"), "a/b.mp3");
    EXPECT_FALSE(router.find("GET", "/users"));
    EXPECT_FALSE(router.find("GET", "/users/"));
    EXPECT_FALSE(router.find("GET", "/users/7/x"));
}

TEST(Router, TellsAWrongMethodFromAnUnknownPath) {
    Router router;
    router.add("POST", "/a", handler());
    ASSERT_TRUE(router.find("GET", "/a"));
    EXPECT_EQ(router.find("GET", "/a")->handler, nullptr);
    EXPECT_NE(router.find("POST", "/a")->handler, nullptr);
}

TEST(ParseTarget, DecodesPathAndQuery) {
    const auto request = parse_target("GET", "/messages/%40original?with_response=true&x=a+b%21&flag");
    EXPECT_EQ(request.path, "/messages/@original");
    EXPECT_EQ(request.query.find("with_response")->second, "true");
    EXPECT_EQ(request.query.find("x")->second, "a b!");
    EXPECT_EQ(request.query.find("flag")->second, "");
}

}  // namespace
}  // namespace bandstand::http
