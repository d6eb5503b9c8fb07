#include <gtest/gtest.h>

#include "discord/shard_manager.hpp"
#include "testing/manual_clock.hpp"

namespace bandstand::discord {
namespace {

using namespace std::chrono_literals;
using Shards = std::vector<std::uint32_t>;

class IdentifyDispenserTest : public ::testing::Test {
protected:
    IdentifyDispenser dispenser(std::uint32_t concurrency, std::uint32_t remaining, std::uint32_t shards) {
        return {{.total = 1000, .remaining = remaining, .reset_after = 1h, .max_concurrency = concurrency},
                shards,
                clock_.now()};
    }
    testing::ManualClock clock_;
};

TEST_F(IdentifyDispenserTest, LetsOneShardIdentifyEveryFiveSeconds) {
    auto tickets = dispenser(1, 1000, 3);
    for (const std::uint32_t shard : {2U, 0U, 1U}) tickets.request(shard);
    EXPECT_EQ(tickets.grant(clock_.now()), Shards{0});
    EXPECT_EQ(tickets.grant(clock_.now()), Shards{});
    ASSERT_TRUE(tickets.next_wakeup(clock_.now()));
    EXPECT_GE(*tickets.next_wakeup(clock_.now()) - clock_.now(), 5s);
    clock_.advance(*tickets.next_wakeup(clock_.now()) - clock_.now());
    EXPECT_EQ(tickets.grant(clock_.now()), Shards{1});
}

TEST_F(IdentifyDispenserTest, LetsOneShardOfEachBucketIdentifyTogether) {
    auto tickets = dispenser(2, 1000, 4);
    for (std::uint32_t shard = 0; shard < 4; ++shard) tickets.request(shard);
    EXPECT_EQ(tickets.grant(clock_.now()), (Shards{0, 1}));
    clock_.advance(6s);
    EXPECT_EQ(tickets.grant(clock_.now()), (Shards{2, 3}));
    EXPECT_EQ(tickets.next_wakeup(clock_.now()), std::nullopt);
}

TEST_F(IdentifyDispenserTest, KeepsAReserveOfTheDailyBudgetUntilItIsReset) {
    auto tickets = dispenser(1, 6, 1);
    tickets.request(0);
    EXPECT_EQ(tickets.grant(clock_.now()), Shards{0});
    clock_.advance(10s);
    tickets.request(0);
    EXPECT_EQ(tickets.grant(clock_.now()), Shards{}) << "spending the budget resets the bot's token";
    clock_.advance(1h);
    EXPECT_EQ(tickets.grant(clock_.now()), Shards{0});
    EXPECT_EQ(tickets.remaining(), 999U);
}

TEST_F(IdentifyDispenserTest, AShardAsksOnlyOnce) {
    auto tickets = dispenser(1, 1000, 1);
    tickets.request(0);
    tickets.request(0);
    EXPECT_EQ(tickets.grant(clock_.now()), Shards{0});
    EXPECT_EQ(tickets.next_wakeup(clock_.now()), std::nullopt);
}

TEST(ShardOf, FollowsDiscordsFormula) {
    EXPECT_EQ(shard_of(GuildId{(5ULL << 22U) + 3}, 4), 1U);
    EXPECT_EQ(shard_of(GuildId{123}, 16), 0U);
}

}  // namespace
}  // namespace bandstand::discord
