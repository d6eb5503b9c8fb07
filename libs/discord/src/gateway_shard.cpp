#include "discord/gateway_shard.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace bandstand::discord {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

constexpr base::Duration kHelloWithin = 30s;
constexpr base::Duration kReadyWithin = 20s;
constexpr base::Duration kResumedWithin = 60s;  // replays may be long
constexpr base::Duration kStableAfter = 60s;
constexpr base::Duration kRateLimitPause = 5s;
constexpr unsigned kMaxBackOffDoublings = 6;  // 1, 2, 4 … 60 s
constexpr base::Duration kMaxBackOff = 60s;
constexpr unsigned kResumeUrlTries = 3;

// 120 payloads per 60 s close the connection: ordinary ones stop earlier, so that heartbeats never wait.
constexpr base::Duration kSendWindow = 60s;
constexpr std::size_t kOrdinarySends = 110;
constexpr std::size_t kAllSends = 119;
constexpr std::size_t kMaxWaiting = 1'000;

// Any code but 1000 and 1001 keeps the session for a resume.
constexpr std::uint16_t kCloseToResume = 4000;
constexpr std::uint16_t kCloseForGood = 1000;

std::string_view scheme_of(std::string_view url) {
    return url.substr(0, url.find("://"));
}

std::string with_query(std::string url, std::string_view query) {
    if (url.find('?') != std::string::npos) return url.append("&").append(query);
    if (!url.ends_with('/')) url += '/';
    return url.append("?").append(query);
}

}  // namespace

std::string_view name(ShardState state) {
    switch (state) {
        case ShardState::idle:
            return "idle";
        case ShardState::waiting:
            return "waiting";
        case ShardState::connecting:
            return "connecting";
        case ShardState::awaiting_hello:
            return "awaiting_hello";
        case ShardState::awaiting_ticket:
            return "awaiting_ticket";
        case ShardState::identifying:
            return "identifying";
        case ShardState::resuming:
            return "resuming";
        case ShardState::ready:
            return "ready";
        case ShardState::failed:
            return "failed";
    }
    return "?";
}

CloseRule close_rule(std::uint16_t code) {
    const auto fatal = [](base::Reason reason, std::string_view advice) {
        return CloseRule{.action = AfterClose::fatal, .reason = reason, .advice = advice};
    };
    switch (code) {
        case 1000:  // the server ended the session
        case 4003:  // not identified, or the session was invalidated
        case 4005:  // identified twice
        case 4007:  // bad sequence in Resume
        case 4009:  // session timed out
            return {.action = AfterClose::reidentify};
        case 4001:  // unknown opcode
        case 4002:  // could not be decoded, or over 4096 bytes
            return {.action = AfterClose::resume, .own_bug = true};
        case 4008:
            return {.action = AfterClose::resume, .own_bug = true, .pause = true};
        case 4004:
            return fatal(kBadToken,
                         "Discord refuses the token: set DISCORD_TOKEN to the one of the developer portal");
        case 4010:
            return fatal(kInvalidShard, "Discord refuses this shard layout: unset SHARD_COUNT or correct it");
        case 4011:
            return fatal(kShardingRequired, "too many guilds per shard: unset SHARD_COUNT or raise it");
        case 4012:
            return fatal(kInvalidApiVersion, "Discord no longer serves gateway version 10: update Bandstand");
        case 4013:
            return fatal(kInvalidIntents, "Discord does not know these intents: update Bandstand");
        case 4014:
            return fatal(
                kDisallowedIntents,
                "switch on the privileged intents of the bot in the developer portal (Bot, Privileged "
                "Gateway Intents)");
        default:  // none, 1001, other 1xxx, 4000 and codes that do not exist yet
            return {.action = AfterClose::resume};
    }
}

GatewayShard::GatewayShard(ShardOptions options)
    : options_{std::move(options)}, random_{options_.seed + options_.shard_id} {}

ShardActions GatewayShard::start(base::Instant) {
    ShardActions out;
    connect(out);
    return out;
}

