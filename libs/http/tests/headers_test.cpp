#include "http/headers.hpp"

#include <gtest/gtest.h>

namespace bandstand::http {
namespace {

TEST(Headers, NamesCompareWithoutCase) {
    Headers headers{{"Content-Type", "text/plain"}};
    EXPECT_EQ(headers.get("content-TYPE"), "text/plain");
    EXPECT_FALSE(headers.get("Content"));
    headers.add("CONTENT-TYPE", "second");
    EXPECT_EQ(headers.size(), 2U);
    EXPECT_EQ(headers.get("Content-Type"), "text/plain");
    headers.set("content-type", "only");
    EXPECT_EQ(headers.size(), 1U);
    EXPECT_EQ(headers.get("Content-Type"), "only");
    headers.remove("Content-type");
    EXPECT_EQ(headers.size(), 0U);
}

TEST(Headers, NothingCanSmuggleALineIn) {
    EXPECT_TRUE((Headers{{"X-Reason", "fine, \t and \xc3\xa4"}}.valid()));
    EXPECT_FALSE((Headers{{"X-Reason", "a\r\nX-Other: b"}}.valid()));
    EXPECT_FALSE((Headers{{"X-Reason", std::string{"a\0b", 3}}}.valid()));
    EXPECT_FALSE((Headers{{"X Reason", "a"}}.valid()));
    EXPECT_FALSE((Headers{{"X-Reason:", "a"}}.valid()));
    EXPECT_FALSE((Headers{{"", "a"}}.valid()));
}

}  // namespace
}  // namespace bandstand::http
