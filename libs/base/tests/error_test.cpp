#include <gtest/gtest.h>

#include "base/ids.hpp"
#include "base/result.hpp"

namespace bandstand::base {
namespace {

constexpr Reason kFull{"test.full"};

TEST(Error, SaysWhatWeWereDoingBeforeWhatHappened) {
    const auto failed =
        fail(ErrorKind::resource_exhausted, kFull, "guild", GuildId{41}, "holds", 3, "entries");
    auto error = Error{failed.error()}.during("add track").during("play");
    EXPECT_EQ(error.detail(), "play: add track: guild 41 holds 3 entries");
    EXPECT_EQ(error.reason(), kFull);
    EXPECT_EQ(error.kind(), ErrorKind::resource_exhausted);
}

TEST(Error, DescribesItselfByReasonAloneWhenThereIsNoDetail) {
    EXPECT_EQ((Error{ErrorKind::internal, kFull, ""}.describe()), "test.full");
}

TEST(Result, CarriesAValueOrAnError) {
    const Result<int> good = 4;
    const Result<int> bad = fail(ErrorKind::not_found, kFull);
    EXPECT_EQ(*good, 4);
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().kind(), ErrorKind::not_found);
}

}  // namespace
}  // namespace bandstand::base
