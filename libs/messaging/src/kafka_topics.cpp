#include "kafka_topics.hpp"

#include <array>

namespace bandstand::messaging {
namespace {

constexpr int kTimeoutMs = 10'000;

using Queue = std::unique_ptr<rd_kafka_queue_t, Destroy<rd_kafka_queue_destroy>>;
using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, Destroy<rd_kafka_NewTopic_destroy>>;
using AdminOptions = std::unique_ptr<rd_kafka_AdminOptions_t, Destroy<rd_kafka_AdminOptions_destroy>>;

base::Result<void> create(rd_kafka_t* client, const TopicSpec& topic, const KafkaOptions& options) {
    std::array<char, 512> problem{};
    const NewTopic wanted{rd_kafka_NewTopic_new(topic.name.c_str(), topic.partitions, options.replication,
                                                problem.data(), problem.size())};
    if (!wanted) {
        return base::fail(base::ErrorKind::invalid_argument, kBadMessage, "topic", topic.name,
                          problem.data());
    }
    // A record of ours is bigger than the broker's default limit of 1 MiB including headers.
    rd_kafka_NewTopic_set_config(wanted.get(), "max.message.bytes",
                                 std::to_string(2 * kMaxPayloadBytes).c_str());
    if (topic.compacted) rd_kafka_NewTopic_set_config(wanted.get(), "cleanup.policy", "compact");
    const AdminOptions admin{rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_CREATETOPICS)};
    rd_kafka_AdminOptions_set_request_timeout(admin.get(), kTimeoutMs, problem.data(), problem.size());
    const Queue answers{rd_kafka_queue_new(client)};
    std::array<rd_kafka_NewTopic_t*, 1> topics{wanted.get()};
    rd_kafka_CreateTopics(client, topics.data(), topics.size(), admin.get(), answers.get());
    const KafkaEvent event{rd_kafka_queue_poll(answers.get(), 2 * kTimeoutMs)};
    if (!event) return base::fail(base::ErrorKind::unavailable, kBusUnavailable, "create topic: no answer");
    auto error = rd_kafka_event_error(event.get());
    std::size_t count = 0;
    const auto* result = rd_kafka_event_CreateTopics_result(event.get());
    const auto* const* each =
        result == nullptr ? nullptr : rd_kafka_CreateTopics_result_topics(result, &count);
    if (count > 0) error = rd_kafka_topic_result_error(each[0]);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        return base::ok();
    return std::unexpected(to_error(error, "create topic " + topic.name + ":"));
}

using KafkaTopic = std::unique_ptr<rd_kafka_topic_t, Destroy<rd_kafka_topic_destroy>>;
using Metadata = std::unique_ptr<const rd_kafka_metadata_t, Destroy<rd_kafka_metadata_destroy>>;

base::Result<int> count_partitions(rd_kafka_t* client, const TopicSpec& topic) {
    const KafkaTopic handle{rd_kafka_topic_new(client, topic.name.c_str(), nullptr)};
    const rd_kafka_metadata_t* found = nullptr;
    const auto error = rd_kafka_metadata(client, 0, handle.get(), &found, kTimeoutMs);
    const Metadata metadata{found};
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        return std::unexpected(to_error(error, "look at topic " + topic.name + ":"));
    if (metadata->topic_cnt == 0) return 0;
    return metadata->topics[0].partition_cnt;
}

}  // namespace

base::Result<void> ensure_kafka_topic(rd_kafka_t* client, const TopicSpec& topic,
                                      const KafkaOptions& options) {
    if (options.create_topics) {
        if (auto created = create(client, topic, options); !created) return created;
    }
    auto count = count_partitions(client, topic);
    if (!count) return std::unexpected(std::move(count).error());
    if (*count == 0) {
        return base::fail(base::ErrorKind::unavailable, kBusUnavailable, "topic", topic.name,
                          "is not there yet");
    }
    if (*count != topic.partitions) {
        return base::fail(base::ErrorKind::failed_precondition, kPartitionMismatch, "topic", topic.name,
                          "has", *count, "partitions at the broker and not", topic.partitions);
    }
    return base::ok();
}

}  // namespace bandstand::messaging
