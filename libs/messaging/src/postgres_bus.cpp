#include <map>
#include <string>
#include <utility>

#include "check.hpp"
#include "graceful.hpp"
#include "leases.hpp"
#include "log.hpp"
#include "postgres_consumer.hpp"

namespace bandstand::messaging {
namespace {

class PostgresBus final : public Bus {
public:
    PostgresBus(runtime::Context context, postgres::Pool& pool, PostgresBusOptions options)
        : context_{std::move(context)}, pool_{pool}, options_{options}, log_{pool} {}

    runtime::Task<base::Result<void>> publish(TopicSpec topic, std::vector<Message> messages) override {
        if (auto good = check(topic, messages); !good) co_return good;
        if (messages.empty()) co_return base::ok();
        auto id = co_await topic_id(topic);
        if (!id) co_return std::unexpected(std::move(id).error());
        co_return co_await log_.append(*id, topic.partitions, std::move(messages));
    }

    runtime::Task<base::Result<void>> consume(Subscription subscription, Handler& handler) override {
        if (auto good = check(subscription); !good) co_return good;
        PostgresConsumer consumer{context_, pool_, options_, std::move(subscription), handler};
        co_return co_await run_until_asked(context_, consumer.run(), [&consumer] { consumer.stop(); });
    }

    runtime::Task<base::Result<std::optional<Owner>>> owner_of(std::string group, TopicSpec topic,
                                                               std::string key) override {
        co_return co_await find_owner(pool_, std::move(group), std::move(topic), std::move(key));
    }

private:
    runtime::Task<base::Result<std::int32_t>> topic_id(TopicSpec topic) {
        if (const auto known = topics_.find(topic.name); known != topics_.end()) co_return known->second;
        auto id = co_await ensure_topic(pool_, topic);
        if (id) topics_[topic.name] = *id;
        co_return id;
    }

    runtime::Context context_;
    postgres::Pool& pool_;
    PostgresBusOptions options_;
    PostgresLog log_;
    std::map<std::string, std::int32_t> topics_;
};

}  // namespace

std::unique_ptr<Bus> make_postgres_bus(runtime::Context context, postgres::Pool& pool,
                                       PostgresBusOptions options) {
    return std::make_unique<PostgresBus>(std::move(context), pool, options);
}

}  // namespace bandstand::messaging
