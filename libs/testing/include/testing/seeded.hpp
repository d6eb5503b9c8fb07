#pragma once

#include <gtest/gtest.h>

#include <cstdint>

#include "base/random.hpp"

namespace bandstand::testing {

/// The seed of this run: TEST_SEED when it is set, else one from the operating system, the same for the
/// process.
std::uint64_t seed();

/// A fixture with randomness. A failing test prints the seed; `TEST_SEED=<seed>` brings the failure back.
///
/// Each test gets its own sequence, made from the seed and its name, so it does not depend on which tests ran
/// before.
class SeededTest : public ::testing::Test {
protected:
    SeededTest();
    ~SeededTest() override;

    base::Random random_;
};

}  // namespace bandstand::testing
