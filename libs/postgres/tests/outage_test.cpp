#include "fixture.hpp"

namespace bandstand::postgres {
namespace {

using namespace std::chrono_literals;
using runtime::Context;
using runtime::Task;
using OutageTest = DatabaseTest;

constexpr Statement kOne{"one", "SELECT 1"};

TEST_F(OutageTest, AfterARestartOfTheServerThePoolWorksAgain) {
    run([](Context context, PoolOptions options) -> Task<void> {
        Pool pool{context, options};
        CO_ASSERT(co_await pool.execute(kOne));
        server().crash();
        const auto down = co_await pool.execute(kOne);
        EXPECT_EQ(down.error().kind(), base::ErrorKind::unavailable) << why(down);
        EXPECT_EQ(down.error().reason(), kUnavailable);
        EXPECT_FALSE(pool.reachable());
        server().start();
        CO_ASSERT(co_await pool.execute(kOne));
        EXPECT_TRUE(pool.reachable());
    }(context_, options()));
}

TEST_F(OutageTest, AConnectionThatTheServerClosedWhileIdleIsNotHandedOut) {
    run([](Context context, PoolOptions options) -> Task<void> {
        Pool pool{context, options};
        CO_ASSERT(co_await pool.execute(kOne));
        server().crash_and_restart();
        CO_ASSERT(co_await pool.execute(kOne));
    }(context_, options()));
}

TEST_F(OutageTest, AStatementUnderWayWhenTheServerDiesIsUnavailable) {
    run([](Context context, PoolOptions options) -> Task<void> {
        Pool pool{context, options};
        auto tx = co_await pool.begin();
        CO_ASSERT(tx);
        CO_ASSERT(co_await tx->execute(kOne));
        server().crash_and_restart();
        const auto lost = co_await tx->execute(kOne);
        EXPECT_EQ(lost.error().kind(), base::ErrorKind::unavailable) << why(lost);
        EXPECT_EQ((co_await tx->commit()).error().kind(), base::ErrorKind::unavailable);
    }(context_, options()));
}

TEST_F(OutageTest, AnUnreachableServerIsReportedInTime) {
    run([](Context context, PoolOptions options) -> Task<void> {
        // Port 9 of loopback: nobody listens there.
        options.url = base::Secret{"postgresql://nobody@localhost:9/none?connect_timeout=2"};
        Pool pool{context, options};
        const auto refused = co_await pool.execute(kOne);
        EXPECT_EQ(refused.error().kind(), base::ErrorKind::unavailable) << why(refused);
    }(context_, options()));
}

}  // namespace
}  // namespace bandstand::postgres
