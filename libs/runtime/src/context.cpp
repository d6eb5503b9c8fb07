#include "runtime/context.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <list>
#include <utility>
#include <vector>

namespace bandstand::runtime {

void Readiness::add(std::string part, std::function<std::string()> why_not) {
    checks_[std::move(part)] = std::move(why_not);
}

std::map<std::string, std::string> Readiness::not_ready() const {
    std::map<std::string, std::string> found;
    for (const auto& [part, why_not] : checks_) {
        if (auto reason = why_not(); !reason.empty()) found.emplace(part, std::move(reason));
    }
    return found;
}

struct Context::State {
    asio::io_context& loop;
    config::Environment environment;
    observe::Observer& observer;
    const base::Clock& clock;
    Readiness readiness;
    bool stop_requested = false;
    asio::steady_timer stop_event;
    std::list<std::function<void()>> on_stop;
};

Context::Context(asio::io_context& loop, config::Environment environment, observe::Observer& observer,
                 const base::Clock& clock)
    : state_{new State{.loop = loop,
                       .environment = std::move(environment),
                       .observer = observer,
                       .clock = clock,
                       .readiness = {},
                       .stop_event = asio::steady_timer{loop, asio::steady_timer::time_point::max()},
                       .on_stop = {}}} {}

asio::io_context& Context::loop() const {
    return state_->loop;
}
asio::io_context::executor_type Context::executor() const {
    return state_->loop.get_executor();
}
const config::Environment& Context::environment() const {
    return state_->environment;
}
observe::Observer& Context::observer() const {
    return state_->observer;
}
const base::Clock& Context::clock() const {
    return state_->clock;
}
Readiness& Context::readiness() const {
    return state_->readiness;
}

void Context::request_stop() const {
    if (state_->stop_requested) return;
    state_->stop_requested = true;
    state_->stop_event.cancel();
    // A callback may unregister itself or others: work on a copy, newest first.
    const std::vector<std::function<void()>> callbacks{state_->on_stop.rbegin(), state_->on_stop.rend()};
    for (const auto& callback : callbacks) callback();
}

bool Context::stop_requested() const {
    return state_->stop_requested;
}

Task<void> Context::stopped() const {
    const auto state = state_;
    while (!state->stop_requested) {
        boost::system::error_code ignored;
        co_await state->stop_event.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

std::shared_ptr<void> Context::on_stop(std::function<void()> callback) const {
    const auto where = state_->on_stop.insert(state_->on_stop.end(), std::move(callback));
    return {nullptr, [state = state_, where](void*) { state->on_stop.erase(where); }};
}

Task<void> sleep_for(base::Duration duration) {
    asio::steady_timer timer{co_await asio::this_coro::executor};
    timer.expires_after(duration);
    co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace bandstand::runtime
