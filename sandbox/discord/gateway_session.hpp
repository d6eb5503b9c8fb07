#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "sandbox/discord/world.hpp"

namespace bandstand::sandbox {

/// Close codes of the main gateway (developer docs, "Gateway Close Event Codes").
namespace gateway_close {
constexpr std::uint16_t kUnknownOpcode = 4001;
constexpr std::uint16_t kDecodeError = 4002;
constexpr std::uint16_t kNotAuthenticated = 4003;
constexpr std::uint16_t kAuthenticationFailed = 4004;
constexpr std::uint16_t kAlreadyAuthenticated = 4005;
constexpr std::uint16_t kInvalidSeq = 4007;
constexpr std::uint16_t kRateLimited = 4008;
constexpr std::uint16_t kSessionTimedOut = 4009;
constexpr std::uint16_t kInvalidShard = 4010;
constexpr std::uint16_t kShardingRequired = 4011;
constexpr std::uint16_t kInvalidApiVersion = 4012;
constexpr std::uint16_t kInvalidIntents = 4013;
constexpr std::uint16_t kDisallowedIntents = 4014;
}  // namespace gateway_close

struct Shard {
    std::uint64_t id = 0;
    std::uint64_t count = 1;
    bool given = false;  ///< Identify named it

    bool owns(GuildId guild) const { return (guild.value() >> 22U) % count == id; }
};

/// A session outlives its connection for a while: what was sent is numbered and kept, so that a resume can
/// have it again.
class GatewaySession {
public:
    static constexpr std::size_t kRing = 2'048;

    std::string id;
    ApplicationId bot;
    Shard shard;
    std::uint64_t intents = 0;
    std::uint64_t connection = 0;  ///< 0 = detached
    std::optional<base::Instant> detached_since;

    bool wants(std::uint64_t bits) const { return bits == 0 || (intents & bits) != 0; }
    std::int64_t sequence() const { return sequence_; }
    /// Numbers one dispatch, keeps it for a resume, and returns the payload.
    const std::string& append(std::string_view type, const Json& data);
    /// The payloads after `sequence`, or nothing if some of them are forgotten already.
    std::optional<std::deque<std::string>> after(std::int64_t sequence) const;

private:
    std::int64_t sequence_ = 0;
    std::deque<std::string> kept_;  // the last kRing payloads, the newest numbered sequence_
};

}  // namespace bandstand::sandbox
