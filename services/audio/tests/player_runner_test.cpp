#include "app/player_runner.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "app/player_host.hpp"
#include "domain/reasons.hpp"
#include "runtime/testing.hpp"

namespace bandstand::audio {
namespace {

constexpr domain::PlayerKey kKey{base::GuildId{1}, base::UserId{2}};
constexpr ports::Owner kOwner{3, 7};
constexpr base::ChannelId kStage{100};

/// A database in memory that may be away.
class MemoryPlayers final : public ports::Players {
public:
    runtime::Task<base::Result<std::optional<ports::SavedPlayer>>> find(domain::PlayerKey key) override {
        const auto held = rows.find(key);
        if (held == rows.end()) co_return std::nullopt;
        co_return ports::SavedPlayer{key, held->second};
    }
    runtime::Task<base::Result<std::vector<ports::SavedPlayer>>> playing(int) override {
        std::vector<ports::SavedPlayer> found;
        for (const auto& [key, snapshot] : rows) {
            if (snapshot.voice_channel) found.push_back({key, snapshot});
        }
        co_return found;
    }
    runtime::Task<base::Result<bool>> save(ports::Change change) override {
        ++saves;
        if (fail_next > 0) {
            --fail_next;
            co_return base::fail(base::ErrorKind::unavailable, fail_with);
        }
        if (!change.event_id.empty() && !done.insert(change.event_id).second) co_return false;
        if (change.snapshot) rows[change.key] = *change.snapshot;
        if (change.forget) rows.erase(change.key);
        facts.insert(facts.end(), change.facts.begin(), change.facts.end());
        co_return true;
    }
    runtime::Task<base::Result<void>> save_positions(std::vector<ports::PositionRow>) override {
        co_return base::ok();
    }
    std::size_t answers() const {
        return static_cast<std::size_t>(std::ranges::count_if(
            facts, [](const auto& fact) { return std::holds_alternative<domain::Answered>(fact); }));
    }

    std::map<domain::PlayerKey, domain::Snapshot> rows;
    std::set<std::string> done;
    std::vector<domain::Fact> facts;
    int saves = 0;
    int fail_next = 0;
    base::Reason fail_with{"test.away"};
};

class MemorySources final : public ports::Sources {
public:
    runtime::Task<base::Result<ports::Found>> resolve(domain::Source wish) override {
        if (wish.locator == "nothing") {
            co_return base::fail(base::ErrorKind::not_found, domain::kNotFound, "I found nothing.");
        }
        co_return ports::Found{wish, {.title = wish.locator, .duration = std::chrono::minutes{3}}};
    }
};

class MemoryGateway final : public ports::Gateway {
public:
    runtime::Task<base::Result<void>> join(domain::PlayerKey, base::ChannelId channel, std::string) override {
        calls.push_back("join " + base::to_string(channel));
        co_return base::ok();
    }
    runtime::Task<base::Result<void>> leave(domain::PlayerKey) override {
        calls.emplace_back("leave");
        co_return base::ok();
    }
    std::vector<std::string> calls;
};

/// Connects at once, opens at once, plays what it is given.
class MemoryStage final : public ports::Stage {
public:
    explicit MemoryStage(ports::Report report, std::vector<domain::Effect>& seen)
        : report_{std::move(report)}, seen_{seen} {}
    void perform(const domain::Effect& effect) override {
        seen_.push_back(effect);
        if (std::holds_alternative<domain::OpenVoice>(effect)) {
            report_(domain::JoinWanted{});
            report_(domain::VoiceReady{});
        } else if (const auto* order = std::get_if<domain::OpenStream>(&effect)) {
            report_(domain::StreamOpened{order->stream, {}, true});
        } else if (const auto* queued = std::get_if<domain::QueueStream>(&effect)) {
            report_(domain::StreamStarted{queued->stream});
            position_ = domain::Position{queued->stream, std::chrono::seconds{42}};
        }
    }
    std::optional<domain::Position> position() const override { return position_; }
    void tick() override {}
    runtime::Task<void> close() override { co_return; }

private:
    ports::Report report_;
    std::vector<domain::Effect>& seen_;
    std::optional<domain::Position> position_;
};

domain::Command play(const std::string& event_id, const std::string& what = "Song") {
    domain::Command command{.requester = base::UserId{5}, .voice_channel = kStage};
    command.ask = {.event_id = event_id, .command = "play"};
    command.request = domain::Play{{domain::SourceKind::library, what, {}}};
    return command;
}

class HostTest : public runtime::LoopTest {
public:
    RunnerParts parts() {
        return {context_,
                tasks_,
                players_,
                sources_,
                gateway_,
                [this](domain::PlayerKey, ports::Report report) {
                    return std::make_unique<MemoryStage>(std::move(report), effects_);
                },
                metrics_};
    }
    runtime::Task<void> settle() {
        for (int turn = 0; turn < 100; ++turn) co_await asio::post(context_.executor(), asio::use_awaitable);
    }
    runtime::Task<void> finish() {
        co_await host_.revoked(kOwner.partition);
        tasks_.stop();
        static_cast<void>(co_await tasks_.join());
    }
    template <class T>
    std::size_t count() const {
        return static_cast<std::size_t>(std::ranges::count_if(
            effects_, [](const auto& effect) { return std::holds_alternative<T>(effect); }));
    }

