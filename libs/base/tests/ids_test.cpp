#include "base/ids.hpp"

#include <gtest/gtest.h>

namespace bandstand::base {
namespace {

TEST(Ids, ParseOnlyDecimalDigitsThatFit) {
    EXPECT_EQ(parse_id<GuildId>("1153421234567890123"), GuildId{1153421234567890123U});
    EXPECT_EQ(parse_id<GuildId>("18446744073709551615"), GuildId{~0ULL});
    for (const auto* bad : {"", " 1", "1 ", "-1", "+1", "0x1", "18446744073709551616", "1a"}) {
        EXPECT_FALSE(parse_id<GuildId>(bad)) << bad;
    }
}

TEST(Ids, OfDifferentKindsDoNotMix) {
    static_assert(!std::is_convertible_v<GuildId, ChannelId>);
    static_assert(!std::is_convertible_v<std::uint64_t, GuildId>);
    EXPECT_FALSE(GuildId{});
}

}  // namespace
}  // namespace bandstand::base
