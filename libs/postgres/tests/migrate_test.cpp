#include "postgres/migrate.hpp"

#include <array>

#include "fixture.hpp"
#include "runtime/task_group.hpp"

namespace bandstand::postgres {
namespace {

using runtime::Context;
using runtime::Task;
using MigrateTest = DatabaseTest;

constexpr Migration kFirst{1, "songs", "CREATE TABLE song (id bigint); CREATE INDEX ON song (id);"};
constexpr Migration kSecond{2, "titles",
                            "ALTER TABLE song ADD title text; INSERT INTO song VALUES (1, 'Air');"};
constexpr std::array kOne{kFirst};
constexpr std::array kBoth{kFirst, kSecond};

TEST_F(MigrateTest, AppliesWhatIsNewAndOnlyOnce) {
    run([](Context context, PoolOptions options) -> Task<void> {
        Pool pool{context, options};
        CO_ASSERT(co_await migrate(pool, "music", kOne));
        CO_ASSERT(co_await migrate(pool, "music", kBoth));
        CO_ASSERT(co_await migrate(pool, "music", kBoth));
        const auto rows = co_await pool.execute({"", "SELECT title FROM music.song"});
        CO_ASSERT(rows);
        EXPECT_EQ(rows->size(), 1U);
    }(context_, options()));
}

TEST_F(MigrateTest, ProcessesThatStartTogetherDoNotDisturbEachOther) {
    run([](Context context, PoolOptions options) -> Task<void> {
        Pool pool{context, options};
        runtime::TaskGroup tasks{context};
        for (int i = 0; i < 3; ++i) tasks.spawn("migrate", migrate(pool, "music", kBoth));
        CO_ASSERT(co_await tasks.join());
        const auto rows = co_await pool.execute({"", "SELECT title FROM music.song"});
        CO_ASSERT(rows);
        EXPECT_EQ(rows->size(), 1U);
    }(context_, options()));
}

TEST_F(MigrateTest, AnEditedMigrationIsRefused) {
    run([](Context context, PoolOptions options) -> Task<void> {
        Pool pool{context, options};
        CO_ASSERT(co_await migrate(pool, "music", kOne));
        constexpr std::array kEdited{Migration{1, "songs", "CREATE TABLE song (id integer);"}};
        const auto refused = co_await migrate(pool, "music", kEdited);
        EXPECT_EQ(refused.error().reason(), kMigrationChanged);
    }(context_, options()));
}

TEST_F(MigrateTest, AMigrationThatFailsLeavesNothingBehind) {
    run([](Context context, PoolOptions options) -> Task<void> {
        Pool pool{context, options};
        constexpr std::array kBroken{kFirst,
                                     Migration{2, "broken", "CREATE TABLE other (id bigint); SELEC 1;"}};
        const auto failed = co_await migrate(pool, "music", kBroken);
        EXPECT_FALSE(failed);
        EXPECT_NE(why(failed).find("broken"), std::string::npos) << why(failed);
        const auto rows = co_await pool.execute({"", "SELECT 1 FROM pg_namespace WHERE nspname = 'music'"});
        CO_ASSERT(rows);
        EXPECT_TRUE(rows->empty());
    }(context_, options()));
}

}  // namespace
}  // namespace bandstand::postgres
