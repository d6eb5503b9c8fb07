#include <boost/asio/steady_timer.hpp>

#include "fixture.hpp"
#include "runtime/mailbox.hpp"

namespace bandstand::postgres {
namespace {

using runtime::Context;
using runtime::Task;
using ListenTest = DatabaseTest;

constexpr Statement kNotify{"notify", "SELECT pg_notify($1, $2)"};

/// Collects what a channel says.
struct Ear {
    Ear(Context context, Pool& pool, std::string channel)
        : heard{context.loop(), 100},
          handle{pool.listen(std::move(channel), [this](std::string_view payload) {
              EXPECT_TRUE(heard.push(std::string{payload}));
          })} {}
    runtime::Mailbox<std::string> heard;
    std::shared_ptr<void> handle;
};

TEST_F(ListenTest, NotificationsArriveAtTheirChannel) {
    run([](Context context, PoolOptions options) -> Task<void> {
        Pool pool{context, options};
        Ear first{context, pool, "first"};
        EXPECT_EQ(*co_await first.heard.pop(), "");
        Ear second{context, pool, "second"};  // added while the connection waits
        EXPECT_EQ(*co_await second.heard.pop(), "");
        CO_ASSERT(co_await pool.execute(kNotify, "second", "b"));
        CO_ASSERT(co_await pool.execute(kNotify, "first", "a"));
        EXPECT_EQ(*co_await second.heard.pop(), "b");
        EXPECT_EQ(*co_await first.heard.pop(), "a");
        EXPECT_EQ(second.heard.size(), 0U);
    }(context_, options()));
}

TEST_F(ListenTest, ARolledBackNotificationIsNotHeard) {
    run([](Context context, PoolOptions options) -> Task<void> {
        Pool pool{context, options};
        Ear ear{context, pool, "songs"};
        EXPECT_EQ(*co_await ear.heard.pop(), "");
        {
            auto tx = co_await pool.begin();
            CO_ASSERT(tx);
            CO_ASSERT(co_await tx->execute(kNotify, "songs", "lost"));
        }
        CO_ASSERT(co_await pool.execute(kNotify, "songs", "kept"));
        EXPECT_EQ(*co_await ear.heard.pop(), "kept");
    }(context_, options()));
}

TEST_F(ListenTest, AfterALostConnectionItListensAgainAndSaysSo) {
    run([](Context context, PoolOptions options) -> Task<void> {
        Pool pool{context, options};
        Ear ear{context, pool, "songs"};
        EXPECT_EQ(*co_await ear.heard.pop(), "");
        CO_ASSERT(co_await pool.execute(
            {"", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"}));
        EXPECT_EQ(*co_await ear.heard.pop(), "");
        CO_ASSERT(co_await pool.execute(kNotify, "songs", "again"));
        EXPECT_EQ(*co_await ear.heard.pop(), "again");
    }(context_, options()));
}

}  // namespace
}  // namespace bandstand::postgres
