#include "graceful.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>

namespace bandstand::messaging {

runtime::Task<base::Result<void>> run_until_asked(runtime::Context context,
                                                  runtime::Task<base::Result<void>> task,
                                                  std::function<void()> ask_to_stop) {
    asio::steady_timer ended{context.executor(), asio::steady_timer::time_point::max()};
    bool finished = false;
    std::exception_ptr thrown;
    base::Result<void> result;
    asio::co_spawn(context.executor(), std::move(task),
                   [&](std::exception_ptr error, base::Result<void> answer) {
                       finished = true;
                       thrown = std::move(error);
                       result = std::move(answer);
                       ended.cancel();
                   });
    const auto on_stop = context.on_stop(ask_to_stop);
    if (context.stop_requested()) ask_to_stop();
    co_await asio::this_coro::throw_if_cancelled(false);
    while (!finished) {
        boost::system::error_code ignored;
        co_await ended.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        const auto state = co_await asio::this_coro::cancellation_state;
        if (!finished && state.cancelled() != asio::cancellation_type::none) ask_to_stop();
    }
    if (thrown) std::rethrow_exception(thrown);
    co_return result;
}

}  // namespace bandstand::messaging
