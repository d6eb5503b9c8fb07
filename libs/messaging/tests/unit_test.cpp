#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <string>

#include "balance.hpp"
#include "messaging/bus.hpp"
#include "testing/seeded.hpp"

namespace bandstand::messaging {
namespace {

using namespace std::chrono_literals;

// From Apache Kafka, UtilsTest.testMurmur2 (clients/src/test/java/org/apache/kafka/common/utils).
TEST(Partition, AgreesWithKafkasDefaultPartitioner) {
    const std::map<std::string, std::int32_t> cases{
        {"21", -973932308},
        {"foobar", -790332482},
        {"a-little-bit-long-string", -985981536},
        {"abc", 479470107},
        {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
        {"a-little-bit-longer-string", -1486304829},
    };
    constexpr int kPrime = 1'000'003;
    for (const auto& [key, hash] : cases) {
        EXPECT_EQ(partition_of(key, kPrime), (hash & 0x7fffffff) % kPrime) << key;
    }
}

TEST(Partition, IsWithinRangeForEveryKey) {
    for (const auto* key : {"", "a", "81384788765712384"}) {
        for (const int partitions : {1, 2, 16, 255}) {
            EXPECT_GE(partition_of(key, partitions), 0);
            EXPECT_LT(partition_of(key, partitions), partitions);
        }
    }
}

TEST(Retry, WaitsTwiceAsLongEachTimeUpToALimit) {
    const RetryPolicy policy{.attempts = 5, .first_delay = 50ms, .max_delay = 300ms};
    EXPECT_EQ(delay_before(policy, 2), 50ms);
    EXPECT_EQ(delay_before(policy, 3), 100ms);
    EXPECT_EQ(delay_before(policy, 4), 200ms);
    EXPECT_EQ(delay_before(policy, 5), 300ms);
    EXPECT_EQ(delay_before(policy, 1'000'000), 300ms);
}

TEST(FairShare, GivesTheBiggerShareToWhoHoldsMore) {
    const std::map<std::string, int> held{{"a", 0}, {"b", 9}, {"c", 7}};
    EXPECT_EQ(fair_share(16, held, "b"), 6);
    EXPECT_EQ(fair_share(16, held, "c"), 5);
    EXPECT_EQ(fair_share(16, held, "a"), 5);
}

TEST(FairShare, AMemberBeyondThePartitionsGetsNone) {
    const std::map<std::string, int> held{{"a", 1}, {"b", 1}, {"c", 0}};
    EXPECT_EQ(fair_share(2, held, "c"), 0);
    EXPECT_EQ(fair_share(2, held, "a"), 1);
}

using FairShareProperty = bandstand::testing::SeededTest;

TEST_F(FairShareProperty, SharesAddUpAndDifferByOneAtMost) {
    for (int round = 0; round < 1000; ++round) {
        const int partitions = 1 + static_cast<int>(random_.below(64));
        std::map<std::string, int> held;
        const auto members = 1 + random_.below(9);
        for (std::uint64_t i = 0; i < members; ++i) {
            held["m" + std::to_string(i)] =
                static_cast<int>(random_.below(static_cast<std::uint64_t>(partitions)));
        }
        int total = 0;
        int smallest = partitions;
        int biggest = 0;
        for (const auto& [member, count] : held) {
            const int share = fair_share(partitions, held, member);
            total += share;
            smallest = std::min(smallest, share);
            biggest = std::max(biggest, share);
        }
        ASSERT_EQ(total, partitions);
        ASSERT_LE(biggest - smallest, 1);
    }
}

TEST_F(FairShareProperty, WhenEverybodyHoldsTheirShareNothingMoves) {
    for (int round = 0; round < 200; ++round) {
        const int partitions = 1 + static_cast<int>(random_.below(64));
        const auto members = 1 + random_.below(9);
        std::map<std::string, int> held;
        for (std::uint64_t i = 0; i < members; ++i)
            held["m" + std::to_string(i)] = static_cast<int>(random_.below(9));
        std::map<std::string, int> settled;
        for (const auto& [member, count] : held) settled[member] = fair_share(partitions, held, member);
        for (const auto& [member, count] : settled) ASSERT_EQ(fair_share(partitions, settled, member), count);
    }
}

Message message() {
    return {.key = "k", .payload = "p", .event_id = "e"};
}
const TopicSpec kTopic{.name = "test.topic.v1", .partitions = 4};

TEST(Check, AcceptsWhatIsWithinTheLimits) {
    auto big = message();
    big.payload.assign(kMaxPayloadBytes, 'x');
    EXPECT_TRUE(check(kTopic, {message(), big}));
}

TEST(Check, RefusesWhatABackendCouldNotKeep) {
    auto nameless = message();
    nameless.event_id = "";
    auto big = message();
    big.payload.assign(kMaxPayloadBytes + 1, 'x');
    auto nul = message();
    nul.key = std::string("a\0b", 3);
    auto long_key = message();
    long_key.key.assign(kMaxKeyBytes + 1, 'k');
    auto many_headers = message();
    many_headers.headers.assign(kMaxHeaders + 1, {"n", "v"});
    auto long_headers = message();
    long_headers.headers = {{"n", std::string(kMaxHeaderBytes, 'v')}};
    for (const auto& bad : {nameless, nul, long_key, many_headers, long_headers}) {
        const auto refused = check(kTopic, {bad});
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().reason(), kBadMessage);
    }
    EXPECT_EQ(check(kTopic, {big}).error().reason(), kMessageTooBig);
    EXPECT_FALSE(check(kTopic, std::vector<Message>(kMaxPublishMessages + 1, message())));
}

}  // namespace
}  // namespace bandstand::messaging
