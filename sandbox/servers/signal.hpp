#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

#include "base/clock.hpp"
#include "runtime/task.hpp"

namespace bandstand::sandbox {

/// Wakes every coroutine that waits for something to change; each then looks for itself. Loop thread only.
class Signal {
public:
    explicit Signal(asio::io_context& loop) : loop_{loop}, now_{make()} {}

    void raise() {
        const auto waiting = std::exchange(now_, make());
        waiting->cancel();
    }
    /// Returns at the next raise(), or at `deadline`.
    runtime::Task<void> wait_until(base::Instant deadline) {
        const auto raised = now_;
        asio::steady_timer alarm{loop_, deadline};
        alarm.async_wait([raised](const boost::system::error_code& error) {
            if (!error) raised->cancel();
        });
        boost::system::error_code ignored;
        co_await raised->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }

private:
    std::shared_ptr<asio::steady_timer> make() const {
        return std::make_shared<asio::steady_timer>(loop_, asio::steady_timer::time_point::max());
    }

    asio::io_context& loop_;
    std::shared_ptr<asio::steady_timer> now_;
};

}  // namespace bandstand::sandbox
