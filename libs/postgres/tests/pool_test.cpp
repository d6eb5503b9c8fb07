#include <algorithm>

#include "fixture.hpp"
#include "runtime/task_group.hpp"

namespace bandstand::postgres {
namespace {

using namespace std::chrono_literals;
using runtime::Context;
using runtime::Task;
using PoolTest = DatabaseTest;

constexpr Statement kCreate{"", "CREATE TABLE song (id bigint PRIMARY KEY, title text NOT NULL)"};
constexpr Statement kInsert{"insert_song", "INSERT INTO song (id, title) VALUES ($1, $2)"};
constexpr Statement kCount{"count_songs", "SELECT count(*) FROM song"};

Task<std::int64_t> count(Pool& pool) {
    const auto rows = co_await pool.execute(kCount);
    EXPECT_TRUE(rows) << why(rows);
    co_return rows ? (*rows)[0].get<std::int64_t>(0) : -1;
}

TEST_F(PoolTest, ACommittedTransactionStays) {
    run([](Context context, PoolOptions options) -> Task<void> {
        Pool pool{context, options};
        CO_ASSERT(co_await pool.execute(kCreate));
        auto tx = co_await pool.begin();
        CO_ASSERT(tx);
        const auto inserted = co_await tx->execute(kInsert, 1, "Air");
        CO_ASSERT(inserted);
        EXPECT_EQ(inserted->affected(), 1);
        EXPECT_EQ(co_await count(pool), 0) << "visible before the commit";
        CO_ASSERT(co_await tx->commit());
        EXPECT_EQ(co_await count(pool), 1);
    }(context_, options()));
}

TEST_F(PoolTest, LeavingWithoutCommitRollsBackAndFreesTheLocks) {
    run([](Context context, PoolOptions options) -> Task<void> {
        options.size = 1;  // so that the same connection must come back clean
        Pool pool{context, options};
        CO_ASSERT(co_await pool.execute(kCreate));
        {
            auto tx = co_await pool.begin();
            CO_ASSERT(tx);
            CO_ASSERT(co_await tx->execute(kInsert, 1, "Air"));
        }
        EXPECT_EQ(co_await count(pool), 0);
        CO_ASSERT(co_await pool.execute(kInsert, 1, "Badinerie"));
    }(context_, options()));
}

TEST_F(PoolTest, AFailedStatementFailsTheCommit) {
    run([](Context context, PoolOptions options) -> Task<void> {
        Pool pool{context, options};
        CO_ASSERT(co_await pool.execute(kCreate));
        auto tx = co_await pool.begin();
        CO_ASSERT(tx);
        CO_ASSERT(co_await tx->execute(kInsert, 1, "Air"));
        const auto twice = co_await tx->execute(kInsert, 1, "Air");
        EXPECT_EQ(twice.error().kind(), base::ErrorKind::already_exists);
        EXPECT_EQ(twice.error().reason(), kUniqueViolation);
        EXPECT_NE(twice.error().detail().find("insert_song"), std::string::npos) << twice.error().detail();
        const auto committed = co_await tx->commit();
        EXPECT_EQ(committed.error().reason(), kRolledBack);
        EXPECT_EQ(co_await count(pool), 0);
    }(context_, options()));
}

TEST_F(PoolTest, ABatchOutsideATransactionIsAllOrNothing) {
    run([](Context context, PoolOptions options) -> Task<void> {
        Pool pool{context, options};
        CO_ASSERT(co_await pool.execute(kCreate));
        Batch good;
        for (int i = 0; i < 500; ++i) good.add(kInsert, i, std::string(2000, 'x'));
        good.add(kCount);
        const auto done = co_await pool.execute(std::move(good));
        CO_ASSERT(done);
        EXPECT_EQ(done->size(), 501U);
        EXPECT_EQ(done->back()[0].get<std::int64_t>(0), 500);
        Batch bad;
        bad.add(kInsert, 1000, "new");
        bad.add(kInsert, 0, "taken");
        bad.add(kInsert, 1001, "never reached");
        const auto refused = co_await pool.execute(std::move(bad));
        EXPECT_EQ(refused.error().reason(), kUniqueViolation);
        EXPECT_EQ(co_await count(pool), 500);
    }(context_, options()));
}

TEST_F(PoolTest, BigAnswersAndBigRequestsInOnePipelineDoNotBlockEachOther) {
    run([](Context context, PoolOptions options) -> Task<void> {
        Pool pool{context, options};
        Batch batch;
        for (int i = 0; i < 64; ++i) batch.add({"echo_big", "SELECT $1::text"}, std::string(200'000, 'x'));
        const auto done = co_await pool.execute(std::move(batch));
        CO_ASSERT(done);
        EXPECT_EQ(done->back()[0].get<std::string>(0).size(), 200'000U);
    }(context_, options()));
}

TEST_F(PoolTest, CallersWaitForAConnectionInTheOrderOfAsking) {
    run([](Context context, PoolOptions options) -> Task<void> {
        options.size = 1;
        Pool pool{context, options};
        std::vector<int> order;
        auto held = co_await pool.begin();
        CO_ASSERT(held);
        runtime::TaskGroup tasks{context};
        const auto ask = [](Pool& from, std::vector<int>& log, int number) -> Task<base::Result<void>> {
            const auto rows = co_await from.execute({"one", "SELECT 1"});
            EXPECT_TRUE(rows) << why(rows);
            log.push_back(number);
            co_return base::ok();
        };
        for (int i = 0; i < 5; ++i) tasks.spawn("ask", ask(pool, order, i));
        co_await asio::post(context.loop(), asio::use_awaitable);
        EXPECT_TRUE(order.empty());
        CO_ASSERT(co_await held->commit());
        CO_ASSERT(co_await tasks.join());
        EXPECT_EQ(order, (std::vector{0, 1, 2, 3, 4}));
    }(context_, options()));
}

TEST_F(PoolTest, WaitingForAConnectionIsBounded) {
    run([](Context context, PoolOptions options) -> Task<void> {
        options.size = 1;
        options.acquire_timeout = 20ms;
        Pool pool{context, options};
        auto held = co_await pool.begin();
        CO_ASSERT(held);
        const auto refused = co_await pool.execute({"one", "SELECT 1"});
        EXPECT_EQ(refused.error().reason(), kBusy);
        EXPECT_EQ(refused.error().kind(), base::ErrorKind::unavailable);
        CO_ASSERT(co_await held->commit());
        CO_ASSERT(co_await pool.execute({"one", "SELECT 1"}));
    }(context_, options()));
}

TEST_F(PoolTest, ALateStatementIsEndedByTheServer) {
    run([](Context context, PoolOptions options) -> Task<void> {
        options.statement_timeout = 50ms;
        Pool pool{context, options};
        const auto late = co_await pool.execute({"sleep", "SELECT pg_sleep(30)"});
        EXPECT_EQ(late.error().reason(), kTimeout);
        CO_ASSERT(co_await pool.execute({"one", "SELECT 1"}));
    }(context_, options()));
}

TEST_F(PoolTest, AStoppedCallerLosesItsConnectionAndTheNextOneGetsAFreshOne) {
    run([](Context context, PoolOptions options) -> Task<void> {
        options.size = 1;
        Pool pool{context, options};
        CO_ASSERT(co_await pool.execute({"one", "SELECT 1"}));
        runtime::TaskGroup tasks{context};
        tasks.spawn("stopped", [](Pool& from) -> Task<base::Result<void>> {
            (void)co_await from.execute({"sleep", "SELECT pg_sleep(30)"});
            co_return base::ok();
        }(pool));
        co_await asio::post(context.loop(), asio::use_awaitable);
        tasks.stop();
        CO_ASSERT(co_await tasks.join());
        const auto rows = co_await pool.execute({"one", "SELECT 1"});
        CO_ASSERT(rows);
    }(context_, options()));
}

TEST_F(PoolTest, TheSchemaOfThePoolIsWhereUnqualifiedNamesAre) {
    run([](Context context, PoolOptions options) -> Task<void> {
        options.schema = "audio";
        Pool pool{context, options};
        CO_ASSERT(co_await pool.execute({"", "CREATE SCHEMA audio"}));
        CO_ASSERT(co_await pool.execute(kCreate));
        CO_ASSERT(co_await pool.execute({"", "SELECT count(*) FROM audio.song"}));
    }(context_, options()));
}

}  // namespace
}  // namespace bandstand::postgres
