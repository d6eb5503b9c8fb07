#include <gtest/gtest.h>

#include "testing/manual_clock.hpp"
#include "testing/seeded.hpp"

namespace bandstand::testing {
namespace {

using namespace std::chrono_literals;

TEST(ManualClock, MovesOnlyWhenTold) {
    ManualClock clock;
    const auto before = clock.now();
    EXPECT_EQ(clock.now(), before);
    clock.advance(20ms);
    EXPECT_EQ(clock.now() - before, 20ms);
    EXPECT_EQ(clock.wall_now() - ManualClock::kStart, 20ms);
}

TEST(ManualClock, AWallClockJumpLeavesDeadlinesAlone) {
    ManualClock clock;
    const auto before = clock.now();
    clock.jump_wall(-1h);
    EXPECT_EQ(clock.now(), before);
    EXPECT_EQ(clock.wall_now(), ManualClock::kStart - 1h);
}

using Seeded = SeededTest;

TEST_F(Seeded, ATestStartsItsSequenceFromTheRunsSeedAndItsOwnName) {
    base::Random of_the_run{seed()};
    EXPECT_NE(random_(), of_the_run());
}

}  // namespace
}  // namespace bandstand::testing
