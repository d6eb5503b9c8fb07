#pragma once

#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "kafka_client.hpp"
#include "lanes.hpp"
#include "leases.hpp"
#include "runtime/offload.hpp"

namespace bandstand::messaging {

/// One member of a Kafka consumer group: the broker assigns partitions (cooperative-sticky) and keeps the
/// offsets; the leases in PostgreSQL follow, for owner_of() and for the epochs.
class KafkaConsumer {
public:
    /// Bus topics exist already.
    KafkaConsumer(runtime::Context context, KafkaOptions options, postgres::Pool& leases,
                  runtime::ThreadPool& blocking, Subscription subscription, Handler& handler);

    runtime::Task<base::Result<void>> run();
    void stop();

private:
    using Time = std::chrono::steady_clock::time_point;
    struct Rebalance {
        bool assigns = false;
        KafkaPartitions partitions;
    };

    base::Result<void> subscribe();
    runtime::Task<base::Result<void>> join();
    runtime::Task<base::Result<void>> serve();
    void on_event(rd_kafka_event_t* event);
    void on_rebalance(rd_kafka_event_t* event);
    void on_message(const rd_kafka_message_t& message);
    void on_committed(rd_kafka_event_t* event);

    runtime::Task<base::Result<void>> rebalance();
    runtime::Task<base::Result<void>> assign(KafkaPartitions partitions);
    runtime::Task<base::Result<void>> revoke(KafkaPartitions partitions);
    runtime::Task<base::Result<void>> close_lanes(const std::vector<Lane*>& lanes);
    runtime::Task<base::Result<void>> renew_when_due();
    runtime::Task<base::Result<void>> commit(const std::vector<Lane*>& lanes);
    runtime::Task<base::Result<void>> commit_when_due();
    void hold_back(Lane& lane, bool wanted);
    void resume_lanes();
    runtime::Task<void> close();
    runtime::Task<void> wait(Time until);
    void poke();
    std::vector<Lane*> all_lanes();

    runtime::Context context_;
    KafkaOptions options_;
    runtime::ThreadPool& blocking_;
    Subscription subscription_;
    Leases leases_;
    Lanes lanes_;
    std::unique_ptr<KafkaClient> client_;
    std::unique_ptr<KafkaQueue> queue_;
    asio::steady_timer wake_;
    std::deque<Rebalance> rebalances_;
    std::optional<rd_kafka_resp_err_t> commit_answer_;
    Time next_renewal_{};
    std::optional<Time> commit_due_;
    bool stopping_ = false;
    bool poked_ = false;
};

}  // namespace bandstand::messaging
