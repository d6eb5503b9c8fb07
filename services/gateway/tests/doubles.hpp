#pragma once

#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ports/command_registry.hpp"
#include "ports/community.hpp"
#include "ports/discord_actions.hpp"
#include "ports/library_search.hpp"
#include "ports/player_inbox.hpp"

/// In-memory ports: they note what was asked, and fail when a test says so.
namespace bandstand::gateway::test {

constexpr base::Reason kBroken{"test.broken"};

inline std::unexpected<base::Error> broken(base::ErrorKind kind = base::ErrorKind::unavailable) {
    return base::fail(kind, kBroken, "a test says so");
}

class FakeDiscord final : public ports::DiscordActions {
public:
    struct Sent {
        std::string what;  ///< "acknowledge", "edit_answer", "follow_up", "send", "edit", "speak", "voice",
                           ///< "register"
        discord::Callback callback{};
        discord::OutgoingMessage message{};
        base::ChannelId channel{};
        base::MessageId id{};
        std::string nonce{};
    };
    std::vector<Sent> sent;
    std::map<std::string, base::ErrorKind> failures;  ///< by what
    std::vector<discord::RegisteredCommand> registered;
    base::MessageId next_message{900};

    std::vector<std::string> order() const {
        std::vector<std::string> names;
        for (const auto& one : sent) names.push_back(one.what);
        return names;
    }

    runtime::Task<base::Result<void>> acknowledge(base::InteractionId, std::string,
                                                  discord::Callback callback, base::Duration) override {
        co_return note({.what = "acknowledge", .callback = std::move(callback)});
    }
    runtime::Task<base::Result<base::MessageId>> edit_answer(domain::Reply reply,
                                                             discord::OutgoingMessage message) override {
        // An answer is one message, a button's the one that carries it.
        const base::MessageId id{reply.interaction.value() + 1'000};
        co_return with_id(note({.what = "edit_answer", .message = std::move(message), .id = id}), id);
    }
    runtime::Task<base::Result<base::MessageId>> follow_up(domain::Reply,
                                                           discord::OutgoingMessage message) override {
        co_return with_id(note({.what = "follow_up", .message = std::move(message)}), next_message);
    }
    runtime::Task<base::Result<base::MessageId>> send(base::ChannelId channel,
                                                      discord::OutgoingMessage message,
                                                      std::string nonce) override {
        const auto id = std::exchange(next_message, base::MessageId{next_message.value() + 1});
        co_return with_id(note({.what = "send",
                                .message = std::move(message),
                                .channel = channel,
                                .id = id,
                                .nonce = std::move(nonce)}),
                          id);
    }
    runtime::Task<base::Result<void>> edit(base::ChannelId channel, base::MessageId id,
                                           discord::OutgoingMessage message) override {
        co_return note({.what = "edit", .message = std::move(message), .channel = channel, .id = id});
    }
    runtime::Task<base::Result<void>> become_speaker(base::GuildId, base::ChannelId stage) override {
        co_return note({.what = "speak", .channel = stage});
    }
    base::Result<void> update_voice_state(base::GuildId, base::ChannelId channel, bool) override {
        return note({.what = "voice", .channel = channel});
    }
    runtime::Task<base::Result<std::vector<discord::RegisteredCommand>>> commands(
        base::ApplicationId) override {
        co_return registered;
    }
    runtime::Task<base::Result<std::vector<discord::RegisteredCommand>>> register_commands(
        base::ApplicationId, std::vector<discord::CommandDefinition> commands) override {
        if (auto noted = note({.what = "register"}); !noted)
            co_return std::unexpected(std::move(noted).error());
        registered.clear();
        for (const auto& command : commands) registered.push_back({"id-" + command.name, "1", command.name});
        co_return registered;
    }

private:
    base::Result<void> note(Sent one) {
        const auto failure = failures.find(one.what);
        sent.push_back(std::move(one));
        if (failure != failures.end()) return broken(failure->second);
        return base::ok();
    }
    static base::Result<base::MessageId> with_id(base::Result<void> noted, base::MessageId id) {
        if (!noted) return std::unexpected(std::move(noted).error());
        return id;
    }
};

class FakeInbox final : public ports::PlayerInbox {
public:
    std::vector<domain::PlayerCommand> commands;
    std::vector<domain::AddressedSignal> signals;
    int failures = 0;  ///< of the next sends

    runtime::Task<base::Result<void>> send(domain::PlayerCommand command, std::string) override {
        if (failures > 0 && failures-- > 0) co_return broken();
        commands.push_back(std::move(command));
        co_return base::ok();
    }
    runtime::Task<base::Result<void>> send(std::vector<domain::AddressedSignal> batch) override {
        if (failures > 0 && failures-- > 0) co_return broken();
        signals.insert(signals.end(), batch.begin(), batch.end());
        co_return base::ok();
    }
};

class FakeSearch final : public ports::LibrarySearch {
public:
    std::vector<ports::Suggestion> found;
    bool fails = false;
    std::vector<std::string> searched;

    runtime::Task<base::Result<std::vector<ports::Suggestion>>> search(std::string text,
                                                                       base::Duration) override {
        searched.push_back(std::move(text));
        if (fails) co_return broken();
        co_return found;
    }
};

class FakeCommunity final : public ports::Community {
public:
    std::vector<std::string> told;

    runtime::Task<base::Result<void>> joined(base::GuildId guild, base::UserId, std::string name,
                                             base::UserId, std::uint32_t) override {
        told.push_back("joined " + base::to_string(guild) + " " + name);
        co_return base::ok();
    }
    runtime::Task<base::Result<void>> left(base::GuildId guild, base::UserId) override {
        told.push_back("left " + base::to_string(guild));
        co_return base::ok();
    }
};

class FakeRegistry final : public ports::CommandRegistry {
public:
    std::map<base::ApplicationId, std::string> known;

    runtime::Task<base::Result<std::optional<std::string>>> fingerprint(
        base::ApplicationId application) override {
        const auto found = known.find(application);
        co_return found == known.end() ? std::nullopt : std::optional{found->second};
    }
    runtime::Task<base::Result<void>> remember(base::ApplicationId application,
                                               std::string fingerprint) override {
        known[application] = std::move(fingerprint);
        co_return base::ok();
    }
};

}  // namespace bandstand::gateway::test
