#include "audio_core/packet_ring.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "testing/seeded.hpp"

namespace bandstand::audio_core {
namespace {

base::Bytes packet(std::size_t size, unsigned fill) {
    return base::Bytes(size, static_cast<std::byte>(fill));
}

TEST(PacketRing, GivesPacketsAndEndsInOrder) {
    PacketRing ring;
    EXPECT_TRUE(ring.push({1, 0}, packet(3, 7)));
    EXPECT_TRUE(ring.push_end(1));
    EXPECT_TRUE(ring.push({2, 0}, packet(kMaxOpusPacketBytes, 9)));
    EXPECT_EQ(ring.frames(), 2U);
    EXPECT_TRUE(ring.has_end());

    EXPECT_EQ(ring.front()->tag, (FrameTag{1, 0}));
    EXPECT_TRUE(std::ranges::equal(ring.front()->opus, packet(3, 7)));
    ring.pop();
    EXPECT_TRUE(ring.front()->is_end());
    EXPECT_EQ(ring.front()->tag.track, 1U);
    ring.pop();
    EXPECT_FALSE(ring.has_end());
    EXPECT_TRUE(std::ranges::equal(ring.front()->opus, packet(kMaxOpusPacketBytes, 9)));
    ring.pop();
    EXPECT_FALSE(ring.front());
    EXPECT_EQ(ring.frames(), 0U);
}

TEST(PacketRing, HoldsASecondOfTheGreatestPacketsAndThenSaysFull) {
    PacketRing ring;
    std::uint32_t held = 0;
    while (ring.push({1, held}, packet(kMaxOpusPacketBytes, held))) ++held;
    EXPECT_GE(held, 50U);
    ring.pop();
    EXPECT_TRUE(ring.push({1, held}, packet(kMaxOpusPacketBytes, held)));
}

TEST(PacketRing, DropsWhatWasPushedBeforeAMarkAndKeepsTheRest) {
    PacketRing ring;
    for (std::uint32_t i = 0; i < 10; ++i) ring.push({1, i}, packet(100, i));
    ring.push_end(1);
    const auto mark = ring.mark();
    ring.push({2, 0}, packet(100, 1));
    ring.drop_before(mark);
    EXPECT_EQ(ring.frames(), 1U);
    EXPECT_FALSE(ring.has_end());
    EXPECT_EQ(ring.front()->tag, (FrameTag{2, 0}));
    ring.drop_before(mark);
    EXPECT_EQ(ring.frames(), 1U) << "an old mark drops nothing";
}

class PacketRingUnderTwoThreads : public bandstand::testing::SeededTest {};

TEST_F(PacketRingUnderTwoThreads, KeepsEveryByteOfPacketsOfAnySize) {
    constexpr std::uint32_t kPackets = 50'000;
    PacketRing ring{8 * 1024};
    std::thread producer{[&ring, random = random_]() mutable {
        for (std::uint32_t i = 0; i < kPackets;) {
            const auto data = packet(1 + random.below(kMaxOpusPacketBytes), i);
            while (!ring.push({1, i}, data)) std::this_thread::yield();
            ++i;
        }
        while (!ring.push_end(1)) std::this_thread::yield();
    }};
    auto random = random_;
    std::uint32_t wrong = 0;
    for (std::uint32_t expected = 0;;) {
        const auto record = ring.front();
        if (!record) {
            std::this_thread::yield();
            continue;
        }
        if (record->is_end()) break;
        const auto data = packet(1 + random.below(kMaxOpusPacketBytes), expected);
        if (record->tag.frame != expected || !std::ranges::equal(record->opus, data)) ++wrong;
        ++expected;
        ring.pop();
    }
    producer.join();
    EXPECT_EQ(wrong, 0U);
}

}  // namespace
}  // namespace bandstand::audio_core
