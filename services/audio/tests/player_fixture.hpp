#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "domain/player.hpp"
#include "domain/reasons.hpp"

namespace bandstand::audio::domain::testing {

constexpr base::ChannelId kStage{100};
constexpr base::ChannelId kElsewhere{101};
constexpr base::ChannelId kGeneral{200};
constexpr base::UserId kAlice{1};

/// A player with its world in the test's hands: what it answers, publishes and wants done is collected.
class PlayerBench {
public:
    explicit PlayerBench(PlayerSettings settings = {}) : player{settings, EntryId{1}} {}

    Decision tell(const Input& input) {
        auto decision = player.handle(input, now);
        facts.insert(facts.end(), decision.facts.begin(), decision.facts.end());
        effects.insert(effects.end(), decision.effects.begin(), decision.effects.end());
        const auto opens = [](const Effect& effect) { return std::holds_alternative<OpenVoice>(effect); };
        if (std::ranges::any_of(decision.effects, opens)) tell(JoinWanted{});  // as a new connection does
        return decision;
    }
    std::string ask(Request request, base::ChannelId channel = kStage, bool admitted = true) {
        Command command{.requester = kAlice, .voice_channel = channel, .admitted = admitted};
        command.request = std::move(request);
        command.ask.event_id = "interaction:" + std::to_string(++asked);
        command.ask.reply.text_channel = kGeneral;
        tell(command);
        return command.ask.event_id;
    }
    /// Asks for a library track, which is found at once; its id.
    EntryId play(const std::string& title = "Song", Milliseconds duration = std::chrono::minutes{3}) {
        ask(Play{{SourceKind::library, title, {}}});
        const auto id = last_effect<Resolve>().entry;
        tell(Resolved{id, {SourceKind::library, "key-" + title, {}}, {.title = title, .duration = duration}});
        return id;
    }
    void connect() {
        tell(JoinAccepted{});
        tell(VoiceReady{});
    }
    StreamId open_and_start() {
        const auto stream = last_effect<OpenStream>().stream;
        tell(StreamOpened{stream, {}, true});
        tell(StreamStarted{stream});
        return stream;
    }
    /// One track plays.
    StreamId playing(Milliseconds duration = std::chrono::minutes{3}) {
        play("Song", duration);
        connect();
        return open_and_start();
    }

    template <class T>
    std::vector<T> all_facts() const {
        std::vector<T> found;
        for (const auto& fact : facts) {
            if (const auto* match = std::get_if<T>(&fact)) found.push_back(*match);
        }
        return found;
    }
    template <class T>
    std::vector<T> all_effects() const {
        std::vector<T> found;
        for (const auto& effect : effects) {
            if (const auto* match = std::get_if<T>(&effect)) found.push_back(*match);
        }
        return found;
    }
    template <class T>
    T last_fact() const {
        const auto found = all_facts<T>();
        EXPECT_FALSE(found.empty()) << "no such fact";
        return found.empty() ? T{} : found.back();
    }
    template <class T>
    T last_effect() const {
        const auto found = all_effects<T>();
        EXPECT_FALSE(found.empty()) << "no such effect";
        return found.empty() ? T{} : found.back();
    }
    std::vector<Answered> answers_to(const std::string& event_id) const {
        auto found = all_facts<Answered>();
        std::erase_if(found, [&](const Answered& answer) { return answer.ask.event_id != event_id; });
        return found;
    }
    /// The one answer's refusal; empty when it was no refusal.
    std::string refusal(const std::string& event_id) const {
        const auto answers = answers_to(event_id);
        EXPECT_EQ(answers.size(), 1U) << event_id;
        if (answers.size() != 1) return "no single answer";
        const auto* refused = std::get_if<Refused>(&answers[0].outcome);
        return refused ? refused->reason : "";
    }
    void forget_past() {
        facts.clear();
        effects.clear();
    }

    Player player;
    base::Instant now{std::chrono::hours{1}};
    std::vector<Fact> facts;
    std::vector<Effect> effects;
    int asked = 0;
};

}  // namespace bandstand::audio::domain::testing
