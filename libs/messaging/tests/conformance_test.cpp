// One contract, every backend.

#include <cstdio>

#include "base/random.hpp"
#include "bus_fixture.hpp"
#include "kafka_mock.hpp"

namespace bandstand::messaging {
namespace {

using namespace std::chrono_literals;
using enum base::ErrorKind;

constexpr base::Reason kTestFailure{"test.failure"};

/// The parts that a service has; `make_bus` may be called again for a second process.
struct World {
    World(const Context& process, base::Secret url, const std::string& kind)
        : context{process},
          backend{kind},
          pool{process, {.url = std::move(url), .size = 6}},
          record{process} {}

    std::unique_ptr<Bus> make_bus() {
        if (backend == "postgres") return make_postgres_bus(context, pool);
        KafkaOptions options{.brokers = KafkaMock::instance().brokers()};
        options.session_timeout = 6s;
        options.fetch_wait = 2ms;
        options.create_topics = !KafkaMock::instance().is_mock();
        return make_kafka_bus(context, options, pool);
    }
    TopicSpec topic(int partitions) {
        TopicSpec made{.name = "test.topic" + std::to_string(++topics) + "." + name + ".v1",
                       .partitions = partitions};
        if (backend == "kafka") KafkaMock::instance().create_topic(made.name, partitions);
        return made;
    }
    Subscription subscription(std::string member, const TopicSpec& of) const {
        return {.group = "group." + name,
                .member = std::move(member),
                .advertised_address = "127.0.0.1:1",
                .topics = {of},
                .retry = {.attempts = 3, .first_delay = 5ms, .max_delay = 20ms}};
    }

