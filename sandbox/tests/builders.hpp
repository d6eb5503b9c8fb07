#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sandbox/discord/api_error.hpp"
#include "sandbox/discord/gateway.hpp"
#include "sandbox/discord/world.hpp"

namespace bandstand::sandbox::testing {

constexpr base::Instant kStart{std::chrono::hours{1}};
constexpr base::WallTime kToday{std::chrono::seconds{1'767'225'600}};

/// The other end of a websocket, in the test's hands.
class FakePeer final : public Peer {
public:
    void send(std::string payload) override {
        ASSERT_FALSE(closed) << "sent after close: " << payload;
        auto message = parse_json(payload);
        ASSERT_TRUE(message) << payload;
        sent.push_back(std::move(*message));
    }
    void close(std::uint16_t code, std::string) override {
        ASSERT_FALSE(closed) << "closed twice";
        closed = code;
    }

    std::vector<Json> with_op(std::int64_t op) const {
        std::vector<Json> out;
        for (const auto& message : sent) {
            if (number_of(message, "op") == op) out.push_back(message);
        }
        return out;
    }
    /// The data of the newest dispatch of this type, or null.
    Json newest(std::string_view type) const {
        for (auto it = sent.rbegin(); it != sent.rend(); ++it) {
            if (text_of(*it, "t") == type) return it->at("d");
        }
        return nullptr;
    }
    std::size_t count(std::string_view type) const {
        return static_cast<std::size_t>(
            std::ranges::count_if(sent, [&](const Json& message) { return text_of(message, "t") == type; }));
    }

    std::vector<Json> sent;
    std::optional<std::uint16_t> closed;
};

inline Json identify(std::string_view token = "sandbox.token.1", std::int64_t intents = 641) {
    return {{"op", 2},
            {"d",
             {{"token", token},
              {"intents", intents},
              {"properties", {{"os", "linux"}, {"browser", "test"}, {"device", "test"}}}}}};
}

inline Guild& guild_named(World& world, std::string_view name) {
    return *world.find_guild(name);
}
inline ChannelId channel_named(World& world, Guild& guild, std::string_view name) {
    return world.find_channel(guild, name)->id;
}
inline UserId user_named(const World& world, std::string_view name) {
    for (const auto& [id, user] : world.users) {
        if (user.name == name) return id;
    }
    return {};
}

/// The codes at one path of an error tree: "embeds.0.title" -> "BASE_TYPE_MAX_LENGTH".
inline std::string code_at(const ApiError& error, std::string_view path) {
    const Json* node = &error.errors;
    for (std::size_t start = 0; start < path.size();) {
        const auto end = std::min(path.find('.', start), path.size());
        node = &member_of(*node, path.substr(start, end - start));
        start = end + 1;
    }
    const auto& list = member_of(*node, "_errors");
    return list.is_array() && !list.empty() ? text_of(list[0], "code") : "";
}

}  // namespace bandstand::sandbox::testing
