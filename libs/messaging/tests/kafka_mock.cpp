#include "kafka_mock.hpp"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <cstdlib>

namespace bandstand::messaging {

struct KafkaMock::State {
    State()
        : host{rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), nullptr, 0)},
          cluster{rd_kafka_mock_cluster_new(host, 1)} {}
    ~State() {
        rd_kafka_mock_cluster_destroy(cluster);
        rd_kafka_destroy(host);
    }

    rd_kafka_t* host;
    rd_kafka_mock_cluster_t* cluster;
};

namespace {

const char* real_brokers() {
    return getenv("TEST_KAFKA_BROKERS");  // NOLINT(concurrency-mt-unsafe): nobody sets it
}

}  // namespace

KafkaMock::KafkaMock() {
    if (real_brokers() == nullptr) state_ = std::make_shared<State>();
}

KafkaMock& KafkaMock::instance() {
    static KafkaMock mock;
    return mock;
}

std::string KafkaMock::brokers() const {
    return is_mock() ? rd_kafka_mock_cluster_bootstraps(state_->cluster) : real_brokers();
}

void KafkaMock::create_topic(const std::string& name, int partitions) {
    if (!is_mock()) return;
    const auto error = rd_kafka_mock_topic_create(state_->cluster, name.c_str(), partitions, 1);
    EXPECT_EQ(error, RD_KAFKA_RESP_ERR_NO_ERROR);
}

}  // namespace bandstand::messaging
