#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>

#include "messaging/bus.hpp"
#include "observe/metrics.hpp"

namespace bandstand::messaging {

/// One owned partition: what has been fetched for it, and how far the handler has come.
struct Lane {
    Lane(const runtime::Context& context, Ownership ownership, std::int64_t next);

    /// Room for another fetch, so that the handler never waits for one while there are messages.
    bool has_room() const;
    /// For a backend that pushes: enough for now.
    bool is_overfull() const;
    void push(Delivery delivery);

    const Ownership owned;
    std::int64_t fetch_from;  ///< the position after the last one fetched
    std::int64_t done;        ///< the position after the last one handled: what is committed
    std::int64_t committed;
    bool look = true;      ///< there may be something to fetch
    bool closing = false;  ///< no further message is handled
    bool ended = false;    ///< revoked() has returned
    bool paused = false;   ///< for a backend that pushes: told to hold back

private:
    friend class Lanes;
    std::deque<Delivery> queue_;
    std::size_t queued_bytes_ = 0;
    asio::steady_timer changed_;
    asio::steady_timer drain_alarm_;
    asio::cancellation_signal cancel_;
    bool cancelled_ = false;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for a late alarm
};

/// The owned partitions of one consumer, each with a coroutine: assigned(), handle() one by one with retries
/// and dead letters, revoked(). Knows nothing of where messages come from and where positions are kept.
class Lanes {
public:
    /// `on_change` is called when a lane has handled a message or has ended.
    Lanes(runtime::Context context, const Subscription& subscription, Handler& handler,
          postgres::Pool& dead_letters, std::function<void()> on_change);
    ~Lanes();
    Lanes(const Lanes&) = delete;
    Lanes& operator=(const Lanes&) = delete;

    /// `next` is the position of the first message that is wanted.
    Lane& open(Ownership ownership, std::int64_t next);
    /// The running handler may finish within the drain limit; then it is cancelled. Afterwards the lane has
    /// ended.
    void close(Lane& lane);
    void close_all();
    void erase(const Lane& lane);
    void erase_ended();
    Lane* find(std::string_view topic, int partition);
    std::list<Lane>& all() { return lanes_; }

private:
    struct Meters;

    runtime::Task<void> run(Lane& lane);
    runtime::Task<void> assign(Lane& lane);
    runtime::Task<void> handle_all(Lane& lane);
    runtime::Task<std::optional<Delivery>> next(Lane& lane);
    runtime::Task<bool> deliver(Lane& lane, Delivery delivery);
    runtime::Task<base::Result<void>> try_once(Lane& lane, Delivery delivery);
    runtime::Task<bool> give_up(const Delivery& delivery, base::Error error);
    runtime::Task<void> pause(Lane& lane, base::Duration duration);
    runtime::Task<void> revoke(Lane& lane);
    void cancel(Lane& lane);
    void log_failure(std::string_view event, const Delivery& delivery, const base::Error& error) const;

    runtime::Context context_;
    const Subscription& subscription_;
    Handler& handler_;
    postgres::Pool& dead_letters_;
    std::function<void()> on_change_;
    std::unique_ptr<Meters> meters_;
    std::list<Lane> lanes_;
};

}  // namespace bandstand::messaging
