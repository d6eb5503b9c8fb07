#include "base/random.hpp"

#include <gtest/gtest.h>

#include <set>

namespace bandstand::base {
namespace {

TEST(Random, TheSameSeedGivesTheSameNumbers) {
    Random a{7};
    Random b{7};
    Random c{8};
    const auto first = a();
    EXPECT_EQ(first, b());
    EXPECT_NE(first, c());
}

TEST(Random, BelowStaysBelowAndReachesEveryValue) {
    Random random{1};
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 1000; ++i) seen.insert(random.below(5));
    EXPECT_EQ(seen, (std::set<std::uint64_t>{0, 1, 2, 3, 4}));
}

TEST(Uuid, IsVersion7AndSortsByTime) {
    const WallTime noon{std::chrono::hours{12}};
    const auto early = make_uuid(noon);
    const auto late = make_uuid(noon + std::chrono::milliseconds{1});
    EXPECT_EQ(early.size(), 36U);
    EXPECT_EQ(early[14], '7');
    EXPECT_LT(early, late);
    EXPECT_NE(make_uuid(noon), early);
}

}  // namespace
}  // namespace bandstand::base
