#include "runtime/task_group.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <list>
#include <optional>
#include <utility>

#include "base/assert.hpp"

namespace bandstand::runtime {
namespace {

constexpr base::Reason kTaskThrew{"runtime.task_threw"};

// How a thrown exception ends a task: being stopped is not a failure, anything else is a bug of an adapter
// that let a third party's exception through.
base::Result<void> to_result(const std::exception_ptr& thrown, bool stopping) {
    if (!thrown) return base::ok();
    try {
        std::rethrow_exception(thrown);
    } catch (const boost::system::system_error& error) {
        if (stopping && error.code() == asio::error::operation_aborted) return base::ok();
        return base::fail(base::ErrorKind::internal, kTaskThrew, error.what());
    } catch (const std::exception& error) {
        return base::fail(base::ErrorKind::internal, kTaskThrew, error.what());
    } catch (...) {
        return base::fail(base::ErrorKind::internal, kTaskThrew, "an unknown exception");
    }
}

}  // namespace

struct TaskGroup::State {
    explicit State(Context process) : context{std::move(process)}, changed{context.loop()} {
        changed.expires_at(asio::steady_timer::time_point::max());
    }

    struct Running {
        std::string name;
        asio::cancellation_signal cancel;
        bool stopping = false;
    };

    Context context;
    asio::steady_timer changed;  // cancelled whenever join() should look again
    std::list<Running> running;
    std::optional<base::Error> first_failure;
    bool stop = false;
};

TaskGroup::TaskGroup(Context context) : state_{std::make_shared<State>(std::move(context))} {}

TaskGroup::~TaskGroup() {
    BASE_ASSERT(state_->running.empty() || state_->context.loop().stopped());
}

void TaskGroup::spawn(std::string name, Task<base::Result<void>> task) {
    auto& entry = state_->running.emplace_back();
    entry.name = std::move(name);
    const auto where = std::prev(state_->running.end());
    asio::co_spawn(state_->context.executor(), std::move(task),
                   asio::bind_cancellation_slot(
                       entry.cancel.slot(),
                       [state = state_, where](const std::exception_ptr& thrown, base::Result<void> result) {
                           if (thrown) result = to_result(thrown, where->stopping);
                           const bool being_stopped = where->stopping && !result &&
                                                      result.error().kind() == base::ErrorKind::cancelled;
                           if (!result && !being_stopped && !state->first_failure) {
                               state->first_failure = std::move(result).error().during(where->name);
                           }
                           state->running.erase(where);
                           state->changed.cancel();
                       }));
}

std::size_t TaskGroup::size() const {
    return state_->running.size();
}

void TaskGroup::stop() {
    state_->stop = true;
    state_->changed.cancel();
}

Task<base::Result<void>> TaskGroup::join() {
    const auto state = state_;
    // join() itself must finish its work when its own task is cancelled: it treats that as stop().
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    const auto look_again = [&state]() -> Task<void> {
        boost::system::error_code ignored;
        co_await state->changed.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    };
    const auto on_stop = state->context.on_stop([state] { state->changed.cancel(); });
    while (!state->running.empty() && !state->stop && !state->first_failure &&
           !state->context.stop_requested()) {
        co_await look_again();
        const auto cancelled = co_await asio::this_coro::cancellation_state;
        if (cancelled.cancelled() != asio::cancellation_type::none) state->stop = true;
    }
    while (!state->running.empty()) {
        auto& newest = state->running.back();
        const auto left = state->running.size();
        newest.stopping = true;
        newest.cancel.emit(asio::cancellation_type::terminal);
        while (state->running.size() >= left) co_await look_again();
    }
    if (state->first_failure) co_return std::unexpected(*state->first_failure);
    co_return base::ok();
}

}  // namespace bandstand::runtime
