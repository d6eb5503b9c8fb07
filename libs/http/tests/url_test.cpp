#include "http/url.hpp"

#include "testing/seeded.hpp"

namespace bandstand::http {
namespace {

TEST(Url, TakesAnUrlApart) {
    const auto url = Url::parse("HTTPS://Media.Example.COM:8443/a%20b/c.ogg?x=1&y=/#ignored");
    ASSERT_TRUE(url) << url.error().detail();
    EXPECT_EQ(url->scheme, "https");
    EXPECT_EQ(url->host, "media.example.com");
    EXPECT_EQ(url->port, 8443);
    EXPECT_EQ(url->target, "/a%20b/c.ogg?x=1&y=/");
    EXPECT_EQ(url->text(), "https://media.example.com:8443/a%20b/c.ogg?x=1&y=/");
}

TEST(Url, FillsInWhatIsUsual) {
    EXPECT_EQ(Url::parse("http://a")->port, 80);
    EXPECT_EQ(Url::parse("wss://a")->port, 443);
    EXPECT_EQ(Url::parse("http://a")->target, "/");
    EXPECT_EQ(Url::parse("http://a?q")->target, "/?q");
    EXPECT_EQ(Url::parse("http://a:80/")->authority(), "a");
    EXPECT_EQ(Url::parse("https://a:80/")->authority(), "a:80");
    EXPECT_EQ(Url::parse("http://[::1]:7/")->host, "::1");
    EXPECT_EQ(Url::parse("http://[::1]:7/")->authority(), "[::1]:7");
}

TEST(Url, RefusesWhatIsNotAPlainWebAddress) {
    for (const auto* text : {"",
                             "a",
                             "/path",
                             "://a",
                             "file:///etc/passwd",
                             "gopher://a/",
                             "javascript://a",
                             "http:a",
                             "http://",
                             "http:///path",
                             "http://:80/",
                             "http://user@a/",
                             "http://user:password@a/",
                             "http://a:0/",
                             "http://a:65536/",
                             "http://a:1x/",
                             "http://a:-1/",
                             "http://a b/",
                             "http://a/b c",
                             "http://a/\r\nHost: b",
                             "http://a\\b/",
                             "http://[::1/",
                             "http://[::1]x/",
                             "http://[]/",
                             "http://[g]/",
                             "http://a%2eb/",
                             "http://\xc3\xa4/",
                             "http://a/\x7f",
                             "http://a,b/"}) {
        const auto url = Url::parse(text);
        ASSERT_FALSE(url) << text;
        EXPECT_EQ(url.error().reason(), kBadUrl) << text;
    }
    EXPECT_FALSE(Url::parse("http://a/" + std::string(kMaxUrlBytes, 'x')));
    EXPECT_FALSE(Url::parse("http://" + std::string(254, 'x')));
}

TEST(Url, ResolvesALocation) {
    const auto base = *Url::parse("http://a:81/dir/file?q=1");
    EXPECT_EQ(base.resolve("https://b/x")->text(), "https://b/x");
    EXPECT_EQ(base.resolve("//b/x")->text(), "http://b/x");
    EXPECT_EQ(base.resolve("/x?y")->text(), "http://a:81/x?y");
    EXPECT_EQ(base.resolve("other")->text(), "http://a:81/dir/other");
    EXPECT_EQ(base.resolve("?p=2")->text(), "http://a:81/dir/file?p=2");
    EXPECT_EQ(base.resolve("/go?to=http://b/")->text(), "http://a:81/go?to=http://b/");
    EXPECT_EQ(base.resolve("go?to=http://b/")->text(), "http://a:81/dir/go?to=http://b/");
    EXPECT_FALSE(base.resolve("file:///etc/passwd"));
    EXPECT_FALSE(base.resolve("javascript:alert(1)"));
    EXPECT_FALSE(base.resolve("/x\r\nSet-Cookie: a"));
}

TEST(PercentEncoding, DecodesEscapesAndLeavesBrokenOnes) {
    EXPECT_EQ(percent_decode("%40original"), "@original");
    EXPECT_EQ(percent_decode("a+b%2f"), "a+b/");
    EXPECT_EQ(percent_decode("a+b", true), "a b");
    EXPECT_EQ(percent_decode("%"), "%");
    EXPECT_EQ(percent_decode("%4"), "%4");
    EXPECT_EQ(percent_decode("%4x%zz"), "%4x%zz");
}

using PercentEncodingSeeded = testing::SeededTest;

TEST_F(PercentEncodingSeeded, DecodingUndoesEncoding) {
    for (int round = 0; round < 200; ++round) {
        std::string text;
        for (auto left = random_.below(40); left > 0; --left) text += static_cast<char>(random_.below(256));
        EXPECT_EQ(percent_decode(percent_encode(text)), text);
    }
}

}  // namespace
}  // namespace bandstand::http
