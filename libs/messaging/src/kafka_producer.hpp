#pragma once

#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "kafka_client.hpp"

namespace bandstand::messaging {

/// The idempotent producer: a message is acknowledged when all in-sync replicas have it.
class KafkaProducer {
public:
    static base::Result<std::unique_ptr<KafkaProducer>> open(runtime::Context context,
                                                             const KafkaOptions& options);
    KafkaProducer(runtime::Context context, std::unique_ptr<KafkaClient> client);

    runtime::Task<base::Result<void>> publish(TopicSpec topic, std::vector<Message> messages);
    rd_kafka_t* handle() const { return client_->handle(); }

private:
    /// One publish() that waits for its acknowledgements.
    struct Pending {
        explicit Pending(const runtime::Context& context)
            : done{context.executor(), asio::steady_timer::time_point::max()} {}
        std::size_t left = 0;
        std::optional<base::Error> failure;
        asio::steady_timer done;
    };

    void on_event(rd_kafka_event_t* event);
    void on_report(const rd_kafka_message_t& message);
    base::Result<void> send(const TopicSpec& topic, const Message& message, std::uint64_t publish);

    runtime::Context context_;
    std::unique_ptr<KafkaClient> client_;
    std::map<std::uint64_t, Pending*> pending_;  // by number of publish()
    std::uint64_t last_ = 0;
    KafkaQueue queue_;
};

}  // namespace bandstand::messaging
