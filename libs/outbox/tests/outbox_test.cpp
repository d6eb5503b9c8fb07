#include "outbox/outbox.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <set>

#include "postgres/testing.hpp"
#include "runtime/task_group.hpp"
#include "runtime/testing.hpp"

namespace bandstand::outbox {
namespace {

using namespace std::chrono_literals;
using messaging::Message;
using messaging::TopicSpec;
using runtime::Context;
using runtime::Task;

#define CO_ASSERT(expression)                                                              \
    do {                                                                                   \
        const auto& asserted = (expression);                                               \
        EXPECT_TRUE(asserted) << (asserted ? std::string{} : asserted.error().describe()); \
        if (!asserted) co_return;                                                          \
    } while (false)

const TopicSpec kTopic{.name = "test.songs.v1", .partitions = 4};

/// A bus in memory that can be out of order.
class MemoryBus final : public messaging::Bus {
public:
    explicit MemoryBus(const Context& context)
        : changed_{context.executor(), asio::steady_timer::time_point::max()} {}

    Task<base::Result<void>> publish(TopicSpec, std::vector<Message> messages) override {
        ++tries;
        if (failures > 0) {
            --failures;
            co_return base::fail(base::ErrorKind::unavailable, messaging::kBusUnavailable, "on purpose");
        }
        for (auto& message : messages) published.push_back(std::move(message));
        changed_.cancel();
        co_return base::ok();
    }
    Task<base::Result<void>> consume(messaging::Subscription, messaging::Handler&) override {
        co_return base::ok();
    }
    Task<base::Result<std::optional<messaging::Owner>>> owner_of(std::string, TopicSpec,
                                                                 std::string) override {
        co_return std::nullopt;
    }
    Task<bool> until_published(std::size_t count) {
        const auto end = std::chrono::steady_clock::now() + 30s;
        while (published.size() < count && std::chrono::steady_clock::now() < end) {
            boost::system::error_code ignored;
            changed_.expires_at(end);
            co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        co_return published.size() >= count;
    }

    std::vector<Message> published;
    int failures = 0;
    int tries = 0;

private:
    asio::steady_timer changed_;
};

struct Parts {
    Parts(const Context& process, base::Secret url)
        : context{process},
          pool{process, {.url = std::move(url), .size = 4, .schema = "shop"}},
          bus{process} {}
    Context context;
    postgres::Pool pool;
    MemoryBus bus;
};

class OutboxTest : public runtime::LoopTest {
protected:
    void play(std::function<Task<void>(Parts&)> story) {
        run([](Context context, std::function<Task<void>(Parts&)> tell) -> Task<void> {
            Parts parts{context, postgres::testing::PrivatePostgres::instance().fresh_database()};
            CO_ASSERT(co_await migrate(parts.pool));
            co_await tell(parts);
        }(context_, std::move(story)));
    }
};

Message message_of(std::string key, int number) {
    return {.key = key,
            .payload = std::string("\0payload ", 9) + std::to_string(number),
            .event_id = key + ":" + std::to_string(number),
            .headers = {{"traceparent", "t"}}};
}

Task<void> append_committed(Parts& parts, Message message) {
    auto tx = co_await parts.pool.begin();
    CO_ASSERT(tx);
    CO_ASSERT(co_await append(*tx, kTopic, std::move(message)));
    CO_ASSERT(co_await tx->commit());
}

Task<std::int64_t> left(Parts& parts) {
    const auto rows = co_await parts.pool.execute({"", "SELECT count(*) FROM outbox"});
    co_return rows ? (*rows)[0].get<std::int64_t>(0) : -1;
}

TEST_F(OutboxTest, WhatWasCommittedIsPublishedInOrderAndThenForgotten) {
    play([](Parts& parts) -> Task<void> {
        co_await append_committed(parts, message_of("before", 0));
        runtime::TaskGroup tasks{parts.context};
        tasks.spawn("relay", relay(parts.context, parts.pool, parts.bus));
        for (int i = 0; i < 300; ++i) co_await append_committed(parts, message_of("k", i));
        EXPECT_TRUE(co_await parts.bus.until_published(301));
        EXPECT_EQ(parts.bus.published.at(0).event_id, "before:0");
        for (int i = 0; i < 300; ++i) {
            const auto& got = parts.bus.published.at(static_cast<std::size_t>(i) + 1);
            EXPECT_EQ(got.event_id, "k:" + std::to_string(i));
            EXPECT_EQ(got.payload, message_of("k", i).payload);
            EXPECT_EQ(got.headers, message_of("k", i).headers);
        }
        while (co_await left(parts) > 0) co_await runtime::sleep_for(1ms);
        tasks.stop();
        CO_ASSERT(co_await tasks.join());
    });
}

TEST_F(OutboxTest, WhatWasRolledBackIsNeverPublished) {
    play([](Parts& parts) -> Task<void> {
        runtime::TaskGroup tasks{parts.context};
        tasks.spawn("relay", relay(parts.context, parts.pool, parts.bus));
        {
            auto tx = co_await parts.pool.begin();
            CO_ASSERT(tx);
            CO_ASSERT(co_await append(*tx, kTopic, message_of("lost", 1)));
        }
        co_await append_committed(parts, message_of("kept", 2));
        EXPECT_TRUE(co_await parts.bus.until_published(1));
        EXPECT_EQ(parts.bus.published.at(0).event_id, "kept:2");
        tasks.stop();
        CO_ASSERT(co_await tasks.join());
        EXPECT_EQ(parts.bus.published.size(), 1U);
    });
}

TEST_F(OutboxTest, AnOutageOfTheBusDelaysAndLosesNothing) {
    play([](Parts& parts) -> Task<void> {
        parts.bus.failures = 2;
        runtime::TaskGroup tasks{parts.context};
        tasks.spawn("relay", relay(parts.context, parts.pool, parts.bus));
        for (int i = 0; i < 3; ++i) co_await append_committed(parts, message_of("k", i));
        EXPECT_TRUE(co_await parts.bus.until_published(3));
        EXPECT_GE(parts.bus.tries, 3);
        for (int i = 0; i < 3; ++i) {
            EXPECT_EQ(parts.bus.published.at(static_cast<std::size_t>(i)).event_id, "k:" + std::to_string(i));
        }
        tasks.stop();
        CO_ASSERT(co_await tasks.join());
    });
}

TEST_F(OutboxTest, SeveralRelaysTakeTurnsAndPublishNothingTwice) {
    play([](Parts& parts) -> Task<void> {
        runtime::TaskGroup tasks{parts.context};
        for (int i = 0; i < 3; ++i) tasks.spawn("relay", relay(parts.context, parts.pool, parts.bus));
        for (int i = 0; i < 100; ++i) co_await append_committed(parts, message_of("k", i));
        EXPECT_TRUE(co_await parts.bus.until_published(100));
        tasks.stop();
        CO_ASSERT(co_await tasks.join());
        EXPECT_EQ(parts.bus.published.size(), 100U);
        EXPECT_TRUE(std::ranges::is_sorted(parts.bus.published, {}, [](const Message& message) {
            return std::stoi(message.event_id.substr(2));
        }));
    });
}

TEST_F(OutboxTest, AMessageThatTheBusWouldRefuseIsRefusedBeforeTheCommit) {
    play([](Parts& parts) -> Task<void> {
        auto tx = co_await parts.pool.begin();
        CO_ASSERT(tx);
        auto big = message_of("k", 1);
        big.payload.assign(messaging::kMaxPayloadBytes + 1, 'x');
        const auto refused = co_await append(*tx, kTopic, std::move(big));
        EXPECT_EQ(refused.error().reason(), messaging::kMessageTooBig);
    });
}

TEST_F(OutboxTest, ABacklogOfBigMessagesGoesOutInPiecesThatTheBusTakes) {
    play([](Parts& parts) -> Task<void> {
        for (int i = 0; i < 40; ++i) {
            auto big = message_of("k", i);
            big.payload.assign(messaging::kMaxPayloadBytes, 'x');
            co_await append_committed(parts, std::move(big));
        }
        runtime::TaskGroup tasks{parts.context};
        tasks.spawn("relay", relay(parts.context, parts.pool, parts.bus));
        EXPECT_TRUE(co_await parts.bus.until_published(40));
        EXPECT_GE(parts.bus.tries, 3);
        tasks.stop();
        CO_ASSERT(co_await tasks.join());
    });
}

TEST_F(OutboxTest, AnEventIsDoneOnceForEachConsumerAndOnlyWhenItsEffectsCommit) {
    play([](Parts& parts) -> Task<void> {
        const auto mark = [](Parts& with, std::string consumer, bool commit) -> Task<bool> {
            auto tx = co_await with.pool.begin();
            EXPECT_TRUE(tx);
            const auto first = co_await first_time(*tx, std::move(consumer), "event");
            EXPECT_TRUE(first);
            if (commit) EXPECT_TRUE(co_await tx->commit());
            co_return *first;
        };
        EXPECT_TRUE(co_await mark(parts, "player", false));
        EXPECT_TRUE(co_await mark(parts, "player", true));
        EXPECT_FALSE(co_await mark(parts, "player", true));
        EXPECT_TRUE(co_await mark(parts, "panel", true));
    });
}

}  // namespace
}  // namespace bandstand::outbox