void GatewayShard::connect(ShardActions& out) {
    if (session_ && resume_url_failures_ >= kResumeUrlTries) {
        session_.reset();
        waiting_.clear();
        resume_url_failures_ = 0;
    }
    state_ = ShardState::connecting;
    reconnect_at_.reset();
    out.emplace_back(ConnectSocket{socket_url(session_.has_value())});
}

std::string GatewayShard::socket_url(bool resuming) const {
    const auto query = std::string{"v=10&encoding=json"}.append(query_of(options_.compression));
    // A session must not be led from TLS to plain text.
    const bool trusted = resuming && scheme_of(session_->resume_url) == scheme_of(options_.gateway_url);
    return with_query(trusted ? session_->resume_url : options_.gateway_url, query);
}

ShardActions GatewayShard::on_connected(base::Instant now) {
    if (state_ != ShardState::connecting) return {};
    resume_url_failures_ = 0;
    sent_.clear();  // the limit counts per connection
    state_ = ShardState::awaiting_hello;
    state_deadline_ = now + kHelloWithin;
    return {};
}

ShardActions GatewayShard::on_connect_failed(base::Instant now) {
    ShardActions out;
    if (state_ != ShardState::connecting) return out;
    if (session_) ++resume_url_failures_;
    lost(AfterClose::resume, base::Duration::zero(), now, out);
    return out;
}

ShardActions GatewayShard::on_closed(std::uint16_t code, base::Instant now) {
    ShardActions out;
    if (!connected()) return out;
    const auto rule = close_rule(code);
    out.emplace_back(ShardNotice{rule.own_bug ? "gateway_closed_by_own_bug" : "gateway_closed", code});
    if (rule.action == AfterClose::fatal) {
        fail(rule, out);
    } else {
        lost(rule.action, rule.pause ? kRateLimitPause : base::Duration::zero(), now, out);
    }
    return out;
}

void GatewayShard::fail(const CloseRule& rule, ShardActions& out) {
    state_ = ShardState::failed;
    session_.reset();
    heartbeat_due_.reset();
    state_deadline_.reset();
    out.emplace_back(
        ShardFailed{base::Error{base::ErrorKind::failed_precondition, rule.reason,
                                base::join("shard", options_.shard_id, "of", options_.shard_count) + ": " +
                                    std::string{rule.advice}}});
}

// The connection is gone: wait at least `least`, plus a back-off with full jitter that doubles while no
// connection stays up, and start again.
void GatewayShard::lost(AfterClose action, base::Duration least, base::Instant now, ShardActions& out) {
    if (ready_since_ && now - *ready_since_ >= kStableAfter) failures_ = 0;
    if (action == AfterClose::reidentify) {
        session_.reset();
        waiting_.clear();
    }
    ready_since_.reset();
    heartbeat_due_.reset();
    state_deadline_.reset();
    beat_sent_.reset();
    beat_unanswered_ = false;
    const auto most =
        std::min<base::Duration>(1s * (1U << std::min(failures_, kMaxBackOffDoublings)), kMaxBackOff);
    ++failures_;
    state_ = ShardState::waiting;
    reconnect_at_ = now + least + std::chrono::duration_cast<base::Duration>(most * random_.unit());
    out.emplace_back(
        ShardNotice{"gateway_reconnecting",
                    std::chrono::duration_cast<std::chrono::milliseconds>(*reconnect_at_ - now).count()});
}

void GatewayShard::drop(std::uint16_t code, std::string_view why, ShardActions& out) {
    out.emplace_back(ShardNotice{why});
    out.emplace_back(CloseSocket{code});
}

bool GatewayShard::connected() const {
    switch (state_) {
        case ShardState::awaiting_hello:
        case ShardState::awaiting_ticket:
        case ShardState::identifying:
        case ShardState::resuming:
        case ShardState::ready:
            return true;
        case ShardState::idle:
        case ShardState::waiting:
        case ShardState::connecting:
        case ShardState::failed:
            return false;
    }
    return false;
}

