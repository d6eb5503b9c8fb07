#pragma once

#include <librdkafka/rdkafka.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "messaging/bus.hpp"
#include "observe/log.hpp"

namespace bandstand::messaging {

/// The C library's objects, owned.
template <auto destroy>
struct Destroy {
    template <class T>
    void operator()(T* object) const {
        destroy(object);
    }
};
using KafkaEvent = std::unique_ptr<rd_kafka_event_t, Destroy<rd_kafka_event_destroy>>;
using KafkaPartitions =
    std::unique_ptr<rd_kafka_topic_partition_list_t, Destroy<rd_kafka_topic_partition_list_destroy>>;
using KafkaError = std::unique_ptr<rd_kafka_error_t, Destroy<rd_kafka_error_destroy>>;

KafkaPartitions make_partitions(std::size_t capacity);

/// What a Kafka error means to a caller. Nearly all pass with time.
base::Error to_error(rd_kafka_resp_err_t code, std::string_view during);

/// One client instance. Its log lines go to ours. Destroying it blocks: do that on a pool thread.
class KafkaClient {
public:
    using Settings = std::vector<std::pair<std::string, std::string>>;
    /// `events` are the RD_KAFKA_EVENT_* that are wanted. Errors: a setting that the library refuses.
    static base::Result<std::unique_ptr<KafkaClient>> open(const runtime::Context& context,
                                                           rd_kafka_type_t type, const Settings& settings,
                                                           int events);
    explicit KafkaClient(observe::Log log) : log_{std::move(log)} {}
    ~KafkaClient();
    KafkaClient(const KafkaClient&) = delete;
    KafkaClient& operator=(const KafkaClient&) = delete;

    rd_kafka_t* handle() const { return handle_; }

private:
    static void write_log(const rd_kafka_t* handle, int level, const char* facility, const char* text);

    observe::Log log_;
    rd_kafka_t* handle_ = nullptr;
};

/// Serves a queue of the library on the loop: its threads write to an eventfd, and the loop takes the events
/// out.
class KafkaQueue {
public:
    /// Takes `queue` over. `on_event` runs on the loop.
    KafkaQueue(const runtime::Context& context, rd_kafka_queue_t* queue,
               std::function<void(rd_kafka_event_t*)> on_event);
    ~KafkaQueue();
    KafkaQueue(const KafkaQueue&) = delete;
    KafkaQueue& operator=(const KafkaQueue&) = delete;

    rd_kafka_queue_t* handle() const;
    /// Takes out what is there now. Also tells the library that we are alive (max.poll.interval.ms).
    void drain();

private:
    struct State;
    static void arm(std::shared_ptr<State> state);
    static void drain(const std::shared_ptr<State>& state);

    std::shared_ptr<State> state_;
};

}  // namespace bandstand::messaging
