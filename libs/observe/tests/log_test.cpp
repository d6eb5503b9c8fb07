#include "observe/log.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <limits>
#include <nlohmann/json.hpp>
#include <regex>
#include <thread>
#include <type_traits>
#include <vector>

#include "base/ids.hpp"
#include "base/secret.hpp"
#include "observe/observer.hpp"

namespace bandstand::observe {
namespace {

using nlohmann::json;

static_assert(!std::is_constructible_v<Field, std::string_view, base::Secret>,
              "a secret must not become a field");

class LogTest : public testing::Test {
protected:
    Observer observer(Level level = Level::debug) {
        return Observer{{.service = "test", .level = level, .write_line = [this](std::string_view line) {
                             lines_.emplace_back(line);
                         }}};
    }
    json only_line() const {
        EXPECT_EQ(lines_.size(), 1U);
        EXPECT_EQ(lines_.at(0).find('\n'), std::string::npos);
        return json::parse(lines_.at(0));
    }

    std::vector<std::string> lines_;
};

TEST_F(LogTest, ALineIsOneJsonObjectWithTypedFields) {
    observer().log().warn("frame_late", {{"guild_id", base::GuildId{18446744073709551615U}},
                                         {"late_us", -7},
                                         {"depth", 3U},
                                         {"ratio", 0.5},
                                         {"paused", true},
                                         {"title", "Air"}});
    const auto line = only_line();
    EXPECT_EQ(line["level"], "warn");
    EXPECT_EQ(line["service"], "test");
    EXPECT_EQ(line["event"], "frame_late");
    EXPECT_EQ(line["guild_id"], "18446744073709551615");
    EXPECT_EQ(line["late_us"], -7);
    EXPECT_EQ(line["depth"], 3);
    EXPECT_EQ(line["ratio"], 0.5);
    EXPECT_EQ(line["paused"], true);
    EXPECT_EQ(line["title"], "Air");
    EXPECT_TRUE(std::regex_match(line["time"].get<std::string>(),
                                 std::regex{R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)"}));
}

TEST_F(LogTest, LinesBelowTheLevelAreNotWritten) {
    const auto quiet = observer(Level::warn);
    quiet.log().debug("one");
    quiet.log().info("two");
    EXPECT_TRUE(lines_.empty());
    quiet.log().warn("three");
    quiet.log().error("four");
    EXPECT_EQ(lines_.size(), 2U);
}

TEST_F(LogTest, HostileTextCannotForgeALineOrBreakTheJson) {
    const std::string hostile = std::string{"a\"}\n{\"event\":\"forged\"}\r\x1b[2J\xff\xc3"} + '\0' + "z";
    observer().log().info("said", {{"text", hostile}});
    const auto text = only_line()["text"].get<std::string>();
    EXPECT_TRUE(text.starts_with("a\"}\n{\"event\":\"forged\"}\r\x1b[2J"));
    EXPECT_NE(text.find("\xef\xbf\xbd"), std::string::npos) << "bad UTF-8 becomes U+FFFD";
    EXPECT_TRUE(text.ends_with('z'));
}

TEST_F(LogTest, LongTextIsCutBetweenCharacters) {
    std::string text(4095, 'x');
    for (int i = 0; i < 1000; ++i) text += "€";
    observer().log().info("said", {{"text", text}});
    EXPECT_EQ(only_line()["text"], std::string(4095, 'x') + "…");
}

TEST_F(LogTest, AFieldCannotReplaceWhatEveryLineHas) {
    observer().log().info("real", {{"event", "forged"}, {"level", "error"}});
    EXPECT_EQ(only_line()["event"], "real");
    EXPECT_EQ(only_line()["level"], "info");
}

TEST_F(LogTest, ANumberThatJsonCannotSayIsNull) {
    observer().log().info("measured", {{"ratio", std::numeric_limits<double>::quiet_NaN()}});
    EXPECT_TRUE(only_line()["ratio"].is_null());
}

TEST_F(LogTest, ThreadsDoNotMixTheirLines) {
    const auto shared = observer();
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([log = shared.log()] {
            for (int n = 0; n < 100; ++n) log.info("counted", {{"n", n}, {"pad", std::string(200, 'x')}});
        });
    }
    for (auto& thread : threads) thread.join();
    ASSERT_EQ(lines_.size(), 400U);
    for (const auto& line : lines_) EXPECT_EQ(json::parse(line)["event"], "counted");
}

TEST(Log, GoesToStderrWhenNobodyElseWantsIt) {
    testing::internal::CaptureStderr();
    Observer{{.service = "test"}}.log().info("hello");
    std::fflush(stderr);
    const auto written = testing::internal::GetCapturedStderr();
    ASSERT_TRUE(written.ends_with('\n'));
    EXPECT_EQ(json::parse(written)["event"], "hello");
}

}  // namespace
}  // namespace bandstand::observe
