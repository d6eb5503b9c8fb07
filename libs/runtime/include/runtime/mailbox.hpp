#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "base/result.hpp"
#include "runtime/task.hpp"

namespace bandstand::runtime {

constexpr base::Reason kMailboxClosed{"runtime.mailbox_closed"};

/// A bounded queue between coroutines of the loop: many may push, one pops. Loop thread only; another thread
/// posts to the loop first.
template <class T>
class Mailbox {
public:
    Mailbox(asio::io_context& loop, std::size_t capacity) : ready_{loop}, capacity_{capacity} {
        ready_.expires_at(asio::steady_timer::time_point::max());
    }

    /// False when it is full or closed: the caller decides what is lost.
    [[nodiscard]] bool push(T value) {
        if (closed_ || items_.size() >= capacity_) return false;
        items_.push_back(std::move(value));
        ready_.cancel();
        return true;
    }
    /// What was pushed before close() can still be popped.
    void close() {
        closed_ = true;
        ready_.cancel();
    }
    std::size_t size() const { return items_.size(); }
    std::optional<T> try_pop() {
        if (items_.empty()) return std::nullopt;
        std::optional<T> item{std::move(items_.front())};
        items_.pop_front();
        return item;
    }
    /// Waits for an item. Errors: kMailboxClosed when it is closed and empty.
    Task<base::Result<T>> pop() {
        while (items_.empty()) {
            if (closed_) co_return base::fail(base::ErrorKind::cancelled, kMailboxClosed);
            boost::system::error_code ignored;
            co_await ready_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        T item = std::move(items_.front());
        items_.pop_front();
        co_return item;
    }

private:
    asio::steady_timer ready_;
    std::deque<T> items_;
    std::size_t capacity_;
    bool closed_ = false;
};

}  // namespace bandstand::runtime
