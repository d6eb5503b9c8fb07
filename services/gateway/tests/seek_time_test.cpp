#include "domain/seek_time.hpp"

#include <gtest/gtest.h>

namespace bandstand::gateway::domain {
namespace {

using namespace std::chrono_literals;

void expect_seek(std::string_view text, std::chrono::milliseconds position, bool relative) {
    const auto seek = parse_seek(text);
    ASSERT_TRUE(seek) << text;
    EXPECT_EQ(seek->position, position) << text;
    EXPECT_EQ(seek->relative, relative) << text;
}

TEST(ParseSeek, ReadsTheFormsThatPeopleType) {
    expect_seek("90", 90s, false);
    expect_seek("0", 0s, false);
    expect_seek("1:30", 90s, false);
    expect_seek("1:02:03", 3723s, false);
    expect_seek("1m30s", 90s, false);
    expect_seek("2h", 7200s, false);
    expect_seek("45s", 45s, false);
    expect_seek(" 1:30 ", 90s, false);
}

TEST(ParseSeek, ReadsASignAsRelativeToNow) {
    expect_seek("+10", 10s, true);
    expect_seek("-10", -10s, true);
    expect_seek("-1:30", -90s, true);
    expect_seek("+1m", 60s, true);
}

TEST(ParseSeek, RefusesWhatCouldMeanAnything) {
    for (const auto* text : {"",      "+",     "-",          "abc",  "1:2",
                             "1:60",  "1:2:3", "1:02:03:04", "1.5",  "1m2m",
                             "30s1m", "m",     "1:",         ":30",  "99999999999999999999",
                             "25h",   "86401", "+-10",       "1 30", "10%"}) {
        EXPECT_FALSE(parse_seek(text)) << text;
    }
}

}  // namespace
}  // namespace bandstand::gateway::domain
