#include "audio_core/spsc_ring.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <thread>

namespace bandstand::audio_core {
namespace {

TEST(SpscRing, GivesItemsInOrderAndSaysWhenItIsFullOrEmpty) {
    SpscRing<int> ring{4};
    EXPECT_FALSE(ring.pop());
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(ring.push(i));
    EXPECT_FALSE(ring.push(4));
    EXPECT_EQ(ring.size(), 4U);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(ring.pop(), i);
    EXPECT_FALSE(ring.pop());
}

TEST(SpscRing, MovesWhatCannotBeCopiedAndLeavesItWhereItWasWhenFull) {
    SpscRing<std::unique_ptr<int>> ring{1};
    EXPECT_TRUE(ring.push(std::make_unique<int>(1)));
    auto second = std::make_unique<int>(2);
    EXPECT_FALSE(ring.push(std::move(second)));
    EXPECT_EQ(*second, 2);
    EXPECT_EQ(**ring.pop(), 1);
}

TEST(SpscRing, LosesAndDoublesNothingBetweenTwoThreads) {
    constexpr std::uint64_t kItems = 200'000;
    SpscRing<std::uint64_t> ring{64};
    std::thread producer{[&] {
        for (std::uint64_t i = 0; i < kItems;) {
            if (ring.push(i)) {
                ++i;
            } else {
                std::this_thread::yield();
            }
        }
    }};
    std::uint64_t wrong = 0;
    for (std::uint64_t expected = 0; expected < kItems;) {
        if (const auto item = ring.pop()) {
            wrong += *item != expected++ ? 1 : 0;
        } else {
            std::this_thread::yield();
        }
    }
    producer.join();
    EXPECT_EQ(wrong, 0U);
    EXPECT_FALSE(ring.pop());
}

}  // namespace
}  // namespace bandstand::audio_core
