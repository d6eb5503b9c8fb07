#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "contracts/topics.hpp"
#include "postgres/pool.hpp"
#include "runtime/context.hpp"
#include "runtime/task.hpp"

namespace bandstand::messaging {

using contracts::TopicSpec;

constexpr base::Reason kMessageTooBig{"messaging.message_too_big"};
constexpr base::Reason kBadMessage{"messaging.bad_message"};
constexpr base::Reason kBusUnavailable{"messaging.unavailable"};  ///< retry
constexpr base::Reason kPartitionMismatch{
    "messaging.partition_mismatch"};  ///< topic exists with another count
constexpr base::Reason kMemberReplaced{
    "messaging.member_replaced"};  ///< another process took this member's name

constexpr std::size_t kMaxPayloadBytes = std::size_t{1024} * 1024;
constexpr std::size_t kMaxKeyBytes = 256;
constexpr std::size_t kMaxEventIdBytes = 256;
constexpr std::size_t kMaxHeaders = 32;
constexpr std::size_t kMaxHeaderBytes =
    std::size_t{8} * 1024;                         ///< all names and values of a message together
constexpr std::size_t kMaxPublishMessages = 1000;  ///< in one publish()
constexpr std::size_t kMaxPublishBytes = std::size_t{16} * 1024 * 1024;  ///< of payload in one publish()

using Headers = std::vector<std::pair<std::string, std::string>>;  ///< UTF-8, order kept, names may repeat

/// What is published. The payload is bytes; key, event id and headers are UTF-8 without NUL.
struct Message {
    std::string key;       ///< messages of one key arrive in the order of their publishing
    std::string payload;   ///< at most kMaxPayloadBytes
    std::string event_id;  ///< the idempotency key of the consumers; required
    Headers headers = {};  ///< "traceparent" among them
};

/// One message as a handler gets it.
struct Delivery {
    std::string topic;
    int partition = 0;
    std::int64_t offset = 0;  ///< for logs: dedupe by event_id
    std::string key;
    std::string payload;
    std::string event_id;
    Headers headers;
    base::WallTime published_at;
    int attempt = 1;  ///< counts this process's tries of this message

    /// The first header of that name, or an empty string.
    std::string_view header(std::string_view name) const;
};

/// Whether the messages keep the limits above, which every publish() checks. Errors: kBadMessage,
/// kMessageTooBig; the detail names the event and the limit.
base::Result<void> check(const TopicSpec& topic, const std::vector<Message>& messages);

/// A partition that this member owns. The epoch grows with every change of owner: stamp writes with it and
/// refuse an older one.
struct Ownership {
    std::string topic;
    int partition = 0;
    std::int64_t epoch = 0;
    friend bool operator==(const Ownership&, const Ownership&) = default;
};

/// Who owns a key's partition now.
struct Owner {
    std::string member;
    std::string address;
    std::int64_t epoch = 0;
};

/// What a consumer does. Each partition has a coroutine of its own on the loop: calls for one partition never
/// overlap and come as assigned(), handle()…, revoked(); those of different partitions interleave.
class Handler {
public:
    virtual ~Handler() = default;
    /// In order within the partition, at least once. `unavailable`, `deadline_exceeded`, `resource_exhausted`
    /// and `conflict` are tried again for ever, which blocks this partition only; other errors become a dead
    /// letter after RetryPolicy::attempts.
    virtual runtime::Task<base::Result<void>> handle(Delivery delivery) = 0;
    /// Before the first message. An error is not foreseen: load what can fail in handle().
    virtual runtime::Task<void> assigned(Ownership) { co_return; }
    /// After the last message; the lease is given up when this returns, or after Subscription::drain_limit.
    /// Also called when the partition was lost to another owner (then writes stamped with the epoch fail).
    virtual runtime::Task<void> revoked(Ownership) { co_return; }
};

struct RetryPolicy {
    int attempts = 5;  ///< of a message whose error is not worth waiting for
    base::Duration first_delay = std::chrono::milliseconds{50};
    base::Duration max_delay = std::chrono::seconds{5};
};

/// Before attempt number `next_attempt` (2, 3, …): doubles from first_delay up to max_delay.
base::Duration delay_before(const RetryPolicy& policy, int next_attempt);

struct Subscription {
    std::string group;
    std::string
        member;  ///< unique among the group's processes; a newcomer of the same name replaces the old one
    std::string advertised_address;  ///< for owner_of(); may be empty
    std::vector<TopicSpec> topics;
    RetryPolicy retry = {};
    base::Duration drain_limit =
        std::chrono::seconds{5};  ///< for a running handler and revoked() at a hand-over
};

/// Topics cut into partitions, consumer groups that share them, at-least-once delivery in order per key.
///
/// Two backends, one behaviour (tests/conformance_test.cpp): a log in PostgreSQL, and Kafka. Leases and dead
/// letters live in PostgreSQL in both. Loop thread only.
class Bus {
public:
    virtual ~Bus() = default;

    /// Returns when every message is durable, in the order given. On an error some may have been published
    /// all the same: publish again with the same event ids.
    virtual runtime::Task<base::Result<void>> publish(TopicSpec topic, std::vector<Message> messages) = 0;
    /// Joins the group and delivers until the task is stopped or the process is asked to stop; then finishes
    /// the running handlers, calls revoked() and hands the partitions over. A new group begins with the
    /// oldest message. Survives outages of the backend. Errors: kMemberReplaced, kPartitionMismatch.
    /// `handler` outlives the task.
    virtual runtime::Task<base::Result<void>> consume(Subscription subscription, Handler& handler) = 0;
    /// Nothing when nobody owns the key's partition, or when its owner has not been heard of for the lease
    /// time.
    virtual runtime::Task<base::Result<std::optional<Owner>>> owner_of(std::string group, TopicSpec topic,
                                                                       std::string key) = 0;
};

/// The partition of a key, in [0, partitions): Kafka's own (murmur2, as the Java client), so that every
/// producer and both backends agree.
int partition_of(std::string_view key, int partitions);

/// Creates the tables of schema `bus`: leases, dead letters, and the log. Run it before anything else here.
runtime::Task<base::Result<void>> migrate(postgres::Pool& pool);

struct PostgresBusOptions {
    base::Duration lease =
        std::chrono::seconds{5};  ///< an owner that is silent for longer loses its partitions
    base::Duration tick =
        std::chrono::seconds{1};  ///< heartbeat, rebalance, and the look for missed notifications
    base::Duration retention =
        std::chrono::hours{24};  ///< a message that every group has read is kept this long
    base::Duration cleaning_interval = std::chrono::minutes{1};
};
/// `pool` outlives the bus.
std::unique_ptr<Bus> make_postgres_bus(runtime::Context context, postgres::Pool& pool,
                                       PostgresBusOptions options = {});

struct KafkaOptions {
    std::string brokers;  ///< host:port,host:port
    base::Duration session_timeout =
        std::chrono::seconds{10};  ///< a silent member loses its partitions after this
    base::Duration fetch_wait =
        std::chrono::milliseconds{100};  ///< how long a broker may hold a fetch that finds nothing
    bool create_topics = true;  ///< with the registry's partition count; off where an operator makes them
    int replication = -1;       ///< of created topics; -1 = the broker's default
};
std::unique_ptr<Bus> make_kafka_bus(runtime::Context context, KafkaOptions options, postgres::Pool& leases);

}  // namespace bandstand::messaging
