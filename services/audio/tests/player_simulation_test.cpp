// Thousands of random evenings: members ask for anything at any moment, the world answers late, wrongly or
// never.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "domain/player.hpp"
#include "testing/seeded.hpp"

namespace bandstand::audio::domain {
namespace {

using std::chrono::seconds;

/// Everything that happened, checked as it happens.
class Witness {
public:
    void asked(const std::string& event_id) { answers_.emplace(event_id, 0); }
    void saw(const Decision& decision) {
        for (const auto& fact : decision.facts) std::visit([this](const auto& f) { saw_fact(f); }, fact);
        for (const auto& effect : decision.effects)
            std::visit([this](const auto& e) { saw_effect(e); }, effect);
    }
    void check(const Player& player) {
        std::set<std::uint64_t> in_queue;
        for (const auto& entry : player.queue().entries()) {
            EXPECT_TRUE(in_queue.insert(entry.id.value()).second) << "an entry is queued twice";
            EXPECT_FALSE(ended_.contains(entry.id.value())) << "an ended entry is queued";
        }
        EXPECT_LE(open_.size(), 2U) << "more than the current and the next stream are open";
        if (const auto stream = player.current_stream()) {
            EXPECT_TRUE(open_.contains(stream->value())) << "the current stream was never opened";
            EXPECT_EQ(open_.at(stream->value()), player.queue().current()->id.value())
                << "it plays another entry";
        }
        EXPECT_TRUE(player.active() || open_.empty()) << "streams without a voice channel";
        EXPECT_GE(player.position().count(), 0);
    }
    void check_all_answered() const {
        for (const auto& [event_id, count] : answers_) EXPECT_EQ(count, 1) << event_id;
    }
    std::size_t tracks_started() const { return started_.size(); }
    std::size_t tracks_ended() const { return ended_.size(); }

    std::map<std::uint64_t, std::uint64_t> open_;  // stream -> entry
    std::vector<std::uint64_t> playing_in_order_;  // streams given to the engine
    std::set<std::uint64_t> opening_;              // not answered yet
    std::set<std::uint64_t> resolving_;            // entries
    int joins_unanswered_ = 0;
    bool voice_open_ = false;

private:
    template <class T>
    void saw_fact(const T&) {}
    void saw_fact(const Answered& answered) {
        auto found = answers_.find(answered.ask.event_id);
        ASSERT_NE(found, answers_.end()) << "an answer to nobody";
        EXPECT_EQ(++found->second, 1) << "answered twice: " << answered.ask.event_id;
    }
    void saw_fact(const TrackStarted& started) {
        EXPECT_TRUE(started_.insert(started.entry.id.value()).second) << "started twice";
        EXPECT_FALSE(ended_.contains(started.entry.id.value())) << "started after its end";
    }
    void saw_fact(const TrackEnded& ended) {
        EXPECT_TRUE(ended_.insert(ended.entry.id.value()).second) << "ended twice";
    }

    template <class T>
    void saw_effect(const T&) {}
    void saw_effect(const Resolve& order) { resolving_.insert(order.entry.value()); }
    void saw_effect(const OpenVoice&) {
        EXPECT_FALSE(voice_open_) << "a second voice connection";
        voice_open_ = true;
    }
    void saw_effect(const CloseVoice&) {
        EXPECT_TRUE(voice_open_);
        voice_open_ = false;
    }
    void saw_effect(const RequestJoin&) { ++joins_unanswered_; }
    void saw_effect(const OpenStream& order) {
        EXPECT_TRUE(open_.emplace(order.stream.value(), order.entry.value()).second)
            << "a stream id given twice";
        opening_.insert(order.stream.value());
    }
    void saw_effect(const QueueStream& order) {
        EXPECT_TRUE(open_.contains(order.stream.value())) << "queued without being open";
        playing_in_order_.push_back(order.stream.value());
    }
    void saw_effect(const SeekStream& order) {
        ASSERT_TRUE(open_.contains(order.stream.value())) << "seek in a closed stream";
        auto node = open_.extract(order.stream.value());
        node.key() = order.becomes.value();
        EXPECT_TRUE(open_.insert(std::move(node)).inserted);
        std::ranges::replace(playing_in_order_, order.stream.value(), order.becomes.value());
    }
    void saw_effect(const CloseStream& order) {
        EXPECT_TRUE(open_.contains(order.stream.value())) << "closed twice";
        forget_stream(order.stream.value());
    }

public:
    void forget_stream(std::uint64_t id) {
        open_.erase(id);
        opening_.erase(id);
        std::erase(playing_in_order_, id);
    }

private:
    std::map<std::string, int> answers_;
    std::set<std::uint64_t> started_;
    std::set<std::uint64_t> ended_;
};

class Evening {
public:
    explicit Evening(std::uint64_t seed) : random_{seed}, player_{settings(), EntryId{1}} {}

