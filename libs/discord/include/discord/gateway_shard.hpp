#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "discord/gateway_payload.hpp"
#include "discord/transport_compression.hpp"

/// The session of one shard, without sockets or clocks: events in with `now`, actions out.
namespace bandstand::discord {

// Gateway intents (developer docs, "Gateway Intents").
constexpr std::uint32_t kIntentGuilds = 1U << 0U;
constexpr std::uint32_t kIntentGuildVoiceStates = 1U << 7U;

// Why a shard gave up for good.
constexpr base::Reason kBadToken{"discord.bad_token"};
constexpr base::Reason kInvalidShard{"discord.invalid_shard"};
constexpr base::Reason kShardingRequired{"discord.sharding_required"};
constexpr base::Reason kInvalidApiVersion{"discord.invalid_api_version"};
constexpr base::Reason kInvalidIntents{"discord.invalid_intents"};
constexpr base::Reason kDisallowedIntents{"discord.disallowed_intents"};
// Why a send was refused.
constexpr base::Reason kShardNotReady{"discord.shard_not_ready"};
constexpr base::Reason kSendQueueFull{"discord.send_queue_full"};

enum class AfterClose { resume, reidentify, fatal };

/// What to do after the gateway closed with `code` (0 = without a close frame).
struct CloseRule {
    AfterClose action = AfterClose::resume;
    bool own_bug = false;       ///< the code says that we sent something wrong: log it as such
    bool pause = false;         ///< rate limited: wait before the next connection
    base::Reason reason{};      ///< fatal only
    std::string_view advice{};  ///< fatal only: what the operator must do
};
CloseRule close_rule(std::uint16_t code);

struct ShardOptions {
    base::Secret token;
    std::uint32_t intents = kIntentGuilds | kIntentGuildVoiceStates;
    std::uint32_t shard_id = 0;
    std::uint32_t shard_count = 1;
    std::string gateway_url;  ///< of GET /gateway/bot
    Compression compression = Compression::zstd_stream;
    std::uint64_t seed = 1;  ///< of jitter and back-off
};

// Actions, to be performed in order.
struct ConnectSocket {
    std::string url;
};
struct SendText {
    std::string text;  ///< may hold the token: never logged
};
/// Close the connection; nothing of it may be reported any more.
struct CloseSocket {
    std::uint16_t code = 0;
};
/// Ask the dispenser of this token for leave to identify; answer with on_identify_granted().
struct RequestIdentify {};
struct Deliver {
    Dispatch dispatch;
};
/// The shard stops for good.
struct ShardFailed {
    base::Error error;
};
struct ShardNotice {
    std::string_view event;  ///< constant snake_case, for the log
    std::int64_t detail = 0;
};
using ShardAction =
    std::variant<ConnectSocket, SendText, CloseSocket, RequestIdentify, Deliver, ShardFailed, ShardNotice>;
using ShardActions = std::vector<ShardAction>;

enum class ShardState {
    idle,
    waiting,
    connecting,
    awaiting_hello,
    awaiting_ticket,
    identifying,
    resuming,
    ready,
    failed
};
std::string_view name(ShardState state);

/// Gateway v10 session of one shard: Hello, heartbeats with jitter, zombie detection, Identify, Resume, op 7
/// and 9, every close code, back-off with full jitter, and the send budget (120 payloads per 60 s, of which
/// ordinary ones may use 110). The driver performs the actions and calls on_timer() at next_wakeup().
class GatewayShard {
public:
    explicit GatewayShard(ShardOptions options);

    ShardActions start(base::Instant now);
    ShardActions on_connected(base::Instant now);
    ShardActions on_connect_failed(base::Instant now);
    ShardActions on_payload(GatewayPayload payload, base::Instant now);
    /// The peer closed (code 0: without a close frame), or what it sent could not be read (then the driver
    /// reports 0).
    ShardActions on_closed(std::uint16_t code, base::Instant now);
    ShardActions on_identify_granted(base::Instant now);
    ShardActions on_timer(base::Instant now);
    /// Op 4: joins, moves or (no channel) leaves. Errors: kShardNotReady, kSendQueueFull.
    base::Result<ShardActions> update_voice_state(GuildId guild, ChannelId channel, bool self_deaf,
                                                  base::Instant now);
    /// Final: closes with 1000, so that the bot goes offline at once.
    ShardActions shut_down();

    base::Instant next_wakeup() const;
    ShardState state() const { return state_; }
    const ShardOptions& options() const { return options_; }
    /// Between a heartbeat and its acknowledgement; nothing before the first.
    std::optional<base::Duration> latency() const { return latency_; }

private:
    struct Session {
        std::string id;
        std::string resume_url;
        std::int64_t sequence = 0;
    };

    void connect(ShardActions& out);
    void lost(AfterClose action, base::Duration least, base::Instant now, ShardActions& out);
    void drop(std::uint16_t code, std::string_view why, ShardActions& out);
    void fail(const CloseRule& rule, ShardActions& out);
    void on_hello(Hello hello, base::Instant now, ShardActions& out);
    void on_dispatch(Dispatch dispatch, base::Instant now, ShardActions& out);
    void on_ready(const Ready& ready, base::Instant now);
    void on_invalid_session(bool resumable, base::Instant now, ShardActions& out);
    void on_heartbeat_due(base::Instant now, ShardActions& out);
    void send_now(std::string text, base::Instant now, ShardActions& out);
    void send_heartbeat(base::Instant now, ShardActions& out);
    void flush(base::Instant now, ShardActions& out);
    void forget_old_sends(base::Instant now);
    std::optional<base::Instant> flush_at() const;
    bool connected() const;
    std::string socket_url(bool resuming) const;
    std::string identify_json() const;
    std::string resume_json() const;

    ShardOptions options_;
    base::Random random_;
    ShardState state_ = ShardState::idle;
    std::optional<Session> session_;
    base::Duration heartbeat_interval_{};
    std::optional<base::Instant> heartbeat_due_;
    std::optional<base::Instant> beat_sent_;
    bool beat_unanswered_ = false;  // the last beat that the timer sent
    std::optional<base::Duration> latency_;
    std::optional<base::Instant> state_deadline_;  // of Hello, and of READY or RESUMED
    std::optional<base::Instant> reconnect_at_;
    std::optional<base::Instant> ready_since_;
    unsigned failures_ = 0;  // connections lost since one was stable
    unsigned resume_url_failures_ = 0;
    std::deque<base::Instant> sent_;  // in the last 60 s
    std::deque<std::string> waiting_;
};

}  // namespace bandstand::discord
