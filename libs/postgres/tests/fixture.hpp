#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "postgres/pool.hpp"
#include "postgres/testing.hpp"
#include "runtime/testing.hpp"

namespace bandstand::postgres {

/// A database of its own for each test.
class DatabaseTest : public runtime::LoopTest {
protected:
    PoolOptions options() const { return {.url = url_, .size = 3}; }
    static testing::PrivatePostgres& server() { return testing::PrivatePostgres::instance(); }

    base::Secret url_ = server().fresh_database();
};

/// For `ASSERT_TRUE(ok) << why(ok)`.
template <class T>
std::string why(const base::Result<T>& result) {
    return result ? std::string{} : result.error().describe();
}

}  // namespace bandstand::postgres

/// ASSERT_TRUE for a Result within a coroutine, which cannot `return`.
#define CO_ASSERT(expression)                                          \
    do {                                                               \
        const auto& asserted = (expression);                           \
        EXPECT_TRUE(asserted) << ::bandstand::postgres::why(asserted); \
        if (!asserted) co_return;                                      \
    } while (false)
