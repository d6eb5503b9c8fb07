#include "lanes.hpp"

#include <algorithm>
#include <bit>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/assert.hpp"
#include "dead_letters.hpp"
#include "retry.hpp"
#include "runtime/deadline.hpp"

namespace bandstand::messaging {
namespace {

constexpr std::size_t kRefillBelowMessages = 64;
constexpr std::size_t kRefillBelowBytes = kMaxPayloadBytes;
constexpr std::size_t kOverfullMessages = 2000;
constexpr std::size_t kOverfullBytes = 4 * kMaxPayloadBytes;
constexpr base::Reason kHandlerThrew{"messaging.handler_threw"};

base::Error describe(const std::exception_ptr& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
        return {base::ErrorKind::internal, kHandlerThrew, error.what()};
    } catch (...) {
        return {base::ErrorKind::internal, kHandlerThrew, "an unknown exception"};
    }
}

runtime::Task<base::Result<void>> as_result(runtime::Task<void> task) {
    std::exception_ptr thrown;
    try {
        co_await std::move(task);
    } catch (...) {
        thrown = std::current_exception();
    }
    if (thrown) co_return std::unexpected(describe(thrown));
    co_return base::ok();
}

}  // namespace

struct Lanes::Meters {
    Meters(observe::Metrics& metrics, const std::string& group)
        : handled{metrics.counter("messaging_handled_total", "Messages that a handler has done",
                                  {{"group", group}})},
          retried{metrics.counter("messaging_retries_total", "Tries that failed and are repeated",
                                  {{"group", group}})},
          dead{metrics.counter("messaging_dead_letters_total", "Messages put aside as dead letters",
                               {{"group", group}})},
          delay{metrics.histogram("messaging_delivery_delay_seconds", "From publishing to the first try",
                                  {0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5, 30},
                                  {{"group", group}})} {}

    observe::Counter handled;
    observe::Counter retried;
    observe::Counter dead;
    observe::Histogram delay;
};

Lane::Lane(const runtime::Context& context, Ownership ownership, std::int64_t next)
    : owned{std::move(ownership)},
      fetch_from{next},
      done{next},
      committed{next},
      changed_{context.executor(), asio::steady_timer::time_point::max()},
      drain_alarm_{context.executor()} {}

bool Lane::has_room() const {
    return !closing && queue_.size() < kRefillBelowMessages && queued_bytes_ < kRefillBelowBytes;
}

bool Lane::is_overfull() const {
    return queue_.size() >= kOverfullMessages || queued_bytes_ >= kOverfullBytes;
}

void Lane::push(Delivery delivery) {
    fetch_from = delivery.offset + 1;
    queued_bytes_ += delivery.payload.size();
    queue_.push_back(std::move(delivery));
    changed_.cancel();
}

Lanes::Lanes(runtime::Context context, const Subscription& subscription, Handler& handler,
             postgres::Pool& dead_letters, std::function<void()> on_change)
    : context_{std::move(context)},
      subscription_{subscription},
      handler_{handler},
      dead_letters_{dead_letters},
      on_change_{std::move(on_change)},
      meters_{std::make_unique<Meters>(context_.observer().metrics(), subscription.group)} {}

Lanes::~Lanes() {
    BASE_ASSERT(lanes_.empty() || context_.loop().stopped());
}

Lane& Lanes::open(Ownership ownership, std::int64_t next) {
    BASE_ASSERT(find(ownership.topic, ownership.partition) == nullptr);
    context_.observer().log().info("partition_assigned", {{"group", subscription_.group},
                                                          {"topic", ownership.topic},
                                                          {"partition", ownership.partition},
                                                          {"epoch", ownership.epoch}});
    auto& lane = lanes_.emplace_back(context_, std::move(ownership), next);
    asio::co_spawn(
        context_.executor(), run(lane),
        asio::bind_cancellation_slot(lane.cancel_.slot(), [this, &lane](const std::exception_ptr&) {
            lane.drain_alarm_.cancel();
            lane.ended = true;
            on_change_();
        }));
    return lane;
}

void Lanes::close(Lane& lane) {
    if (std::exchange(lane.closing, true)) return;
    lane.changed_.cancel();
    if (lane.ended) return;
    lane.drain_alarm_.expires_after(subscription_.drain_limit);
    lane.drain_alarm_.async_wait(
        [this, &lane, alive = std::weak_ptr{lane.alive_}](boost::system::error_code error) {
            if (!error && !alive.expired() && !lane.ended) cancel(lane);
        });
}

void Lanes::close_all() {
    for (auto& lane : lanes_) close(lane);
}

void Lanes::cancel(Lane& lane) {
    context_.observer().log().warn(
        "handler_cancelled",
        {{"group", subscription_.group}, {"topic", lane.owned.topic}, {"partition", lane.owned.partition}});
    lane.cancelled_ = true;
    lane.cancel_.emit(asio::cancellation_type::terminal);
}

void Lanes::erase(const Lane& lane) {
    BASE_ASSERT(lane.ended);
    lanes_.remove_if([&](const Lane& other) { return &other == &lane; });
}

void Lanes::erase_ended() {
    lanes_.remove_if([](const Lane& lane) { return lane.ended; });
}