ShardActions GatewayShard::on_payload(GatewayPayload payload, base::Instant now) {
    ShardActions out;
    if (!connected()) return out;
    if (auto* dispatch = std::get_if<Dispatch>(&payload)) {
        on_dispatch(std::move(*dispatch), now, out);
    } else if (const auto* hello = std::get_if<Hello>(&payload)) {
        on_hello(*hello, now, out);
    } else if (std::holds_alternative<HeartbeatAcknowledged>(payload)) {
        beat_unanswered_ = false;
        if (beat_sent_) latency_ = now - *std::exchange(beat_sent_, std::nullopt);
    } else if (std::holds_alternative<HeartbeatRequested>(payload)) {
        forget_old_sends(now);
        if (sent_.size() < kAllSends) send_heartbeat(now, out);  // the timer's rhythm stays as it is
    } else if (std::holds_alternative<ReconnectRequested>(payload)) {
        drop(kCloseToResume, "gateway_reconnect_requested", out);
        failures_ = 0;  // Discord moves us elsewhere: no failure of the connection
        lost(AfterClose::resume, base::Duration::zero(), now, out);
    } else if (const auto* invalid = std::get_if<InvalidSession>(&payload)) {
        on_invalid_session(invalid->resumable, now, out);
    }
    return out;
}

void GatewayShard::on_hello(Hello hello, base::Instant now, ShardActions& out) {
    if (state_ != ShardState::awaiting_hello) return;
    heartbeat_interval_ = hello.heartbeat_interval;
    // Jitter, so that a thousand shards that lost one server do not beat in step.
    heartbeat_due_ = now + std::chrono::duration_cast<base::Duration>(heartbeat_interval_ * random_.unit());
    if (session_) {
        state_ = ShardState::resuming;
        state_deadline_ = now + kResumedWithin;
        send_now(resume_json(), now, out);
    } else {
        state_ = ShardState::awaiting_ticket;
        state_deadline_.reset();
        out.emplace_back(RequestIdentify{});
    }
}

ShardActions GatewayShard::on_identify_granted(base::Instant now) {
    ShardActions out;
    if (state_ != ShardState::awaiting_ticket) return out;
    state_ = ShardState::identifying;
    state_deadline_ = now + kReadyWithin;
    send_now(identify_json(), now, out);
    return out;
}

void GatewayShard::on_dispatch(Dispatch dispatch, base::Instant now, ShardActions& out) {
    if (const auto* ready = std::get_if<Ready>(&dispatch.event)) {
        if (state_ != ShardState::identifying) return;
        on_ready(*ready, now);
    } else if (std::holds_alternative<Resumed>(dispatch.event)) {
        if (state_ != ShardState::resuming) return;
        state_ = ShardState::ready;
        state_deadline_.reset();
        ready_since_ = now;
    }
    if (!session_) return;  // nothing may come before READY
    session_->sequence = std::max(session_->sequence, dispatch.sequence);
    out.emplace_back(Deliver{std::move(dispatch)});
    flush(now, out);
}

void GatewayShard::on_ready(const Ready& ready, base::Instant now) {
    session_ = Session{ready.session_id, ready.resume_url, 0};
    state_ = ShardState::ready;
    state_deadline_.reset();
    ready_since_ = now;
}

void GatewayShard::on_invalid_session(bool resumable, base::Instant now, ShardActions& out) {
    drop(kCloseToResume, "gateway_invalid_session", out);
    // One to five seconds, says Discord; the back-off adds to it when this repeats.
    const auto wait = 1s + std::chrono::duration_cast<base::Duration>(4s * random_.unit());
    lost(resumable ? AfterClose::resume : AfterClose::reidentify, wait, now, out);
}

ShardActions GatewayShard::on_timer(base::Instant now) {
    ShardActions out;
    if (reconnect_at_ && now >= *reconnect_at_) {
        connect(out);
    } else if (state_deadline_ && now >= *state_deadline_) {
        const bool again_from_start = state_ == ShardState::resuming;
        drop(kCloseToResume, "gateway_handshake_timed_out", out);
        lost(again_from_start ? AfterClose::reidentify : AfterClose::resume, base::Duration::zero(), now,
             out);
    } else if (heartbeat_due_ && now >= *heartbeat_due_) {
        on_heartbeat_due(now, out);
    }
    flush(now, out);
    return out;
}

