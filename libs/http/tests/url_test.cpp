#include "http/url.hpp"

#include <gtest/gtest.h>

namespace bandstand::http {
namespace {

TEST(Url, TakesAnAbsoluteUrlApart) {
    const auto url = Url::parse("HTTPS://Example.ORG:8443/a%20b?c=d#part");
    ASSERT_TRUE(url) << url.error().describe();
    EXPECT_EQ(url->scheme, "https");
    EXPECT_EQ(url->host, "example.org");
    EXPECT_EQ(url->port, 8443);
    EXPECT_EQ(url->target, "/a%20b?c=d");
    EXPECT_EQ(url->text(), "https://example.org:8443/a%20b?c=d");
}

TEST(Url, KnowsTheUsualPortsAndAnEmptyPath) {
    EXPECT_EQ(Url::parse("wss://a.b")->port, 443);
    EXPECT_EQ(Url::parse("ws://a.b?x=1")->target, "/?x=1");
    EXPECT_EQ(Url::parse("http://[::1]:81/")->authority(), "[::1]:81");
}

TEST(Url, RefusesWhatIsNotAPlainWebAddress) {
    for (const auto* bad :
         {"", "example.org", "ftp://a/", "http://", "http:///x", "http://user@a/", "http://u:p@a/",
          "http://a b/", "http://a/\n", "http://a:0/", "http://a:65536/", "http://a:8x/", "http://[::1/",
          "http://[zz]/", "http://\xc3\xa9/", "javascript://a/", "http://a\\b/"}) {
        const auto url = Url::parse(bad);
        ASSERT_FALSE(url) << bad;
        EXPECT_EQ(url.error().reason(), kBadUrl);
    }
    EXPECT_FALSE(Url::parse("http://a/" + std::string(5000, 'x')));
}

TEST(Url, ResolvesRedirects) {
    const auto from = *Url::parse("https://a.b:444/c/d?e=f");
    EXPECT_EQ(from.resolve("http://x/y")->text(), "http://x/y");
    EXPECT_EQ(from.resolve("//x/y")->text(), "https://x/y");
    EXPECT_EQ(from.resolve("/y")->text(), "https://a.b:444/y");
    EXPECT_EQ(from.resolve("y")->text(), "https://a.b:444/c/y");
    EXPECT_EQ(from.resolve("?z")->text(), "https://a.b:444/c/d?z");
    EXPECT_FALSE(from.resolve("file:///etc/passwd"));
}

TEST(PercentEncoding, ComesBackAsItWas) {
    const std::string raw{"a b/\xc3\xa9%+?\0x", 11};
    EXPECT_EQ(percent_decode(percent_encode(raw)), raw);
    EXPECT_EQ(percent_decode("%40original"), "@original");
    EXPECT_EQ(percent_decode("a+b%2", true), "a b%2");
}

}  // namespace
}  // namespace bandstand::http
