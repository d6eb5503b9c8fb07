#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "messaging/bus.hpp"
#include "postgres/testing.hpp"
#include "runtime/deadline.hpp"
#include "runtime/task_group.hpp"
#include "runtime/testing.hpp"

namespace bandstand::messaging {

using runtime::Context;
using runtime::Task;

/// ASSERT_TRUE for a Result within a coroutine, which cannot `return`.
#define CO_ASSERT(expression)                                                              \
    do {                                                                                   \
        const auto& asserted = (expression);                                               \
        EXPECT_TRUE(asserted) << (asserted ? std::string{} : asserted.error().describe()); \
        if (!asserted) co_return;                                                          \
    } while (false)

/// What several handlers saw, in order, and a way to wait for it.
class Record {
public:
    explicit Record(const Context& context)
        : changed_{context.executor(), asio::steady_timer::time_point::max()} {}

    struct Event {
        std::string member;
        std::string what;  ///< "assigned", "handled", "revoked"
        std::string topic;
        int partition = 0;
        std::int64_t epoch = 0;
    };
    std::vector<Event> events;
    std::vector<Delivery> handled;

    void add(Event event) {
        events.push_back(std::move(event));
        changed_.cancel();
    }
    void add(const std::string& member, Delivery delivery) {
        handled.push_back(delivery);
        add({.member = member, .what = "handled", .topic = delivery.topic, .partition = delivery.partition});
    }
    /// False when it did not come true in time.
    Task<bool> until(std::function<bool()> condition, base::Duration limit = std::chrono::seconds{40}) {
        const auto end = std::chrono::steady_clock::now() + limit;
        while (!condition()) {
            if (std::chrono::steady_clock::now() >= end) co_return false;
            boost::system::error_code ignored;
            changed_.expires_at(end);
            co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        co_return true;
    }
    Task<bool> until_handled(std::size_t count) {
        co_return co_await until([this, count] { return handled.size() >= count; });
    }

    std::set<std::string> event_ids() const {
        std::set<std::string> ids;
        for (const auto& delivery : handled) ids.insert(delivery.event_id);
        return ids;
    }
    /// What a member owns now.
    std::set<int> owned_by(const std::string& member) const {
        std::set<int> owned;
        for (const auto& event : events) {
            if (event.member == member && event.what == "assigned") owned.insert(event.partition);
            if (event.member == member && event.what == "revoked") owned.erase(event.partition);
        }
        return owned;
    }

private:
    asio::steady_timer changed_;
};

/// Records what it is given; `react` decides what handle() answers.
class RecordingHandler : public Handler {
public:
    using Reaction = std::function<Task<base::Result<void>>(Delivery)>;

    RecordingHandler(Record& record, std::string member) : record_{record}, member_{std::move(member)} {}

    Task<base::Result<void>> handle(Delivery delivery) override {
        EXPECT_TRUE(busy_.insert({delivery.topic, delivery.partition}).second)
            << "a partition's calls overlap";
        base::Result<void> result;
        struct Done {
            std::set<std::pair<std::string, int>>& busy;
            std::pair<std::string, int> own;
            ~Done() { busy.erase(own); }
        } done{busy_, {delivery.topic, delivery.partition}};
        if (react) result = co_await react(delivery);
        if (result) record_.add(member_, std::move(delivery));
        co_return result;
    }
    Task<void> assigned(Ownership own) override {
        record_.add({.member = member_,
                     .what = "assigned",
                     .topic = own.topic,
                     .partition = own.partition,
                     .epoch = own.epoch});
        co_return;
    }
    Task<void> revoked(Ownership own) override {
        record_.add({.member = member_,
                     .what = "revoked",
                     .topic = own.topic,
                     .partition = own.partition,
                     .epoch = own.epoch});
        co_return;
    }

    Reaction react;

private:
    Record& record_;
    std::string member_;
    std::set<std::pair<std::string, int>> busy_;
};

/// A consumer that runs until stop().
class Member {
public:
    Member(const Context& context, Bus& bus, Subscription subscription, Handler& handler) : tasks_{context} {
        tasks_.spawn("consume", bus.consume(std::move(subscription), handler));
    }
    Task<base::Result<void>> stop() {
        tasks_.stop();
        co_return co_await tasks_.join();
    }
    Task<base::Result<void>> ended() { co_return co_await tasks_.join(); }

private:
    runtime::TaskGroup tasks_;
};

inline Message message_of(std::string key, int number) {
    return {.key = key, .payload = std::to_string(number), .event_id = key + ":" + std::to_string(number)};
}

/// A key whose messages go to `partition`.
inline std::string key_in(int partition, int partitions) {
    for (int i = 0;; ++i) {
        auto key = "key-" + std::to_string(i);
        if (partition_of(key, partitions) == partition) return key;
    }
}

}  // namespace bandstand::messaging
