#include "sqlstate.hpp"

#include <gtest/gtest.h>

#include "postgres/errors.hpp"

namespace bandstand::postgres {
namespace {

using enum base::ErrorKind;

TEST(Sqlstate, TellsTheCallerHowToReact) {
    EXPECT_EQ(classify("23505").kind, already_exists);
    EXPECT_EQ(classify("23503").reason, kConstraint);
    EXPECT_EQ(classify("40001").kind, conflict);
    EXPECT_EQ(classify("40P01").reason, kSerialization);
    EXPECT_EQ(classify("57014").reason, kTimeout);
    EXPECT_EQ(classify("22P02").kind, invalid_argument);
    EXPECT_EQ(classify("42601").kind, internal);
}

TEST(Sqlstate, WhatPassesWithTimeIsUnavailable) {
    for (const auto* state : {"", "08006", "53300", "57P01", "57P03", "25006"}) {
        EXPECT_EQ(classify(state).kind, unavailable) << state;
    }
}

}  // namespace
}  // namespace bandstand::postgres
