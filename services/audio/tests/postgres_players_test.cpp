#include "adapters/postgres_players.hpp"

#include <gtest/gtest.h>

#include "bandstand/events/player/v1/playback.pb.h"
#include "postgres/testing.hpp"
#include "runtime/testing.hpp"

namespace bandstand::audio {
namespace {

constexpr domain::PlayerKey kKey{base::GuildId{0xFFFF'0000'0000'0001}, base::UserId{2}};
constexpr postgres::Statement kOutbox{"test_outbox", "SELECT count(*) FROM audio.outbox"};

domain::Snapshot snapshot() {
    domain::Snapshot snapshot;
    snapshot.entries.push_back({.id = domain::EntryId{11},
                                .info = {.title = "Song", .duration = std::chrono::minutes{3}},
                                .requester = base::UserId{5},
                                .text_channel = base::ChannelId{6},
                                .resolved = true});
    snapshot.queue_version = 4;
    snapshot.next_entry = domain::EntryId{12};
    snapshot.position = std::chrono::seconds{42};
    snapshot.volume_percent = 80;
    snapshot.paused = true;
    snapshot.voice_channel = base::ChannelId{100};
    snapshot.bitrate = 64'000;
    snapshot.text_channel = base::ChannelId{6};
    return snapshot;
}

ports::Change change(std::int64_t epoch, std::string event_id = "") {
    return {.key = kKey, .owner = {3, epoch}, .event_id = std::move(event_id), .snapshot = snapshot()};
}

class PostgresPlayersTest : public runtime::LoopTest {
public:
    void with_players(std::function<runtime::Task<void>(PostgresPlayers&, postgres::Pool&)> use) {
        run([](PostgresPlayersTest& test, auto body) -> runtime::Task<void> {
            auto url = postgres::testing::PrivatePostgres::instance().fresh_database();
            postgres::Pool pool{test.context_, {.url = std::move(url), .schema = "audio"}};
            const auto ready = co_await PostgresPlayers::migrate(pool);
            EXPECT_TRUE(ready) << ready.error().describe();
            PostgresPlayers players{test.context_, pool};
            co_await body(players, pool);
        }(*this, std::move(use)));
    }
};

TEST_F(PostgresPlayersTest, APlayerComesBackAsItWasSaved) {
    with_players([](PostgresPlayers& players, postgres::Pool&) -> runtime::Task<void> {
        const auto absent = co_await players.find(kKey);
        EXPECT_TRUE(absent && !*absent);
        const auto saved = co_await players.save(change(1));
        EXPECT_TRUE(saved) << saved.error().describe();
        const auto found = co_await players.find(kKey);
        EXPECT_TRUE(found && *found);
        EXPECT_EQ((*found)->key, kKey);
        EXPECT_EQ((*found)->snapshot, snapshot());
        const auto playing = co_await players.playing(3);
        EXPECT_EQ(playing->size(), 1U);
        EXPECT_TRUE((co_await players.playing(4))->empty());
    });
}

TEST_F(PostgresPlayersTest, AnEventIsDoneOnceWithItsFacts) {
    with_players([](PostgresPlayers& players, postgres::Pool& pool) -> runtime::Task<void> {
        auto first = change(1, "interaction:1");
        first.facts.emplace_back(domain::QueueChanged{4, 1});
        EXPECT_EQ((co_await players.save(first)).value(), true);
        EXPECT_EQ((co_await players.save(first)).value(), false);
        const auto queued = co_await pool.execute(kOutbox);
        EXPECT_EQ((*queued)[0].get<std::int64_t>(0), 1);
    });
}

TEST_F(PostgresPlayersTest, AFormerOwnerCannotWrite) {
    with_players([](PostgresPlayers& players, postgres::Pool& pool) -> runtime::Task<void> {
        EXPECT_TRUE(co_await players.save(change(2)));
        auto late = change(1, "interaction:1");
        late.facts.emplace_back(domain::QueueChanged{4, 1});
        const auto refused = co_await players.save(late);
        EXPECT_EQ(refused.error().reason(), ports::kStaleOwner);
        const auto queued = co_await pool.execute(kOutbox);
        EXPECT_EQ((*queued)[0].get<std::int64_t>(0), 0) << "its facts must not get out either";
        auto forget = change(1);
        forget.snapshot.reset();
        forget.forget = true;
        EXPECT_TRUE(co_await players.save(forget));
        EXPECT_TRUE((co_await players.find(kKey))->has_value());
    });
}

TEST_F(PostgresPlayersTest, PositionsAreSavedForTheEntryTheyBelongTo) {
    with_players([](PostgresPlayers& players, postgres::Pool&) -> runtime::Task<void> {
        EXPECT_TRUE(co_await players.save(change(2)));
        const auto row = [](std::int64_t epoch, std::uint64_t version) {
            return ports::PositionRow{kKey, {3, epoch}, version, std::chrono::seconds{50}};
        };
        EXPECT_TRUE(co_await players.save_positions({row(2, 3), row(1, 4)}));
        EXPECT_EQ((*(co_await players.find(kKey)))->snapshot.position, std::chrono::seconds{42});
        EXPECT_TRUE(co_await players.save_positions({row(2, 4)}));
        EXPECT_EQ((*(co_await players.find(kKey)))->snapshot.position, std::chrono::seconds{50});
    });
}

TEST_F(PostgresPlayersTest, AForgottenPlayerIsGone) {
    with_players([](PostgresPlayers& players, postgres::Pool&) -> runtime::Task<void> {
        EXPECT_TRUE(co_await players.save(change(1)));
        EXPECT_TRUE(co_await players.save({.key = kKey, .owner = {3, 1}, .forget = true}));
        EXPECT_FALSE((co_await players.find(kKey))->has_value());
    });
}

}  // namespace
}  // namespace bandstand::audio