    const Witness& witness() const { return witness_; }

    void run(int steps) {
        for (int step = 0; step < steps; ++step) {
            now_ += std::chrono::milliseconds{random_.below(8'000)};
            if (random_.below(3) == 0) {
                ask();
            } else {
                happen();
            }
            if (const auto due = player_.deadline(); due && now_ >= *due) tell(Tick{});
            witness_.check(player_);
            if (::testing::Test::HasFailure()) return;
        }
        end();
    }

private:
    static PlayerSettings settings() {
        PlayerSettings settings;
        settings.queue_limit = 8;
        return settings;
    }

    void tell(const Input& input) {
        // What a new owner would load is what we are: nothing that matters lives outside of the snapshot.
        if (random_.below(50) == 0)
            EXPECT_EQ((Player{settings(), player_.snapshot()}.snapshot()), player_.snapshot());
        witness_.saw(player_.handle(input, now_));
    }

    void ask() {
        Command command{.requester = base::UserId{random_.below(3) + 1},
                        .voice_channel = base::ChannelId{random_.below(10) == 0 ? random_.below(3) : 1},
                        .admitted = random_.below(10) != 0};
        command.ask.event_id = "ask:" + std::to_string(++asked_);
        command.request = request();
        witness_.asked(command.ask.event_id);
        tell(command);
    }

    Request request() {
        switch (random_.below(14)) {
            case 0:
                return Join{};
            case 1:
                return Leave{};
            case 2:
                return Pause{};
            case 3:
                return Resume{};
            case 4:
                return TogglePause{};
            case 5:
                return Skip{.count = static_cast<std::uint32_t>(random_.below(4))};
            case 6:
                return random_.below(3) == 0 ? Request{Stop{}} : Request{ShowQueue{}};
            case 7:
                return Seek{Milliseconds{static_cast<std::int64_t>(random_.below(80'000)) - 20'000},
                            random_.below(2) == 0};
            case 8:
                return SetVolume{static_cast<std::uint32_t>(random_.below(250))};
            default:
                return Play{};
        }
    }

    // One thing of the outside world, if there is anything to happen.
    void happen() {
        switch (random_.below(12)) {
            case 0:
            case 1:
                return answer_resolve();
            case 2:
            case 3:
                return answer_open();
            case 4:
                return answer_join();
            case 5:
                if (witness_.voice_open_) tell(VoiceReady{});
                return;
            case 6:
                return connection_trouble();
            case 7:
                return tell(Occupancy{base::ChannelId{1}, static_cast<std::uint32_t>(random_.below(3))});
            case 8:
                return tell(OwnVoiceState{base::ChannelId{random_.below(20) == 0 ? 0U : 1U}, "session"});
            default:
                return play_on();
        }
    }

    std::optional<std::uint64_t> one_of(const std::set<std::uint64_t>& ids) {
        if (ids.empty()) return std::nullopt;
        return *std::next(ids.begin(), static_cast<std::ptrdiff_t>(random_.below(ids.size())));
    }

    void answer_resolve() {
        const auto entry = one_of(witness_.resolving_);
        if (!entry) return;
        witness_.resolving_.erase(*entry);
        if (random_.below(5) == 0) return tell(ResolveFailed{EntryId{*entry}, "audio.not_found", "Nothing."});
        TrackInfo info{.title = "Song"};
        if (random_.below(4) != 0) info.duration = seconds{30 + random_.below(60)};
        tell(Resolved{EntryId{*entry}, {}, info});
    }

    void answer_open() {
        const auto stream = one_of(witness_.opening_);
        if (!stream) return;
        witness_.opening_.erase(*stream);
        if (random_.below(6) != 0) return tell(StreamOpened{StreamId{*stream}, {}, random_.below(8) != 0});
        tell(StreamFailed{StreamId{*stream}, "audio.fetch_failed", "Gone."});
    }

    void answer_join() {
        if (witness_.joins_unanswered_ == 0) {
            if (witness_.voice_open_) tell(JoinWanted{});
            return;
        }
        --witness_.joins_unanswered_;
        if (random_.below(6) != 0) return tell(JoinAccepted{});
        tell(JoinRefused{"gateway.channel_full", "It is full."});
    }

    void connection_trouble() {
        if (!witness_.voice_open_) return;
        const auto dice = random_.below(8);
        if (dice == 0) {
            tell(VoiceGaveUp{"audio.voice_failed", "It broke."});
        } else if (dice < 4) {
            tell(VoiceInterrupted{});
        } else if (dice == 4 && random_.below(10) == 0) {
            tell(GuildUnavailable{random_.below(2) == 0});
        } else {
            tell(VoiceReady{});
        }
    }

    // The engine: the first queued stream sounds, ends or breaks.
    void play_on() {
        if (!witness_.voice_open_ || witness_.playing_in_order_.empty()) return;
        const StreamId stream{witness_.playing_in_order_.front()};
        switch (random_.below(8)) {
            case 0:
                return tell(StreamReadToEnd{stream});
            case 1: {
                const bool current = player_.current_stream() == stream;
                if (current) witness_.forget_stream(stream.value());
                return tell(StreamDrained{stream});
            }
            case 2:
                return tell(StreamDrained{});  // of a stream that is long gone
            case 3:
                return tell(StreamFailed{stream, "audio.fetch_failed", "The server hung up."});
            default:
                tell(StreamStarted{stream});
                position_ = position_ + seconds{random_.below(20)};
                if (random_.below(6) == 0) position_ = Milliseconds{0};
                return tell(Position{stream, position_});
        }
    }

    // Everything that is under way comes to its end; then nobody may still wait for an answer.
    void end() {
        while (!witness_.resolving_.empty()) answer_resolve();
        while (witness_.joins_unanswered_ > 0) answer_join();
        while (const auto due = player_.deadline()) {
            now_ = *due;
            tell(Tick{});
            while (witness_.joins_unanswered_ > 0) answer_join();
        }
        witness_.check(player_);
        witness_.check_all_answered();
    }

    base::Random random_;
    Player player_;
    Witness witness_;
    base::Instant now_{std::chrono::hours{1}};
    Milliseconds position_{};
    int asked_ = 0;
};

class PlayerSimulation : public bandstand::testing::SeededTest {};

TEST_F(PlayerSimulation, KeepsItsPromisesThroughAnyEvening) {
    const auto first = random_();
    std::size_t started = 0;
    std::size_t ended = 0;
    for (std::uint64_t seed = first; seed != first + 300; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Evening evening{seed};
        evening.run(300);
        started += evening.witness().tracks_started();
        ended += evening.witness().tracks_ended();
        if (HasFailure()) return;
    }
    EXPECT_GT(started, 300U) << "evenings on which nothing plays prove nothing";
    EXPECT_GT(ended, started / 2);
}

}  // namespace
}  // namespace bandstand::audio::domain