Lane* Lanes::find(std::string_view topic, int partition) {
    const auto found = std::ranges::find_if(lanes_, [&](const Lane& lane) {
        return lane.owned.partition == partition && lane.owned.topic == topic;
    });
    return found == lanes_.end() ? nullptr : &*found;
}

runtime::Task<void> Lanes::run(Lane& lane) {
    auto worked = co_await as_result(handle_all(lane));
    if (!worked && !lane.cancelled_) {
        context_.observer().log().error("partition_handler_threw", {{"detail", worked.error().detail()}});
    }
    // Cancelled or not, the handler is told that the partition goes.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await revoke(lane);
}

// A handler that cannot take the partition must not lose it: the next owner would fare no better.
runtime::Task<void> Lanes::assign(Lane& lane) {
    for (int attempt = 1; !lane.closing; ++attempt) {
        auto done = co_await as_result(handler_.assigned(lane.owned));
        if (done) co_return;
        context_.observer().log().error("assign_failed", {{"group", subscription_.group},
                                                          {"topic", lane.owned.topic},
                                                          {"partition", lane.owned.partition},
                                                          {"detail", done.error().detail()}});
        co_await pause(lane, delay_before(subscription_.retry, attempt + 1));
    }
}

runtime::Task<void> Lanes::handle_all(Lane& lane) {
    co_await assign(lane);
    while (auto delivery = co_await next(lane)) {
        const auto after = delivery->offset + 1;
        if (!co_await deliver(lane, std::move(*delivery))) co_return;
        lane.done = after;
        on_change_();
    }
}

runtime::Task<std::optional<Delivery>> Lanes::next(Lane& lane) {
    while (lane.queue_.empty() && !lane.closing) {
        boost::system::error_code ignored;
        co_await lane.changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    if (lane.closing) co_return std::nullopt;
    auto delivery = std::move(lane.queue_.front());
    lane.queue_.pop_front();
    lane.queued_bytes_ -= delivery.payload.size();
    co_return delivery;
}

// True when the message is done with: handled, or kept as a dead letter.
runtime::Task<bool> Lanes::deliver(Lane& lane, Delivery delivery) {
    const auto waited = context_.clock().wall_now() - delivery.published_at;
    meters_->delay.observe(std::chrono::duration<double>(waited).count());
    for (delivery.attempt = 1;; ++delivery.attempt) {
        auto result = co_await try_once(lane, delivery);
        if (result) {
            meters_->handled.increment();
            co_return true;
        }
        const auto& error = result.error();
        if (std::has_single_bit(static_cast<unsigned>(delivery.attempt))) {  // not every try of a long outage
            log_failure("message_failed", delivery, error);
        }
        if (!worth_waiting_for(error.kind()) && delivery.attempt >= subscription_.retry.attempts &&
            co_await give_up(delivery, error)) {
            co_return true;
        }
        meters_->retried.increment();
        co_await pause(lane, delay_before(subscription_.retry, delivery.attempt + 1));
        if (lane.closing) co_return false;
    }
}

runtime::Task<base::Result<void>> Lanes::try_once(Lane& lane, Delivery delivery) {
    std::exception_ptr thrown;
    try {
        co_return co_await handler_.handle(std::move(delivery));
    } catch (...) {
        thrown = std::current_exception();
    }
    if (lane.cancelled_) std::rethrow_exception(thrown);
    co_return std::unexpected(describe(thrown));
}

runtime::Task<bool> Lanes::give_up(const Delivery& delivery, base::Error error) {
    log_failure("message_dead", delivery, error);
    auto kept = co_await keep_dead_letter(dead_letters_, subscription_.group, delivery, std::move(error));
    if (!kept) {
        log_failure("dead_letter_not_kept", delivery, kept.error());
        co_return false;
    }
    meters_->dead.increment();
    co_return true;
}

void Lanes::log_failure(std::string_view event, const Delivery& delivery, const base::Error& error) const {
    context_.observer().log().warn(event, {{"group", subscription_.group},
                                           {"topic", delivery.topic},
                                           {"partition", delivery.partition},
                                           {"offset", delivery.offset},
                                           {"event_id", delivery.event_id},
                                           {"attempt", delivery.attempt},
                                           {"reason", error.reason().name},
                                           {"detail", error.detail()}});
}

// Ends early when the lane is to close.
runtime::Task<void> Lanes::pause(Lane& lane, base::Duration duration) {
    asio::steady_timer& timer = lane.changed_;
    const auto until = std::chrono::steady_clock::now() + duration;
    while (!lane.closing && std::chrono::steady_clock::now() < until) {
        boost::system::error_code ignored;
        timer.expires_at(until);
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    timer.expires_at(asio::steady_timer::time_point::max());
}

runtime::Task<void> Lanes::revoke(Lane& lane) {
    auto done = co_await runtime::within(subscription_.drain_limit, as_result(handler_.revoked(lane.owned)));
    if (!done) {
        context_.observer().log().error("revoke_failed", {{"group", subscription_.group},
                                                          {"topic", lane.owned.topic},
                                                          {"partition", lane.owned.partition},
                                                          {"detail", done.error().describe()}});
    }
}

}  // namespace bandstand::messaging