    Context context;
    std::string backend;
    std::string name = base::make_uuid(base::system_clock().wall_now());
    postgres::Pool pool;
    Record record;
    int topics = 0;
};

class Conformance : public runtime::LoopTest, public ::testing::WithParamInterface<const char*> {
protected:
    /// Runs `story` in a fresh world, with the tables in place.
    void play(std::function<Task<void>(World&)> story) {
        run([](Context context, std::string backend, std::function<Task<void>(World&)> tell) -> Task<void> {
            World world{context, postgres::testing::PrivatePostgres::instance().fresh_database(), backend};
            CO_ASSERT(co_await migrate(world.pool));
            co_await tell(world);
        }(context_, GetParam(), std::move(story)));
    }
};

Task<void> publish(Bus& bus, TopicSpec topic, std::vector<Message> messages) {
    CO_ASSERT(co_await bus.publish(std::move(topic), std::move(messages)));
}

TEST_P(Conformance, MessagesOfAKeyArriveInOrderAndNoneIsMissing) {
    play([](World& world) -> Task<void> {
        const auto topic = world.topic(4);
        auto bus = world.make_bus();
        RecordingHandler handler{world.record, "a"};
        Member member{world.context, *bus, world.subscription("a", topic), handler};
        for (int round = 0; round < 20; ++round) {
            std::vector<Message> messages;
            for (int key = 0; key < 10; ++key)
                messages.push_back(message_of("k" + std::to_string(key), round));
            co_await publish(*bus, topic, std::move(messages));
        }
        EXPECT_TRUE(co_await world.record.until_handled(200));
        std::map<std::string, int> next;
        for (const auto& delivery : world.record.handled) {
            EXPECT_EQ(std::stoi(delivery.payload), next[delivery.key]++) << delivery.key;
            EXPECT_EQ(delivery.partition, partition_of(delivery.key, 4));
        }
        CO_ASSERT(co_await member.stop());
        EXPECT_EQ(world.record.handled.size(), 200U);
    });
}

TEST_P(Conformance, AMessageArrivesAsItWasPublished) {
    play([](World& world) -> Task<void> {
        const auto topic = world.topic(1);
        auto bus = world.make_bus();
        std::string every_byte;
        for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
        const Message sent{
            .key = "größe",
            .payload = every_byte,
            .event_id = "interaction:42",
            .headers = {{"traceparent", "00-1-2-03"}, {"twice", "1"}, {"twice", "2"}, {"empty", ""}}};
        const auto before = base::system_clock().wall_now();
        co_await publish(*bus, topic, {sent});
        RecordingHandler handler{world.record, "a"};
        Member member{world.context, *bus, world.subscription("a", topic), handler};
        EXPECT_TRUE(co_await world.record.until_handled(1));
        const auto got = world.record.handled.at(0);
        EXPECT_EQ(got.topic, topic.name);
        EXPECT_EQ(got.key, sent.key);
        EXPECT_EQ(got.payload, sent.payload);
        EXPECT_EQ(got.event_id, sent.event_id);
        EXPECT_EQ(got.headers, sent.headers);
        EXPECT_EQ(got.header("traceparent"), "00-1-2-03");
        EXPECT_EQ(got.attempt, 1);
        EXPECT_LT(before - got.published_at, 1s);
        EXPECT_LT(got.published_at - before, 60s);
        CO_ASSERT(co_await member.stop());
    });
}

TEST_P(Conformance, AMessageOfTheBiggestSizeArrivesAndABiggerOneIsRefused) {
    play([](World& world) -> Task<void> {
        const auto topic = world.topic(1);
        auto bus = world.make_bus();
        auto big = message_of("k", 1);
        big.payload.assign(kMaxPayloadBytes, 'x');
        auto too_big = big;
        too_big.payload += 'x';
        co_await publish(*bus, topic, {big, message_of("k", 2)});
        std::vector<Message> refused_messages{too_big};
        const auto refused = co_await bus->publish(topic, std::move(refused_messages));
        EXPECT_EQ(refused.error().reason(), kMessageTooBig);
        RecordingHandler handler{world.record, "a"};
        Member member{world.context, *bus, world.subscription("a", topic), handler};
        EXPECT_TRUE(co_await world.record.until_handled(2));
        EXPECT_EQ(world.record.handled.at(0).payload.size(), kMaxPayloadBytes);
        CO_ASSERT(co_await member.stop());
    });
}

TEST_P(Conformance, AFailureWorthWaitingForBlocksItsPartitionOnly) {
    play([](World& world) -> Task<void> {
        const auto topic = world.topic(2);
        auto bus = world.make_bus();
        const auto slow = key_in(0, 2);
        const auto quick = key_in(1, 2);
        RecordingHandler handler{world.record, "a"};
        std::vector<int> attempts;
        handler.react = [&](Delivery delivery) -> Task<base::Result<void>> {
            if (delivery.event_id != slow + ":1") co_return base::ok();
            attempts.push_back(delivery.attempt);
            // The outage lasts until the other partition is done, and longer than any count of attempts.
            if (world.record.handled.size() < 10 || attempts.size() < 6) {
                co_return base::fail(unavailable, kTestFailure);
            }
            co_return base::ok();
        };
        Member member{world.context, *bus, world.subscription("a", topic), handler};
        std::vector<Message> messages{message_of(slow, 1), message_of(slow, 2)};
        for (int i = 0; i < 10; ++i) messages.push_back(message_of(quick, i));
        co_await publish(*bus, topic, std::move(messages));
        EXPECT_TRUE(co_await world.record.until_handled(12));
        EXPECT_EQ(world.record.handled.at(10).event_id, slow + ":1");
        EXPECT_EQ(world.record.handled.at(11).event_id, slow + ":2");
        EXPECT_GE(attempts.size(), 6U);
        for (std::size_t i = 0; i < attempts.size(); ++i) EXPECT_EQ(attempts[i], static_cast<int>(i) + 1);
        CO_ASSERT(co_await member.stop());
    });
}

TEST_P(Conformance, AMessageThatCannotBeHandledBecomesADeadLetterAndTheNextOnesGoOn) {
    play([](World& world) -> Task<void> {
        const auto topic = world.topic(1);
        auto bus = world.make_bus();
        RecordingHandler handler{world.record, "a"};
        int tries = 0;
        handler.react = [&](Delivery delivery) -> Task<base::Result<void>> {
            if (delivery.payload == "2") {
                ++tries;
                throw std::runtime_error{"a handler must not bring the consumer down"};
            }
            if (delivery.payload == "3") co_return base::fail(invalid_argument, kTestFailure, "no such song");
            co_return base::ok();
        };
        Member member{world.context, *bus, world.subscription("a", topic), handler};
        std::vector<Message> messages;
        for (int i = 1; i <= 4; ++i) messages.push_back(message_of("k", i));
        messages[2].headers = {{"traceparent", "t"}};
        co_await publish(*bus, topic, std::move(messages));
        EXPECT_TRUE(co_await world.record.until_handled(2));
        EXPECT_EQ(world.record.event_ids(), (std::set<std::string>{"k:1", "k:4"}));
        EXPECT_EQ(tries, 3);
        const auto rows = co_await world.pool.execute(
            {"",
             "SELECT event_id, key, payload, headers, reason, detail, attempts, group_name, topic"
             " FROM bus.dead_letter ORDER BY position"});
        CO_ASSERT(rows);
        EXPECT_EQ(rows->size(), 2U);
        if (rows->size() != 2) co_return;
        EXPECT_EQ((*rows)[0].get<std::string>(0), "k:2");
        const auto letter = (*rows)[1];
        EXPECT_EQ(letter.get<std::string>(0), "k:3");
        EXPECT_EQ(letter.get<std::string>(1), "k");
        EXPECT_EQ(base::as_text(letter.get<base::Bytes>(2)), "3");
        EXPECT_EQ(letter.get<std::vector<std::string>>(3), (std::vector<std::string>{"traceparent", "t"}));
        EXPECT_EQ(letter.get<std::string>(4), "test.failure");
        EXPECT_EQ(letter.get<std::string>(5), "no such song");
        EXPECT_EQ(letter.get<std::int32_t>(6), 3);
        EXPECT_EQ(letter.get<std::string>(7), "group." + world.name);
        EXPECT_EQ(letter.get<std::string>(8), topic.name);
        CO_ASSERT(co_await member.stop());
    });
}

TEST_P(Conformance, AfterACleanStopTheNextMemberGoesOnWhereTheLastOneStopped) {
    play([](World& world) -> Task<void> {
        const auto topic = world.topic(4);
        auto bus = world.make_bus();
        RecordingHandler first{world.record, "a"};
        RecordingHandler second{world.record, "b"};
        std::vector<Message> messages;
        for (int i = 0; i < 40; ++i) messages.push_back(message_of("k" + std::to_string(i), i));
        {
            Member member{world.context, *bus, world.subscription("a", topic), first};
            co_await publish(*bus, topic, messages);
            EXPECT_TRUE(co_await world.record.until_handled(40));
            CO_ASSERT(co_await member.stop());
        }
        EXPECT_TRUE(world.record.owned_by("a").empty());
        for (auto& message : messages) message.event_id += "again";
        co_await publish(*bus, topic, messages);
        Member member{world.context, *bus, world.subscription("b", topic), second};
        EXPECT_TRUE(co_await world.record.until_handled(80));
        CO_ASSERT(co_await member.stop());
        EXPECT_EQ(world.record.handled.size(), 80U) << "something came twice";
        EXPECT_EQ(world.record.event_ids().size(), 80U);
    });
}

TEST_P(Conformance, AMessageThatWasBeingHandledAtTheStopComesAgain) {
    play([](World& world) -> Task<void> {
        const auto topic = world.topic(1);
        auto bus = world.make_bus();
        RecordingHandler first{world.record, "a"};
        bool waiting = false;
        first.react = [&](Delivery delivery) -> Task<base::Result<void>> {
            if (delivery.payload != "2") co_return base::ok();
            waiting = true;
            world.record.add({.member = "a", .what = "waits", .topic = {}});
            co_await runtime::sleep_for(10min);
            co_return base::ok();
        };
        auto subscription = world.subscription("a", topic);
        subscription.drain_limit = 50ms;
        Member stuck{world.context, *bus, subscription, first};
        co_await publish(*bus, topic, {message_of("k", 1), message_of("k", 2), message_of("k", 3)});
        EXPECT_TRUE(co_await world.record.until([&] { return waiting; }));
        CO_ASSERT(co_await stuck.stop());
        EXPECT_TRUE(world.record.owned_by("a").empty()) << "revoked() was not called";
        RecordingHandler second{world.record, "b"};
        Member member{world.context, *bus, world.subscription("b", topic), second};
        EXPECT_TRUE(co_await world.record.until_handled(3));
        EXPECT_EQ(world.record.event_ids(), (std::set<std::string>{"k:1", "k:2", "k:3"}));
        CO_ASSERT(co_await member.stop());
    });
}

TEST_P(Conformance, ARunningHandlerMayFinishAtTheStop) {
    play([](World& world) -> Task<void> {
        const auto topic = world.topic(1);
        auto bus = world.make_bus();
        RecordingHandler handler{world.record, "a"};
        asio::steady_timer gate{world.context.executor(), asio::steady_timer::time_point::max()};
        bool waiting = false;
        handler.react = [&](Delivery) -> Task<base::Result<void>> {
            waiting = true;
            world.record.add({.member = "a", .what = "waits", .topic = {}});
            boost::system::error_code ignored;
            co_await gate.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
            co_return base::ok();
        };
        runtime::TaskGroup tasks{world.context};
        tasks.spawn("consume", bus->consume(world.subscription("a", topic), handler));
        co_await publish(*bus, topic, {message_of("k", 1), message_of("k", 2)});
        EXPECT_TRUE(co_await world.record.until([&] { return waiting; }));
        tasks.stop();
        asio::post(world.context.loop(), [&] { gate.cancel(); });
        CO_ASSERT(co_await tasks.join());
        EXPECT_EQ(world.record.event_ids(), std::set<std::string>{"k:1"});
        EXPECT_EQ(world.record.events.back().what, "revoked");
    });
}

TEST_P(Conformance, TwoMembersShareThePartitionsAndTheOneThatStopsHandsOver) {
    play([](World& world) -> Task<void> {
        const auto topic = world.topic(8);
        auto first_bus = world.make_bus();
        auto second_bus = world.make_bus();
        auto& record = world.record;
        RecordingHandler first{record, "a"};
        RecordingHandler second{record, "b"};
        Member a{world.context, *first_bus, world.subscription("a", topic), first};
        EXPECT_TRUE(co_await record.until([&] { return record.owned_by("a").size() == 8; }));
        Member b{world.context, *second_bus, world.subscription("b", topic), second};
        EXPECT_TRUE(co_await record.until(
            [&] { return record.owned_by("a").size() == 4 && record.owned_by("b").size() == 4; }));
        std::vector<Message> messages;
        for (int i = 0; i < 80; ++i) messages.push_back(message_of(key_in(i % 8, 8), i));
        co_await publish(*first_bus, topic, messages);
        EXPECT_TRUE(co_await record.until_handled(80));
        const auto kept_by_b = record.owned_by("b");
        CO_ASSERT(co_await a.stop());
        EXPECT_TRUE(co_await record.until([&] { return record.owned_by("b").size() == 8; }));
        for (auto& message : messages) message.event_id += "again";
        co_await publish(*first_bus, topic, messages);
        EXPECT_TRUE(co_await record.until([&] { return record.event_ids().size() == 160; }));
        // The mock broker refuses commits while a group rebalances, and then throws the survivor out: it may
        // deliver twice and move more than it must. No other backend may.
        const bool strict = world.backend != "kafka" || !KafkaMock::instance().is_mock();
        if (strict) EXPECT_EQ(record.handled.size(), 160U) << "something came twice";
        std::map<int, std::int64_t> epochs;  // each new owner has a greater one
        for (const auto& event : record.events) {
            if (strict && event.what == "revoked") EXPECT_EQ(event.member, "a") << event.partition;
            if (event.what != "assigned") continue;
            EXPECT_GT(event.epoch, epochs[event.partition]);
            epochs[event.partition] = event.epoch;
        }
        CO_ASSERT(co_await b.stop());
    });
}

TEST_P(Conformance, EveryGroupGetsEveryMessageFromTheOldestOn) {
    play([](World& world) -> Task<void> {
        const auto topic = world.topic(2);
        auto bus = world.make_bus();
        co_await publish(*bus, topic, {message_of("x", 1), message_of("y", 2)});
        Record other{world.context};
        RecordingHandler first{world.record, "a"};
        RecordingHandler second{other, "a"};
        Member one{world.context, *bus, world.subscription("a", topic), first};
        auto subscription = world.subscription("a", topic);
        subscription.group += ".other";
        Member two{world.context, *bus, subscription, second};
        EXPECT_TRUE(co_await world.record.until_handled(2));
        EXPECT_TRUE(co_await other.until_handled(2));
        EXPECT_EQ(world.record.event_ids(), other.event_ids());
        CO_ASSERT(co_await two.stop());
        CO_ASSERT(co_await one.stop());
    });
}

TEST_P(Conformance, TheOwnerOfAKeyCanBeFound) {
    play([](World& world) -> Task<void> {
        const auto topic = world.topic(3);
        auto bus = world.make_bus();
        const auto subscription = world.subscription("a", topic);
        auto nobody = co_await bus->owner_of(subscription.group, topic, "k");
        CO_ASSERT(nobody);
        EXPECT_FALSE(nobody->has_value());
        RecordingHandler handler{world.record, "a"};
        Member member{world.context, *bus, subscription, handler};
        EXPECT_TRUE(co_await world.record.until([&] { return world.record.owned_by("a").size() == 3; }));
        auto owner = co_await bus->owner_of(subscription.group, topic, "k");
        CO_ASSERT(owner);
        EXPECT_TRUE(owner->has_value());
        if (*owner) {
            EXPECT_EQ((*owner)->member, "a");
            EXPECT_EQ((*owner)->address, "127.0.0.1:1");
            for (const auto& event : world.record.events) {
                if (event.partition == partition_of("k", 3)) EXPECT_EQ((*owner)->epoch, event.epoch);
            }
        }
        CO_ASSERT(co_await member.stop());
        nobody = co_await bus->owner_of(subscription.group, topic, "k");
        CO_ASSERT(nobody);
        EXPECT_FALSE(nobody->has_value());
    });
}

TEST_P(Conformance, ATopicKeepsItsPartitionCount) {
    play([](World& world) -> Task<void> {
        auto topic = world.topic(2);
        auto bus = world.make_bus();
        co_await publish(*bus, topic, {message_of("k", 1)});
        topic.partitions = 3;
        auto other = world.make_bus();
        std::vector<Message> messages{message_of("k", 2)};
        EXPECT_EQ((co_await other->publish(topic, std::move(messages))).error().reason(), kPartitionMismatch);
        RecordingHandler handler{world.record, "a"};
        const auto refused = co_await other->consume(world.subscription("a", topic), handler);
        EXPECT_EQ(refused.error().reason(), kPartitionMismatch);
    });
}

TEST_P(Conformance, AProcessOfTheSameNameReplacesTheOldOne) {
    play([](World& world) -> Task<void> {
        const auto topic = world.topic(2);
        auto bus = world.make_bus();
        RecordingHandler old_handler{world.record, "old"};
        RecordingHandler new_handler{world.record, "new"};
        Member old_one{world.context, *bus, world.subscription("a", topic), old_handler};
        EXPECT_TRUE(co_await world.record.until([&] { return world.record.owned_by("old").size() == 2; }));
        Member new_one{world.context, *bus, world.subscription("a", topic), new_handler};
        const auto replaced = co_await old_one.ended();
        EXPECT_EQ(replaced.error().reason(), kMemberReplaced);
        EXPECT_TRUE(co_await world.record.until([&] { return world.record.owned_by("new").size() == 2; }));
        EXPECT_TRUE(world.record.owned_by("old").empty());
        CO_ASSERT(co_await new_one.stop());
    });
}

TEST_P(Conformance, DeliveryIsQuick) {
    play([](World& world) -> Task<void> {
        const auto topic = world.topic(16);
        auto bus = world.make_bus();
        RecordingHandler handler{world.record, "a"};
        Member member{world.context, *bus, world.subscription("a", topic), handler};
        EXPECT_TRUE(co_await world.record.until([&] { return world.record.owned_by("a").size() == 16; }));
        constexpr int kMessages = 200;
        std::vector<double> latencies_ms;
        for (int i = 0; i < kMessages; ++i) {
            const auto start = std::chrono::steady_clock::now();
            co_await publish(*bus, topic, {message_of("k" + std::to_string(i), i)});
            EXPECT_TRUE(co_await world.record.until_handled(static_cast<std::size_t>(i) + 1));
            const auto took = std::chrono::steady_clock::now() - start;
            if (i >= 20) latencies_ms.push_back(std::chrono::duration<double, std::milli>(took).count());
        }
        std::ranges::sort(latencies_ms);
        const auto at = [&](double part) {
            return latencies_ms[static_cast<std::size_t>(part *
                                                         static_cast<double>(latencies_ms.size() - 1))];
        };
        std::printf("%s: publish to handler p50 %.2f ms, p99 %.2f ms\n", world.backend.c_str(), at(0.5),
                    at(0.99));
        EXPECT_LT(at(0.5), 100.0);  // a missed wake-up would cost a poll interval
        CO_ASSERT(co_await member.stop());
    });
}

INSTANTIATE_TEST_SUITE_P(Bus, Conformance, ::testing::Values("postgres", "kafka"),
                         [](const auto& backend) { return std::string{backend.param}; });

}  // namespace
}  // namespace bandstand::messaging
