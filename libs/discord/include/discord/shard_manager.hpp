#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "discord/api.hpp"
#include "discord/gateway_shard.hpp"
#include "runtime/context.hpp"
#include "runtime/task.hpp"

namespace bandstand::discord {

/// Which shard of `shard_count` hears about `guild`.
std::uint32_t shard_of(GuildId guild, std::uint32_t shard_count);

/// Leave to identify, in Discord's order: bucket = shard id mod max_concurrency, one per bucket and 5 s, the
/// lower shards first; and never below the reserve of the daily budget, because spending it resets the bot's
/// token.
class IdentifyDispenser {
public:
    IdentifyDispenser(SessionStartLimit limit, std::uint32_t shard_count, base::Instant now);

    void request(std::uint32_t shard_id);
    /// The shards that may identify now.
    std::vector<std::uint32_t> grant(base::Instant now);
    std::optional<base::Instant> next_wakeup(base::Instant now) const;
    std::uint32_t remaining() const { return remaining_; }

private:
    SessionStartLimit limit_;
    std::uint32_t reserve_;
    std::uint32_t remaining_;
    base::Instant resets_at_;
    std::map<std::uint32_t, base::Instant> bucket_free_at_;
    std::vector<std::uint32_t> waiting_;  // sorted
};

struct ShardEvent {
    std::uint32_t shard_id = 0;
    base::Instant received_at{};  ///< when the websocket message was complete
    Dispatch dispatch;
};

struct ShardManagerOptions {
    base::Secret token;
    std::uint32_t intents = kIntentGuilds | kIntentGuildVoiceStates;
    std::uint32_t shard_count = 0;  ///< 0 = as Discord recommends
    Compression compression = Compression::zstd_stream;
    std::string ca_file;  ///< extra trust, PEM; may be empty
};

/// All shards of one bot identity in this process. Loop thread only.
class ShardManager {
public:
    using OnEvent = std::function<void(ShardEvent)>;
    ShardManager(runtime::Context context, Api& api, ShardManagerOptions options, OnEvent on_event);
    ~ShardManager();
    ShardManager(const ShardManager&) = delete;
    ShardManager& operator=(const ShardManager&) = delete;

    /// Asks Discord for the layout, connects the shards and keeps them connected until stopped.
    /// Errors: the fatal close codes (discord/gateway_shard.hpp), with what the operator must do in the
    /// detail.
    runtime::Task<base::Result<void>> run();
    /// Errors: kShardNotReady, kSendQueueFull.
    base::Result<void> update_voice_state(GuildId guild, ChannelId channel, bool self_deaf);
    /// Empty when every shard is ready, else why not.
    std::string why_not_ready() const;
    std::vector<ShardState> states() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace bandstand::discord
