#include "app/player_runner.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <utility>

#include "domain/reasons.hpp"
#include "observe/observer.hpp"
#include "runtime/deadline.hpp"

namespace bandstand::audio {
namespace {

constexpr std::size_t kMailboxSize = 4096;
constexpr std::chrono::milliseconds kFirstRetry{50};
constexpr std::chrono::milliseconds kLastRetry{2'000};
constexpr std::size_t kTicksWaitBehind = 16;
constexpr std::chrono::seconds kResolveLimit{20};
constexpr std::chrono::seconds kGatewayLimit{5};
constexpr std::chrono::seconds kLastSaveLimit{2};

double seconds_of(base::Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

}  // namespace

std::shared_ptr<PlayerRunner> PlayerRunner::start(RunnerParts parts, domain::PlayerKey key,
                                                  ports::Owner owner, domain::Player player) {
    std::shared_ptr<PlayerRunner> runner{new PlayerRunner{std::move(parts), key, owner, std::move(player)}};
    runner->stage_ = runner->parts_.stages(key, [weak = runner->weak_from_this()](domain::Input input) {
        if (const auto self = weak.lock()) self->tell(std::move(input));
    });
    runner->parts_.tasks.spawn("player", runner->run());
    return runner;
}

PlayerRunner::PlayerRunner(RunnerParts parts, domain::PlayerKey key, ports::Owner owner,
                           domain::Player player)
    : parts_{std::move(parts)},
      key_{key},
      owner_{owner},
      player_{std::move(player)},
      mailbox_{parts_.context.loop(), kMailboxSize},
      ended_changed_{parts_.context.loop(), asio::steady_timer::time_point::max()} {}

runtime::Task<base::Result<void>> PlayerRunner::deliver(domain::Input input, std::string event_id) {
    const auto self = shared_from_this();
    auto waiting = std::make_shared<Waiting>(parts_.context.loop());
    if (!mailbox_.push({std::move(input), std::move(event_id), waiting})) {
        co_return base::fail(base::ErrorKind::unavailable, domain::kAtCapacity,
                             "the player's mailbox is full or closed");
    }
    while (!waiting->result) {
        boost::system::error_code woken;
        co_await waiting->done.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
    co_return *waiting->result;
}

void PlayerRunner::tell(domain::Input input) {
    if (mailbox_.push({std::move(input), {}, nullptr}) || ended_ || fenced_ || abandoned_) return;
    parts_.context.observer().log().error("player_event_lost",
                                          {{"guild_id", key_.guild}, {"bot_id", key_.bot}});
}

void PlayerRunner::tick() {
    stage_->tick();
    // While decisions cannot be saved, the news of this second must not crowd out events that come once.
    if (mailbox_.size() > kTicksWaitBehind) return;
    const auto now = parts_.context.clock().now();
    const auto deadline = player_.deadline();
    if (deadline && now >= *deadline) tell(domain::Tick{});
    if (const auto position = stage_->position()) tell(*position);
}

domain::View PlayerRunner::view(std::uint32_t page) const {
    auto view = player_.view(page);
    const auto at = stage_->position();
    if (at && at->stream == player_.current_stream()) view.position = at->at;
    return view;
}

std::optional<ports::PositionRow> PlayerRunner::position() const {
    const auto at = stage_->position();
    if (!at || at->stream != player_.current_stream()) return std::nullopt;
    return ports::PositionRow{key_, owner_, player_.queue().version(), at->at};
}

bool PlayerRunner::dormant() const {
    return !player_.active() && player_.queue().empty() && mailbox_.size() == 0 && !handling_ &&
           resolving_ == 0 && !calling_gateway_;
}

runtime::Task<void> PlayerRunner::stop() {
    const auto self = shared_from_this();
    mailbox_.close();
    while (!ended_) {
        boost::system::error_code woken;
        co_await ended_changed_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
}

void PlayerRunner::abandon() {
    abandoned_ = true;
    mailbox_.close();
}

runtime::Task<base::Result<void>> PlayerRunner::run() {
    const auto self = shared_from_this();
    while (auto item = co_await mailbox_.pop()) {
        handling_ = true;
        co_await handle(std::move(*item));
        handling_ = false;
    }
    follow_position();
    if (!fenced_ && !abandoned_) co_await save_last();
    co_await stage_->close();
    ended_ = true;
    ended_changed_.cancel();
    co_return base::ok();
}

// Who waits for the outcome repeats the message; what happened in the process is repeated here.
runtime::Task<void> PlayerRunner::handle(Item item) {
    auto delay = kFirstRetry;
    for (;;) {
        auto done = co_await process(item);
        if (!done && done.error().reason() == ports::kStaleOwner) {
            fenced_ = true;
            mailbox_.close();
        }
        if (!done) {
            parts_.context.observer().log().warn("player_decision_not_saved",
                                                 {{"guild_id", key_.guild},
                                                  {"reason", done.error().reason().name},
                                                  {"detail", done.error().detail()}});
        }
        if (item.waiting) {
            item.waiting->result = std::move(done);
            item.waiting->done.cancel();
            co_return;
        }
        if (done || fenced_) co_return;
        co_await runtime::sleep_for(delay);
        delay = std::min(delay * 2, kLastRetry);
    }
}

runtime::Task<base::Result<void>> PlayerRunner::process(const Item& item) {
    follow_position();
    const auto now = parts_.context.clock().now();
    auto next = player_;
    auto decision = next.handle(item.input, now);
    if (decision.save || !item.event_id.empty()) {
        ports::Change change{.key = key_,
                             .owner = owner_,
                             .event_id = item.event_id,
                             .facts = decision.facts,
                             .traceparent = traceparent_};
        for (const auto& effect : decision.effects) {
            if (std::holds_alternative<domain::Forget>(effect)) change.forget = true;
        }
        if (decision.save && !change.forget) change.snapshot = next.snapshot();
        auto fresh = co_await parts_.players.save(std::move(change));
        if (!fresh) {
            unsure_ = item.event_id;  // it may have been committed all the same: then the repeat is still
                                      // ours to do
            co_return std::unexpected(std::move(fresh).error().during("save decision"));
        }
        const bool unfinished = !item.event_id.empty() && std::exchange(unsure_, {}) == item.event_id;
        if (!*fresh && !unfinished) co_return base::ok();  // a redelivery
    }
    player_ = std::move(next);
    trace(item.input);
    observe(decision);
    perform(std::move(decision.effects));
    co_return base::ok();
}

// The send thread knows best: decisions see the position of this moment.
void PlayerRunner::follow_position() {
    const auto position = stage_->position();
    if (position) perform(player_.handle(*position, parts_.context.clock().now()).effects);
}

runtime::Task<void> PlayerRunner::save_last() {
    ports::Change change{.key = key_, .owner = owner_, .snapshot = player_.snapshot()};
    auto saved = co_await runtime::within(kLastSaveLimit, parts_.players.save(std::move(change)));
    if (saved) co_return;
    parts_.context.observer().log().warn("player_snapshot_not_saved",
                                         {{"guild_id", key_.guild}, {"reason", saved.error().reason().name}});
}

void PlayerRunner::perform(std::vector<domain::Effect> effects) {
    for (auto& effect : effects) {
        if (auto* order = std::get_if<domain::Resolve>(&effect)) {
            ++resolving_;
            parts_.tasks.spawn("resolve", resolve(std::move(*order)));
        } else if (const auto* wish = std::get_if<domain::RequestJoin>(&effect)) {
            gateway_calls_.emplace_back(*wish);
        } else if (const auto* farewell = std::get_if<domain::RequestLeave>(&effect)) {
            gateway_calls_.emplace_back(*farewell);
        } else {
            stage_->perform(effect);
        }
    }
    if (gateway_calls_.empty() || calling_gateway_) return;
    calling_gateway_ = true;
    parts_.tasks.spawn("gateway calls", call_gateway());
}

void PlayerRunner::observe(const domain::Decision& decision) {
    const auto& log = parts_.context.observer().log();
    for (const auto& fact : decision.facts) {
        if (const auto* answered = std::get_if<domain::Answered>(&fact)) {
            parts_.metrics.commands.increment();
            const auto* refused = std::get_if<domain::Refused>(&answered->outcome);
            if (refused) parts_.metrics.commands_refused.increment();
            log.info("command_answered", {{"guild_id", key_.guild},
                                          {"bot_id", key_.bot},
                                          {"command", answered->ask.command},
                                          {"event_id", answered->ask.event_id},
                                          {"refused", refused ? refused->reason : ""}});
        } else if (const auto* ended = std::get_if<domain::TrackEnded>(&fact)) {
            const bool failed = ended->cause == domain::EndCause::failed;
            if (failed) parts_.metrics.tracks_failed.increment();
            log.info("track_ended", {{"guild_id", key_.guild},
                                     {"entry_id", ended->entry.id},
                                     {"cause", static_cast<int>(ended->cause)},
                                     {"detail", ended->detail}});
        } else if (const auto* started = std::get_if<domain::TrackStarted>(&fact)) {
            log.info("track_started", {{"guild_id", key_.guild},
                                       {"entry_id", started->entry.id},
                                       {"title", started->entry.info.title},
                                       {"passthrough", started->entry.info.passthrough}});
            if (first_frame_ && first_frame_->entry == started->entry.id) {
                const auto took = parts_.context.clock().now() - first_frame_->asked;
                parts_.metrics.first_frame.observe(seconds_of(took));
                first_frame_.reset();
            }
        } else if (const auto* lost = std::get_if<domain::VoiceLost>(&fact)) {
            log.warn("voice_lost",
                     {{"guild_id", key_.guild}, {"reason", lost->reason}, {"detail", lost->detail}});
        }
    }
    for (const auto& effect : decision.effects) {
        if (std::holds_alternative<domain::OpenVoice>(effect)) {
            joining_ = parts_.context.observer().tracer().start("audio.voice_join", traceparent_);
        }
    }
}

void PlayerRunner::trace(const domain::Input& input) {
    if (const auto* command = std::get_if<domain::Command>(&input)) {
        traceparent_ = command->ask.traceparent;
        const auto* newest = player_.queue().size() == 1 ? player_.queue().current() : nullptr;
        if (newest && newest->ask && newest->ask->event_id == command->ask.event_id) {
            first_frame_.emplace(
                FirstFrame{newest->id, parts_.context.clock().now(),
                           parts_.context.observer().tracer().start("audio.first_packet", traceparent_)});
        }
    } else if (std::holds_alternative<domain::VoiceReady>(input)) {
        joining_.reset();
    } else if (const auto* refused = std::get_if<domain::JoinRefused>(&input)) {
        if (joining_) joining_->fail(refused->reason);
        joining_.reset();
    } else if (const auto* gave_up = std::get_if<domain::VoiceGaveUp>(&input)) {
        if (joining_) joining_->fail(gave_up->reason);
        joining_.reset();
    }
}

runtime::Task<base::Result<void>> PlayerRunner::resolve(domain::Resolve order) {
    const auto self = shared_from_this();
    auto span = parts_.context.observer().tracer().start("audio.resolve", order.traceparent);
    auto found = co_await runtime::within(kResolveLimit, parts_.sources.resolve(order.source));
    --resolving_;
    if (found) {
        tell(domain::Resolved{order.entry, std::move(found->source), std::move(found->info)});
        co_return base::ok();
    }
    const bool late = found.error().reason() == runtime::kDeadlineExceeded;
    const auto reason = late ? domain::kFetchFailed.name : found.error().reason().name;
    span.fail(reason);
    tell(domain::ResolveFailed{order.entry, std::string{reason},
                               late ? "The server took too long to answer." : found.error().detail()});
    co_return base::ok();
}

runtime::Task<base::Result<void>> PlayerRunner::call_gateway() {
    const auto self = shared_from_this();
    while (!gateway_calls_.empty()) {
        const auto call = gateway_calls_.front();
        gateway_calls_.pop_front();
        if (const auto* wish = std::get_if<domain::RequestJoin>(&call)) {
            co_await join(*wish);
            continue;
        }
        auto left = co_await runtime::within(kGatewayLimit, parts_.gateway.leave(key_));
        if (left) continue;
        parts_.context.observer().log().warn(
            "voice_leave_failed", {{"guild_id", key_.guild}, {"reason", left.error().reason().name}});
    }
    calling_gateway_ = false;
    co_return base::ok();
}

runtime::Task<void> PlayerRunner::join(domain::RequestJoin order) {
    auto joined =
        co_await runtime::within(kGatewayLimit, parts_.gateway.join(key_, order.channel, traceparent_));
    if (joined) {
        tell(domain::JoinAccepted{});
        co_return;
    }
    parts_.context.observer().log().warn("voice_join_refused", {{"guild_id", key_.guild},
                                                                {"channel_id", order.channel},
                                                                {"reason", joined.error().reason().name},
                                                                {"detail", joined.error().detail()}});
    // Only a refusal is a sentence for a person; that the gateway is away is our own trouble.
    const bool refused = joined.error().kind() == base::ErrorKind::failed_precondition ||
                         joined.error().kind() == base::ErrorKind::not_found;
    tell(refused ? domain::JoinRefused{std::string{joined.error().reason().name}, joined.error().detail()}
                 : domain::JoinRefused{std::string{domain::kVoiceNoAnswer.name},
                                       "My connection to Discord is not ready. Try again in a moment."});
}

}  // namespace bandstand::audio
