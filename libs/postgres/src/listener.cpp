#include "listener.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/assert.hpp"
#include "pool_state.hpp"

namespace bandstand::postgres {
namespace {

constexpr base::Duration kFirstPause = std::chrono::milliseconds{100};
constexpr base::Duration kLongestPause = std::chrono::seconds{2};

bool is_plain_identifier(std::string_view name) {
    return !name.empty() && name.size() < 64 &&
           std::ranges::all_of(
               name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

}  // namespace

Listener::Listener(const Pool::State& pool)
    : context_{pool.context}, options_{pool.options}, pause_{pool.context.executor()} {}

std::shared_ptr<void> Listener::add(std::string channel, std::function<void(std::string_view)> callback) {
    BASE_ASSERT(is_plain_identifier(channel));  // it is part of the SQL text
    auto& callbacks = channels_[channel].callbacks;
    const auto where = callbacks.insert(
        callbacks.end(), std::make_shared<std::function<void(std::string_view)>>(std::move(callback)));
    if (!std::exchange(running_, true)) {
        asio::co_spawn(context_.executor(), run(shared_from_this()), [](const std::exception_ptr&) {});
    } else if (connection_) {
        connection_->interrupt();
    }
    return {nullptr, [self = shared_from_this(), channel, where](void*) {
                self->channels_[channel].callbacks.erase(where);
            }};
}

void Listener::close() {
    closed_ = true;
    pause_.cancel();
    if (connection_) connection_->interrupt();
}

runtime::Task<void> Listener::run(std::shared_ptr<Listener> self) {
    auto pause = kFirstPause;
    while (!self->closed_) {
        const auto started = std::chrono::steady_clock::now();
        const auto ended = co_await self->serve_one_connection();
        self->connection_.reset();
        for (auto& [name, channel] : self->channels_) channel.listening = false;
        if (self->closed_) co_return;
        if (std::chrono::steady_clock::now() - started > kLongestPause) {
            pause = kFirstPause;
            self->context_.observer().log().warn("postgres_listen_lost",
                                                 {{"detail", ended.error().detail()}});
        }
        boost::system::error_code ignored;
        self->pause_.expires_after(pause);
        co_await self->pause_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        pause = std::min(2 * pause, kLongestPause);
    }
}

runtime::Task<base::Result<void>> Listener::serve_one_connection() {
    auto opened = co_await Connection::open(context_, options_);
    if (!opened) co_return std::unexpected(std::move(opened).error());
    connection_ = std::move(*opened);
    while (!closed_) {
        auto listening = co_await listen_to_new_channels(*connection_);
        if (!listening) co_return listening;
        auto notification = co_await connection_->next_notification();
        if (!notification) co_return std::unexpected(std::move(notification).error());
        if (!notification->channel.empty()) tell(notification->channel, notification->payload);
    }
    co_return base::ok();
}

runtime::Task<base::Result<void>> Listener::listen_to_new_channels(Connection& connection) {
    std::vector<std::string> texts;
    std::vector<std::string> names;
    for (auto& [name, channel] : channels_) {
        if (std::exchange(channel.listening, true)) continue;
        names.push_back(name);
        texts.push_back("LISTEN " + name);
    }
    if (names.empty()) co_return base::ok();
    Batch batch;
    for (const auto& text : texts) batch.add({"", text});
    auto done = co_await connection.run(std::move(batch));
    if (!done) co_return std::unexpected(std::move(done).error().during("listen"));
    for (const auto& name : names) tell(name, "");
    co_return base::ok();
}

void Listener::tell(const std::string& channel, std::string_view payload) {
    const auto callbacks = channels_[channel].callbacks;  // a callback may add or remove callbacks
    for (const auto& callback : callbacks) (*callback)(payload);
}

}  // namespace bandstand::postgres
