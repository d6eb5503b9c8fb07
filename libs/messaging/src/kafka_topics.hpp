#pragma once

#include "kafka_client.hpp"

namespace bandstand::messaging {

/// Creates the topic if it is absent (and KafkaOptions::create_topics), and compares the partition count.
/// Blocks: for a pool thread. Errors: kPartitionMismatch, kBusUnavailable.
base::Result<void> ensure_kafka_topic(rd_kafka_t* client, const TopicSpec& topic,
                                      const KafkaOptions& options);

}  // namespace bandstand::messaging
