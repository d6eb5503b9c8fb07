#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"

namespace bandstand::runtime {

constexpr base::Reason kDeadlineExceeded{"runtime.deadline_exceeded"};

/// Runs `task` for at most `limit`; then it is cancelled, awaited, and the answer is kDeadlineExceeded.
/// `task` may borrow from the caller: it has ended when this returns.
template <class T>
Task<base::Result<T>> within(base::Duration limit, Task<base::Result<T>> task) {
    auto executor = co_await asio::this_coro::executor;
    asio::steady_timer done{executor, asio::steady_timer::time_point::max()};
    asio::steady_timer alarm{executor};
    alarm.expires_after(limit);
    asio::cancellation_signal cancel;
    std::optional<base::Result<T>> result;
    std::exception_ptr thrown;
    bool finished = false;
    bool late = false;
    const auto run = [](Task<base::Result<T>> inner, std::optional<base::Result<T>>* out) -> Task<void> {
        out->emplace(co_await std::move(inner));
    };
    asio::co_spawn(executor, run(std::move(task), &result),
                   asio::bind_cancellation_slot(cancel.slot(), [&](const std::exception_ptr& error) {
                       thrown = error;
                       finished = true;
                       alarm.cancel();
                       done.cancel();
                   }));
    alarm.async_wait([&](const boost::system::error_code& error) {
        if (error || finished) return;
        late = true;
        cancel.emit(asio::cancellation_type::terminal);
    });
    // Being stopped from outside must also wait for the inner task, which borrows our frame.
    co_await asio::this_coro::throw_if_cancelled(false);
    bool stopped = false;
    while (!finished) {
        boost::system::error_code ignored;
        co_await done.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        const auto state = co_await asio::this_coro::cancellation_state;
        if (!finished && !stopped && state.cancelled() != asio::cancellation_type::none) {
            stopped = true;
            cancel.emit(asio::cancellation_type::terminal);
            co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
        }
    }
    co_await asio::post(executor,
                        asio::use_awaitable);  // let the alarm's aborted handler run before its frame goes
    co_await asio::this_coro::throw_if_cancelled(true);
    if (stopped) throw boost::system::system_error{asio::error::operation_aborted};
    if (late && !(result && *result)) {
        co_return base::fail(base::ErrorKind::deadline_exceeded, kDeadlineExceeded);
    }
    if (thrown) std::rethrow_exception(thrown);
    co_return std::move(*result);
}

}  // namespace bandstand::runtime
