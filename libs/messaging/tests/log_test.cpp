// What only the PostgreSQL backend promises, or must be careful about.

#include "log.hpp"
#include "bus_fixture.hpp"
#include "leases.hpp"

namespace bandstand::messaging {
namespace {

using namespace std::chrono_literals;

const TopicSpec kTopic{.name = "test.songs.v1", .partitions = 2};

struct Parts {
    Parts(const Context& process, base::Secret url)
        : context{process}, pool{process, {.url = std::move(url), .size = 6}}, record{process} {}

    Subscription subscription(std::string member, std::string group = "group") const {
        return {.group = std::move(group),
                .member = std::move(member),
                .advertised_address = {},
                .topics = {kTopic}};
    }
    std::unique_ptr<Bus> make_bus(PostgresBusOptions options = {}) {
        return make_postgres_bus(context, pool, options);
    }

    Context context;
    postgres::Pool pool;
    Record record;
};

class LogTest : public runtime::LoopTest {
protected:
    static postgres::testing::PrivatePostgres& server() {
        return postgres::testing::PrivatePostgres::instance();
    }
    void play(std::function<Task<void>(Parts&)> story) {
        run([](Context context, std::function<Task<void>(Parts&)> tell) -> Task<void> {
            Parts parts{context, server().fresh_database()};
            CO_ASSERT(co_await migrate(parts.pool));
            co_await tell(parts);
        }(context_, std::move(story)));
    }
};

Task<void> publish(Bus& bus, std::vector<Message> messages) {
    CO_ASSERT(co_await bus.publish(kTopic, std::move(messages)));
}

Task<std::int64_t> count(postgres::Pool& pool, postgres::Statement statement) {
    const auto rows = co_await pool.execute(statement);
    EXPECT_TRUE(rows) << rows.error().describe();
    co_return rows ? (*rows)[0].get<std::int64_t>(0) : -1;
}

TEST_F(LogTest, ConcurrentProducersLeaveNoGapAndAConsumerMissesNothing) {
    play([](Parts& parts) -> Task<void> {
        auto bus = parts.make_bus();
        RecordingHandler handler{parts.record, "a"};
        Member member{parts.context, *bus, parts.subscription("a"), handler};
        constexpr int kProducers = 5;
        constexpr int kRounds = 40;
        runtime::TaskGroup producers{parts.context};
        const auto produce = [](Bus& to, int producer) -> Task<base::Result<void>> {
            for (int round = 0; round < kRounds; ++round) {
                std::vector<Message> messages;
                for (int key = 0; key < 4; ++key) {
                    messages.push_back(
                        message_of("p" + std::to_string(producer) + "k" + std::to_string(key), round));
                }
                auto sent = co_await to.publish(kTopic, std::move(messages));
                if (!sent) co_return sent;
            }
            co_return base::ok();
        };
        for (int i = 0; i < kProducers; ++i) producers.spawn("produce", produce(*bus, i));
        CO_ASSERT(co_await producers.join());
        EXPECT_TRUE(co_await parts.record.until_handled(kProducers * kRounds * 4));
        std::map<int, std::int64_t> next_offset;
        std::map<std::string, int> next_of_key;
        for (const auto& delivery : parts.record.handled) {
            EXPECT_EQ(delivery.offset, next_offset[delivery.partition]++);
            EXPECT_EQ(std::stoi(delivery.payload), next_of_key[delivery.key]++);
        }
        CO_ASSERT(co_await member.stop());
    });
}

TEST_F(LogTest, AStaleOwnerCannotMoveThePosition) {
    play([](Parts& parts) -> Task<void> {
        const auto paused_subscription = parts.subscription("paused");
        const auto other_subscription = parts.subscription("other");
        Leases paused{parts.pool, paused_subscription, 30ms};
        Leases other{parts.pool, other_subscription, 30ms};
        CO_ASSERT(co_await paused.join());
        auto taken = co_await paused.take_free(kTopic.name, 1, {});
        CO_ASSERT(taken);
        CO_ASSERT(co_await other.join());
        const Leases::Position position{
            .topic = kTopic.name, .partition = 0, .epoch = taken->at(0).ownership.epoch, .next = 7};
        EXPECT_EQ(*co_await paused.commit({position}), 1U);
        std::vector<Leases::Taken> inherited;
        while (inherited.empty()) {  // until the lease has run out
            auto found = co_await other.take_free(kTopic.name, 2, {});
            CO_ASSERT(found);
            for (auto& one : *found) {
                if (one.ownership.partition == 0) inherited.push_back(one);
            }
        }
        EXPECT_EQ(inherited.at(0).next_position, 7);
        EXPECT_GT(inherited.at(0).ownership.epoch, position.epoch);
        auto late = position;
        late.next = 100;
        EXPECT_EQ(*co_await paused.commit({late}), 0U);
        CO_ASSERT(co_await paused.release({late}));
        EXPECT_EQ(co_await count(parts.pool, {"", "SELECT next_position FROM bus.claim WHERE partition = 0"}),
                  7);
        EXPECT_EQ(co_await count(parts.pool, {"", "SELECT count(*) FROM bus.claim WHERE member = 'other'"}),
                  2);
    });
}

TEST_F(LogTest, AMemberThatDiesIsReplacedWhenItsLeaseHasRunOut) {
    play([](Parts& parts) -> Task<void> {
        const auto dead_subscription = parts.subscription("dead");
        Leases dead{parts.pool, dead_subscription, 500ms};
        CO_ASSERT(co_await dead.join());
        CO_ASSERT(co_await dead.take_free(kTopic.name, 2, {}));
        const auto died = std::chrono::steady_clock::now();
        auto bus = parts.make_bus({.lease = 500ms, .tick = 50ms});
        co_await publish(*bus, {message_of("k", 1)});
        RecordingHandler handler{parts.record, "heir"};
        Member heir{parts.context, *bus, parts.subscription("heir"), handler};
        EXPECT_TRUE(co_await parts.record.until_handled(1));
        EXPECT_GE(std::chrono::steady_clock::now() - died, 450ms) << "taken from a living member";
        CO_ASSERT(co_await heir.stop());
    });
}

TEST_F(LogTest, MembersThatAreSilentSinceARestartOfTheServerGetTheLeaseTimeToComeBack) {
    play([](Parts& parts) -> Task<void> {
        const auto silent_subscription = parts.subscription("silent");
        const auto quick_subscription = parts.subscription("quick");
        Leases silent{parts.pool, silent_subscription, 1ms};
        Leases quick{parts.pool, quick_subscription, 1h};
        CO_ASSERT(co_await silent.join());
        CO_ASSERT(co_await silent.take_free(kTopic.name, 1, {}));
        server().crash_and_restart();
        CO_ASSERT(co_await quick.join());
        auto taken = co_await quick.take_free(kTopic.name, 2, {});
        CO_ASSERT(taken);
        EXPECT_EQ(taken->size(), 1U) << "only what nobody owned";
    });
}

TEST_F(LogTest, AConsumerThatWasPausedLongerThanItsLeaseGivesUpWhatOthersTook) {
    play([](Parts& parts) -> Task<void> {
        auto bus = parts.make_bus({.tick = 20ms});
        RecordingHandler handler{parts.record, "paused"};
        Member member{parts.context, *bus, parts.subscription("paused"), handler};
        EXPECT_TRUE(co_await parts.record.until([&] { return parts.record.owned_by("paused").size() == 2; }));
        // As if another member had found the lease expired.
        CO_ASSERT(co_await parts.pool.execute(
            {"", "INSERT INTO bus.member VALUES ('group', 'thief', 's', '', now() + interval '1 hour')"}));
        CO_ASSERT(co_await parts.pool.execute(
            {"", "UPDATE bus.claim SET member = 'thief', epoch = epoch + 1 WHERE partition = 1"}));
        EXPECT_TRUE(
            co_await parts.record.until([&] { return parts.record.owned_by("paused") == std::set{0}; }));
        CO_ASSERT(co_await member.stop());
        EXPECT_EQ(co_await count(parts.pool, {"", "SELECT count(*) FROM bus.claim WHERE member = 'thief'"}),
                  1);
    });
}

TEST_F(LogTest, ACrashOfTheServerLosesNothingThatWasAcknowledged) {
    play([](Parts& parts) -> Task<void> {
        auto bus = parts.make_bus({.tick = 100ms});
        RecordingHandler handler{parts.record, "a"};
        Member member{parts.context, *bus, parts.subscription("a"), handler};
        std::set<std::string> acknowledged;
        for (int i = 0; i < 60; ++i) {
            if (i == 20) server().crash_and_restart();
            if (i == 40) server().crash();
            auto message = message_of("k" + std::to_string(i % 3), i);
            std::vector<Message> one{message};
            auto sent = co_await bus->publish(kTopic, one);
            if (i == 40) {
                EXPECT_EQ(sent.error().kind(), base::ErrorKind::unavailable);
                server().start();
            }
            while (!sent) {
                co_await runtime::sleep_for(5ms);
                sent = co_await bus->publish(kTopic, one);
            }
            acknowledged.insert(message.event_id);
        }
        EXPECT_TRUE(co_await parts.record.until([&] { return parts.record.event_ids() == acknowledged; }));
        // Without the repetitions each key is in order.
        std::map<std::string, int> last;
        std::set<std::string> seen;
        for (const auto& delivery : parts.record.handled) {
            if (!seen.insert(delivery.event_id).second) continue;
            const int number = std::stoi(delivery.payload);
            if (last.contains(delivery.key)) EXPECT_GT(number, last[delivery.key]);
            last[delivery.key] = number;
        }
        CO_ASSERT(co_await member.stop());
    });
}

TEST_F(LogTest, OnlyWhatEveryGroupHasReadIsDeletedAndOnlyWhenItIsOld) {
    play([](Parts& parts) -> Task<void> {
        constexpr postgres::Statement kLeft{"", "SELECT count(*) FROM bus.message"};
        auto bus = parts.make_bus();
        PostgresLog log{parts.pool};
        for (int i = 0; i < 10; ++i) co_await publish(*bus, {message_of("k", i)});
        CO_ASSERT(co_await log.clean(0s));
        EXPECT_EQ(co_await count(parts.pool, kLeft), 10) << "nobody has read it yet";
        RecordingHandler handler{parts.record, "a"};
        const auto slow_subscription = parts.subscription("slow", "slow group");
        Leases slow{parts.pool, slow_subscription, 5s};
        CO_ASSERT(co_await slow.join());
        Member member{parts.context, *bus, parts.subscription("a"), handler};
        EXPECT_TRUE(co_await parts.record.until_handled(10));
        CO_ASSERT(co_await member.stop());
        CO_ASSERT(co_await log.clean(0s));
        EXPECT_EQ(co_await count(parts.pool, kLeft), 10) << "the slow group has not read it yet";
        auto taken = co_await slow.take_free(kTopic.name, 2, {});
        CO_ASSERT(taken);
        for (const auto& one : *taken) {
            CO_ASSERT(co_await slow.commit({{.topic = kTopic.name,
                                             .partition = one.ownership.partition,
                                             .epoch = one.ownership.epoch,
                                             .next = 4}}));
        }
        CO_ASSERT(co_await log.clean(1h));
        EXPECT_EQ(co_await count(parts.pool, kLeft), 10) << "it is young";
        CO_ASSERT(co_await log.clean(0s));
        EXPECT_EQ(co_await count(parts.pool, kLeft), 6);
        EXPECT_EQ(co_await count(parts.pool, {"", "SELECT min(position) FROM bus.message"}), 4);
    });
}

TEST_F(LogTest, ACompactedTopicKeepsTheNewestMessageOfEachKey) {
    play([](Parts& parts) -> Task<void> {
        const TopicSpec compacted{.name = "test.state.v1", .partitions = 2, .compacted = true};
        auto bus = parts.make_bus();
        for (int round = 0; round < 3; ++round) {
            for (int key = 0; key < 4; ++key) {
                std::vector<Message> one{message_of("k" + std::to_string(key), round)};
                CO_ASSERT(co_await bus->publish(compacted, std::move(one)));
            }
        }
        auto subscription = parts.subscription("a");
        subscription.topics = {compacted};
        {
            RecordingHandler handler{parts.record, "a"};
            Member member{parts.context, *bus, subscription, handler};
            EXPECT_TRUE(co_await parts.record.until_handled(12));
            CO_ASSERT(co_await member.stop());
        }
        PostgresLog log{parts.pool};
        CO_ASSERT(co_await log.clean(0s));
        Record later{parts.context};
        RecordingHandler handler{later, "a"};
        subscription.group = "newcomer";
        Member member{parts.context, *bus, subscription, handler};
        EXPECT_TRUE(co_await later.until_handled(4));
        for (const auto& delivery : later.handled) EXPECT_EQ(delivery.payload, "2");
        CO_ASSERT(co_await member.stop());
        EXPECT_EQ(later.handled.size(), 4U);
    });
}

TEST_F(LogTest, ABacklogOfBigMessagesIsFetchedInBoundedPieces) {
    play([](Parts& parts) -> Task<void> {
        auto bus = parts.make_bus();
        for (int i = 0; i < 12; ++i) {
            auto big = message_of("k", i);
            big.payload.assign(400'000, 'x');
            co_await publish(*bus, {std::move(big)});
        }
        PostgresLog log{parts.pool};
        const int partition = partition_of("k", kTopic.partitions);
        auto found = co_await log.fetch({{.topic = 1, .partition = partition, .from = 0}});
        CO_ASSERT(found);
        EXPECT_EQ(found->size(), 3U);  // 1.2 MB: the one that crosses the limit is the last
        RecordingHandler handler{parts.record, "a"};
        Member member{parts.context, *bus, parts.subscription("a"), handler};
        EXPECT_TRUE(co_await parts.record.until_handled(12));
        CO_ASSERT(co_await member.stop());
    });
}

}  // namespace
}  // namespace bandstand::messaging
