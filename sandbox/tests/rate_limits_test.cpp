#include "sandbox/discord/rate_limits.hpp"

#include "sandbox/tests/builders.hpp"

namespace bandstand::sandbox {
namespace {

using namespace testing;
using std::chrono::seconds;

const RouteLimit kSend{.group = "send", .limit = 2, .window = seconds{5}};

TEST(RateLimits, ABucketIsPerMajorParameterAndOpensAgainWithItsWindow) {
    RateLimits limits;
    EXPECT_EQ(limits.take(kSend, "1", "bot", kStart).remaining, 1);
    EXPECT_EQ(limits.take(kSend, "1", "bot", kStart).remaining, 0);
    const auto refused = limits.take(kSend, "1", "bot", kStart + seconds{1});
    EXPECT_FALSE(refused.allowed);
    EXPECT_FALSE(refused.global);
    EXPECT_EQ(refused.reset_after, seconds{4});
    EXPECT_TRUE(limits.take(kSend, "2", "bot", kStart).allowed);
    EXPECT_TRUE(limits.take(kSend, "1", "bot", kStart + seconds{5}).allowed);
}

TEST(RateLimits, TheBucketsNameDoesNotNameTheMajorParameter) {
    RateLimits limits;
    EXPECT_EQ(limits.take(kSend, "1", "bot", kStart).bucket, limits.take(kSend, "2", "bot", kStart).bucket);
}

TEST(RateLimits, FiftyRequestsASecondForOneTokenAndNoneForRoutesWithoutOne) {
    RateLimits limits;
    for (int i = 0; i < RateLimits::kGlobalLimit; ++i)
        EXPECT_TRUE(limits.take({}, "", "bot", kStart).allowed);
    const auto refused = limits.take({}, "", "bot", kStart);
    EXPECT_FALSE(refused.allowed);
    EXPECT_TRUE(refused.global);
    EXPECT_TRUE(limits.take({}, "", "other", kStart).allowed);
    EXPECT_TRUE(limits.take({}, "", "", kStart).allowed);
    EXPECT_TRUE(limits.take({}, "", "bot", kStart + seconds{1}).allowed);
}

}  // namespace
}  // namespace bandstand::sandbox
