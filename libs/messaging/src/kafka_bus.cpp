#include <map>
#include <set>
#include <string>
#include <utility>

#include "check.hpp"
#include "graceful.hpp"
#include "kafka_consumer.hpp"
#include "kafka_producer.hpp"
#include "kafka_topics.hpp"
#include "leases.hpp"

namespace bandstand::messaging {
namespace {

class KafkaBus final : public Bus {
public:
    KafkaBus(runtime::Context context, KafkaOptions options, postgres::Pool& leases)
        : context_{std::move(context)}, options_{std::move(options)}, leases_{leases} {}

    runtime::Task<base::Result<void>> publish(TopicSpec topic, std::vector<Message> messages) override {
        if (auto good = check(topic, messages); !good) co_return good;
        if (messages.empty()) co_return base::ok();
        if (auto ready = co_await prepare(topic); !ready) co_return ready;
        co_return co_await producer_->publish(std::move(topic), std::move(messages));
    }

    runtime::Task<base::Result<void>> consume(Subscription subscription, Handler& handler) override {
        if (auto good = check(subscription); !good) co_return good;
        for (const auto& topic : subscription.topics) {
            auto ready = co_await prepare(topic);
            while (!ready && ready.error().kind() == base::ErrorKind::unavailable) {
                context_.observer().log().warn("topic_not_ready", {{"detail", ready.error().describe()}});
                co_await runtime::sleep_for(std::chrono::milliseconds{500});
                ready = co_await prepare(topic);
            }
            if (!ready) co_return ready;
        }
        KafkaConsumer consumer{context_, options_, leases_, blocking_, std::move(subscription), handler};
        co_return co_await run_until_asked(context_, consumer.run(), [&consumer] { consumer.stop(); });
    }

    runtime::Task<base::Result<std::optional<Owner>>> owner_of(std::string group, TopicSpec topic,
                                                               std::string key) override {
        co_return co_await find_owner(leases_, std::move(group), std::move(topic), std::move(key));
    }

private:
    /// The producer is open, and the topic is in the registry and at the broker.
    runtime::Task<base::Result<void>> prepare(TopicSpec topic) {
        if (!producer_) {
            auto opened = KafkaProducer::open(context_, options_);
            if (!opened) co_return std::unexpected(std::move(opened).error());
            producer_ = std::move(*opened);
        }
        if (ready_.contains(topic.name)) co_return base::ok();
        auto registered = co_await ensure_topic(leases_, topic);
        if (!registered) co_return std::unexpected(std::move(registered).error());
        auto at_broker = co_await runtime::offload(blocking_, [handle = producer_->handle(), topic, this] {
            return ensure_kafka_topic(handle, topic, options_);
        });
        if (at_broker) ready_.insert(topic.name);
        co_return at_broker;
    }

    runtime::Context context_;
    KafkaOptions options_;
    postgres::Pool& leases_;
    std::unique_ptr<KafkaProducer> producer_;
    runtime::ThreadPool blocking_{1};  // joined before the producer goes
    std::set<std::string> ready_;
};

}  // namespace

std::unique_ptr<Bus> make_kafka_bus(runtime::Context context, KafkaOptions options, postgres::Pool& leases) {
    return std::make_unique<KafkaBus>(std::move(context), std::move(options), leases);
}

}  // namespace bandstand::messaging