    MemoryPlayers players_;
    MemorySources sources_;
    MemoryGateway gateway_;
    std::vector<domain::Effect> effects_;
    PlayerMetrics metrics_{observer_.metrics()};
    runtime::TaskGroup tasks_{context_};
    PlayerHost host_{parts(), {.player = {}, .max_players = 1}};
};

TEST_F(HostTest, ACommandIsSavedAnsweredAndPlayed) {
    run([](HostTest& test) -> runtime::Task<void> {
        co_await test.host_.assigned(kOwner);
        auto done =
            co_await test.host_.deliver(kOwner.partition, kKey, play("interaction:1"), "interaction:1");
        EXPECT_TRUE(done);
        co_await test.settle();
        EXPECT_EQ(test.players_.answers(), 1U);
        EXPECT_EQ(test.gateway_.calls, std::vector<std::string>{"join 100"});
        EXPECT_EQ(test.players_.rows.at(kKey).entries.size(), 1U);
        const auto view = co_await test.host_.view(kOwner.partition, kKey, 1);
        EXPECT_EQ(view->state, domain::PlayerState::playing);
        EXPECT_EQ(view->position, std::chrono::seconds{42});
        co_await test.finish();
        EXPECT_EQ(test.players_.rows.at(kKey).position, std::chrono::seconds{42})
            << "the exact position is handed over";
        EXPECT_EQ(test.players_.rows.at(kKey).voice_channel, kStage);
    }(*this));
}

TEST_F(HostTest, ARedeliveredCommandHasOneEffect) {
    run([](HostTest& test) -> runtime::Task<void> {
        co_await test.host_.assigned(kOwner);
        for (int time = 0; time < 3; ++time) {
            auto done =
                co_await test.host_.deliver(kOwner.partition, kKey, play("interaction:1"), "interaction:1");
            EXPECT_TRUE(done);
        }
        co_await test.settle();
        EXPECT_EQ(test.players_.answers(), 1U);
        EXPECT_EQ(test.players_.rows.at(kKey).entries.size(), 1U);
        EXPECT_EQ(test.count<domain::OpenStream>(), 1U);
        co_await test.finish();
    }(*this));
}

TEST_F(HostTest, NothingIsDoneBeforeItIsSaved) {
    run([](HostTest& test) -> runtime::Task<void> {
        co_await test.host_.assigned(kOwner);
        test.players_.fail_next = 1;
        auto done =
            co_await test.host_.deliver(kOwner.partition, kKey, play("interaction:1"), "interaction:1");
        EXPECT_FALSE(done);
        co_await test.settle();
        EXPECT_TRUE(test.effects_.empty());
        done = co_await test.host_.deliver(kOwner.partition, kKey, play("interaction:1"), "interaction:1");
        EXPECT_TRUE(done);
        co_await test.settle();
        EXPECT_EQ(test.players_.answers(), 1U);
        co_await test.finish();
    }(*this));
}

TEST_F(HostTest, WhatHappensInTheProcessIsSavedAgainUntilItIs) {
    run([](HostTest& test) -> runtime::Task<void> {
        co_await test.host_.assigned(kOwner);
        auto done =
            co_await test.host_.deliver(kOwner.partition, kKey, play("interaction:1"), "interaction:1");
        EXPECT_TRUE(done);
        test.players_.fail_next = 1;  // the search's outcome meets an absent database
        while (test.players_.answers() == 0)
            co_await asio::post(test.context_.executor(), asio::use_awaitable);
        EXPECT_EQ(test.players_.fail_next, 0);
        co_await test.finish();
    }(*this));
}

TEST_F(HostTest, AStaleOwnerFallsSilent) {
    run([](HostTest& test) -> runtime::Task<void> {
        co_await test.host_.assigned(kOwner);
        test.players_.fail_next = 1;
        test.players_.fail_with = ports::kStaleOwner;
        auto done =
            co_await test.host_.deliver(kOwner.partition, kKey, play("interaction:1"), "interaction:1");
        EXPECT_EQ(done.error().reason(), ports::kStaleOwner);
        co_await test.settle();
        const auto saves = test.players_.saves;
        co_await test.finish();
        EXPECT_EQ(test.players_.saves, saves) << "it must not write any more";
    }(*this));
}

TEST_F(HostTest, ANewOwnerGoesOnWhereTheOldOneStopped) {
    run([](HostTest& test) -> runtime::Task<void> {
        co_await test.host_.assigned(kOwner);
        static_cast<void>(
            co_await test.host_.deliver(kOwner.partition, kKey, play("interaction:1"), "interaction:1"));
        co_await test.settle();
        co_await test.host_.revoked(kOwner.partition);
        test.effects_.clear();
        co_await test.host_.assigned({kOwner.partition, kOwner.epoch + 1});
        co_await test.settle();
        EXPECT_EQ(test.gateway_.calls, (std::vector<std::string>{"join 100", "leave", "join 100"}));
        const auto opens = [](const auto& effect) {
            const auto* order = std::get_if<domain::OpenStream>(&effect);
            return order && order->from == std::chrono::seconds{42};
        };
        EXPECT_EQ(std::ranges::count_if(test.effects_, opens), 1);
        co_await test.finish();
    }(*this));
}

TEST_F(HostTest, RefusesAnotherPlayerWhenItIsFull) {
    run([](HostTest& test) -> runtime::Task<void> {
        co_await test.host_.assigned(kOwner);
        static_cast<void>(
            co_await test.host_.deliver(kOwner.partition, kKey, play("interaction:1"), "interaction:1"));
        const domain::PlayerKey other{base::GuildId{9}, base::UserId{2}};
        static_cast<void>(
            co_await test.host_.deliver(kOwner.partition, other, play("interaction:2"), "interaction:2"));
        const auto& answer = std::get<domain::Answered>(test.players_.facts.back());
        EXPECT_EQ(std::get<domain::Refused>(answer.outcome).reason, domain::kAtCapacity.name);
        co_await test.finish();
    }(*this));
}

TEST_F(HostTest, SpeaksOnlyForPartitionsThatItOwns) {
    run([](HostTest& test) -> runtime::Task<void> {
        const auto view = co_await test.host_.view(kOwner.partition, kKey, 1);
        EXPECT_EQ(view.error().reason(), kNotOwner);
        const auto done =
            co_await test.host_.deliver(kOwner.partition, kKey, play("interaction:1"), "interaction:1");
        EXPECT_EQ(done.error().reason(), kNotOwner);
    }(*this));
}

}  // namespace
}  // namespace bandstand::audio