void GatewayShard::on_heartbeat_due(base::Instant now, ShardActions& out) {
    if (beat_unanswered_) {
        drop(kCloseToResume, "gateway_zombie", out);
        lost(AfterClose::resume, base::Duration::zero(), now, out);
        return;
    }
    heartbeat_due_ = *heartbeat_due_ + heartbeat_interval_;
    if (*heartbeat_due_ <= now) heartbeat_due_ = now + heartbeat_interval_;  // the process was asleep
    beat_unanswered_ = true;
    send_heartbeat(now, out);
}

void GatewayShard::send_heartbeat(base::Instant now, ShardActions& out) {
    beat_sent_ = now;
    const Json sequence = session_ && session_->sequence > 0 ? Json(session_->sequence) : Json(nullptr);
    send_now(Json{{"op", 1}, {"d", sequence}}.dump(), now, out);
}

void GatewayShard::send_now(std::string text, base::Instant now, ShardActions& out) {
    forget_old_sends(now);
    sent_.push_back(now);
    out.emplace_back(SendText{std::move(text)});
}

void GatewayShard::forget_old_sends(base::Instant now) {
    while (!sent_.empty() && now - sent_.front() >= kSendWindow) sent_.pop_front();
}

void GatewayShard::flush(base::Instant now, ShardActions& out) {
    if (state_ != ShardState::ready) return;
    forget_old_sends(now);
    while (!waiting_.empty() && sent_.size() < kOrdinarySends) {
        auto next = std::move(waiting_.front());
        waiting_.pop_front();
        send_now(std::move(next), now, out);
    }
}

std::optional<base::Instant> GatewayShard::flush_at() const {
    if (state_ != ShardState::ready || waiting_.empty()) return std::nullopt;
    if (sent_.size() < kOrdinarySends) return base::Instant::min();
    return sent_[sent_.size() - kOrdinarySends] + kSendWindow;
}

base::Result<ShardActions> GatewayShard::update_voice_state(GuildId guild, ChannelId channel, bool self_deaf,
                                                            base::Instant now) {
    if (state_ != ShardState::ready) {
        return base::fail(base::ErrorKind::unavailable, kShardNotReady, "shard", options_.shard_id, "is",
                          name(state_));
    }
    if (waiting_.size() >= kMaxWaiting) {
        return base::fail(base::ErrorKind::resource_exhausted, kSendQueueFull, "shard", options_.shard_id);
    }
    const Json where = channel ? Json(base::to_string(channel)) : Json(nullptr);
    waiting_.push_back(Json{{"op", 4},
                            {"d",
                             {{"guild_id", base::to_string(guild)},
                              {"channel_id", where},
                              {"self_mute", false},
                              {"self_deaf", self_deaf}}}}
                           .dump());
    ShardActions out;
    flush(now, out);
    return out;
}

ShardActions GatewayShard::shut_down() {
    ShardActions out;
    if (connected() || state_ == ShardState::connecting) out.emplace_back(CloseSocket{kCloseForGood});
    state_ = ShardState::idle;
    session_.reset();
    heartbeat_due_.reset();
    state_deadline_.reset();
    reconnect_at_.reset();
    return out;
}

base::Instant GatewayShard::next_wakeup() const {
    auto earliest = base::Instant::max();
    for (const auto& due : {heartbeat_due_, state_deadline_, reconnect_at_, flush_at()}) {
        if (due) earliest = std::min(earliest, *due);
    }
    return earliest;
}

std::string GatewayShard::identify_json() const {
    const Json properties{{"os", "linux"}, {"browser", "bandstand"}, {"device", "bandstand"}};
    const Json d{{"token", options_.token.reveal()},
                 {"intents", options_.intents},
                 {"properties", properties},
                 {"shard", {options_.shard_id, options_.shard_count}},
                 {"large_threshold", 50}};
    return Json{{"op", 2}, {"d", d}}.dump();
}

std::string GatewayShard::resume_json() const {
    const Json d{
        {"token", options_.token.reveal()}, {"session_id", session_->id}, {"seq", session_->sequence}};
    return Json{{"op", 6}, {"d", d}}.dump();
}

}  // namespace bandstand::discord
