#include "kafka_consumer.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string>
#include <utility>

namespace bandstand::messaging {
namespace {

constexpr base::Duration kRenewal = std::chrono::seconds{1};
constexpr base::Duration kLease = std::chrono::seconds{5};
constexpr base::Duration kCommitDelay = std::chrono::milliseconds{20};
constexpr base::Duration kCommitLimit = std::chrono::seconds{5};
constexpr base::Duration kCloseLimit = std::chrono::seconds{5};
constexpr base::Duration kPauseAfterFailure = std::chrono::milliseconds{250};
constexpr int kEvents = RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_OFFSET_COMMIT | RD_KAFKA_EVENT_ERROR;

std::string milliseconds(base::Duration duration) {
    return std::to_string(std::chrono::ceil<std::chrono::milliseconds>(duration).count());
}

std::chrono::steady_clock::time_point from_now(base::Duration duration) {
    return std::chrono::steady_clock::now() + duration;
}

// A foreign producer may not know our header: then the place is the id.
void take_headers(const rd_kafka_message_t& message, Delivery& delivery) {
    delivery.event_id = base::join(delivery.topic, delivery.partition, delivery.offset);
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0;
         rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
        std::string text{static_cast<const char*>(value), value == nullptr ? 0 : size};
        if (std::string_view{name} == "event-id") {
            delivery.event_id = std::move(text);
        } else {
            delivery.headers.emplace_back(name, std::move(text));
        }
    }
}

Delivery delivery_of(const rd_kafka_message_t& message) {
    rd_kafka_timestamp_type_t kind{};
    Delivery delivery{.topic = rd_kafka_topic_name(message.rkt),
                      .partition = message.partition,
                      .offset = message.offset,
                      .key = {static_cast<const char*>(message.key), message.key_len},
                      .payload = {static_cast<const char*>(message.payload), message.len},
                      .event_id = {},
                      .headers = {},
                      .published_at = base::WallTime{std::chrono::milliseconds{
                          std::max(std::int64_t{0}, rd_kafka_message_timestamp(&message, &kind))}}};
    take_headers(message, delivery);
    return delivery;
}

}  // namespace

KafkaConsumer::KafkaConsumer(runtime::Context context, KafkaOptions options, postgres::Pool& leases,
                             runtime::ThreadPool& blocking, Subscription subscription, Handler& handler)
    : context_{std::move(context)},
      options_{std::move(options)},
      blocking_{blocking},
      subscription_{std::move(subscription)},
      leases_{leases, subscription_, kLease},
      lanes_{context_, subscription_, handler, leases, [this] { poke(); }},
      wake_{context_.executor()} {}

void KafkaConsumer::poke() {
    poked_ = true;
    wake_.cancel();
}

void KafkaConsumer::stop() {
    stopping_ = true;
    lanes_.close_all();
    poke();
}

runtime::Task<void> KafkaConsumer::wait(Time until) {
    if (!poked_) {
        boost::system::error_code ignored;
        wake_.expires_at(until);
        co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    poked_ = false;
}

runtime::Task<base::Result<void>> KafkaConsumer::run() {
    auto joined = co_await join();
    if (!joined || stopping_) co_return joined;
    if (auto subscribed = subscribe(); !subscribed) co_return subscribed;
    auto served = co_await serve();
    co_await close();
    co_return served;
}

runtime::Task<base::Result<void>> KafkaConsumer::join() {
    while (!stopping_) {
        auto joined = co_await leases_.join();
        if (joined || joined.error().reason() == kPartitionMismatch) co_return joined;
        context_.observer().log().warn("group_not_joined", {{"detail", joined.error().describe()}});
        co_await wait(from_now(kPauseAfterFailure));
    }
    co_return base::ok();
}

base::Result<void> KafkaConsumer::subscribe() {
    const KafkaClient::Settings settings{
        {"bootstrap.servers", options_.brokers},
        {"group.id", subscription_.group},
        {"client.id", subscription_.member},
        {"partition.assignment.strategy", "cooperative-sticky"},
        {"session.timeout.ms", milliseconds(options_.session_timeout)},
        {"heartbeat.interval.ms", milliseconds(options_.session_timeout / 6)},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"auto.offset.reset", "earliest"},
        {"allow.auto.create.topics", "false"},
        {"fetch.wait.max.ms", milliseconds(options_.fetch_wait)},
        {"fetch.message.max.bytes", std::to_string(2 * kMaxPayloadBytes)},
        {"queued.max.messages.kbytes", "16384"},
    };
    auto client = KafkaClient::open(context_, RD_KAFKA_CONSUMER, settings, kEvents);
    if (!client) return std::unexpected(std::move(client).error().during("open Kafka consumer"));
    client_ = std::move(*client);
    rd_kafka_poll_set_consumer(client_->handle());
    queue_ = std::make_unique<KafkaQueue>(context_, rd_kafka_queue_get_consumer(client_->handle()),
                                          [this](rd_kafka_event_t* event) { on_event(event); });
    const auto topics = make_partitions(subscription_.topics.size());
    for (const auto& topic : subscription_.topics) {
        rd_kafka_topic_partition_list_add(topics.get(), topic.name.c_str(), RD_KAFKA_PARTITION_UA);
    }
    const auto error = rd_kafka_subscribe(client_->handle(), topics.get());
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(to_error(error, "subscribe:"));
    return base::ok();
}

runtime::Task<base::Result<void>> KafkaConsumer::serve() {
    while (!stopping_) {
        if (auto renewed = co_await renew_when_due(); !renewed) co_return renewed;
        auto done = co_await rebalance();
        if (done) done = co_await commit_when_due();
        if (!done) {
            context_.observer().log().warn(
                "consumer_failing", {{"group", subscription_.group}, {"detail", done.error().describe()}});
            co_await wait(from_now(kPauseAfterFailure));
            continue;
        }
        resume_lanes();
        co_await wait(commit_due_ ? std::min(*commit_due_, next_renewal_) : next_renewal_);
    }
    co_return base::ok();
}

// The database being away does not end an ownership: the broker decides. Only a process of our name does.
runtime::Task<base::Result<void>> KafkaConsumer::renew_when_due() {
    if (std::chrono::steady_clock::now() < next_renewal_) co_return base::ok();
    next_renewal_ = from_now(kRenewal);
    if (queue_) queue_->drain();
    const auto view = co_await leases_.renew();
    if (!view && view.error().reason() == kMemberReplaced) co_return std::unexpected(view.error());
    if (!view) context_.observer().log().warn("lease_not_renewed", {{"detail", view.error().describe()}});
    co_return base::ok();
}

void KafkaConsumer::on_event(rd_kafka_event_t* event) {
    switch (rd_kafka_event_type(event)) {
        case RD_KAFKA_EVENT_FETCH:
            while (const auto* message = rd_kafka_event_message_next(event)) on_message(*message);
            break;
        case RD_KAFKA_EVENT_REBALANCE:
            on_rebalance(event);
            break;
        case RD_KAFKA_EVENT_OFFSET_COMMIT:
            on_committed(event);
            break;
        case RD_KAFKA_EVENT_ERROR:
            context_.observer().log().warn("kafka_consumer_error",
                                           {{"detail", rd_kafka_event_error_string(event)}});
            break;
        default:
            break;
    }
}

void KafkaConsumer::on_rebalance(rd_kafka_event_t* event) {
    rebalances_.push_back({.assigns = rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS,
                           .partitions = KafkaPartitions{rd_kafka_topic_partition_list_copy(
                               rd_kafka_event_topic_partition_list(event))}});
    poke();
}

void KafkaConsumer::on_message(const rd_kafka_message_t& message) {
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        context_.observer().log().warn("kafka_fetch_error", {{"detail", rd_kafka_message_errstr(&message)}});
        return;
    }
    auto* lane = lanes_.find(rd_kafka_topic_name(message.rkt), message.partition);
    if (lane == nullptr || lane->closing) return;  // comes again to the next owner
    lane->push(delivery_of(message));
    if (lane->is_overfull()) hold_back(*lane, true);
}

void KafkaConsumer::on_committed(rd_kafka_event_t* event) {
    commit_answer_ = rd_kafka_event_error(event);
    poke();
}

// The library drops what it has fetched for a paused partition, and fetches it again later.
void KafkaConsumer::hold_back(Lane& lane, bool wanted) {
    if (lane.paused == wanted) return;
    lane.paused = wanted;
    const auto partition = make_partitions(1);
    rd_kafka_topic_partition_list_add(partition.get(), lane.owned.topic.c_str(), lane.owned.partition);
    if (wanted) {
        rd_kafka_pause_partitions(client_->handle(), partition.get());
    } else {
        rd_kafka_resume_partitions(client_->handle(), partition.get());
    }
}

void KafkaConsumer::resume_lanes() {
    for (auto& lane : lanes_.all()) {
        if (lane.paused && lane.has_room()) hold_back(lane, false);
    }
}

runtime::Task<base::Result<void>> KafkaConsumer::rebalance() {
    while (!rebalances_.empty()) {
        auto& next = rebalances_.front();
        KafkaPartitions copy{rd_kafka_topic_partition_list_copy(next.partitions.get())};
        auto done = next.assigns ? co_await assign(std::move(copy)) : co_await revoke(std::move(copy));
        if (!done) co_return done;  // tried again: the broker waits for our answer
        rebalances_.pop_front();
    }
    co_return base::ok();
}

runtime::Task<base::Result<void>> KafkaConsumer::assign(KafkaPartitions partitions) {
    for (int i = 0; i < partitions->cnt; ++i) {
        const auto& added = partitions->elems[i];
        if (lanes_.find(added.topic, added.partition) != nullptr) continue;  // done by an earlier try
        auto taken = co_await leases_.take(added.topic, added.partition);
        if (!taken) co_return std::unexpected(std::move(taken).error());
        if (stopping_) co_return base::ok();
        lanes_.open(std::move(taken->ownership), 0);
    }
    const KafkaError error{rd_kafka_incremental_assign(client_->handle(), partitions.get())};
    if (error) co_return std::unexpected(to_error(rd_kafka_error_code(error.get()), "assign:"));
    co_return base::ok();
}

runtime::Task<base::Result<void>> KafkaConsumer::revoke(KafkaPartitions partitions) {
    std::vector<Lane*> lanes;
    for (int i = 0; i < partitions->cnt; ++i) {
        auto* lane = lanes_.find(partitions->elems[i].topic, partitions->elems[i].partition);
        if (lane != nullptr) lanes.push_back(lane);
    }
    auto closed = co_await close_lanes(lanes);
    if (!closed) co_return closed;
    const KafkaError error{rd_kafka_incremental_unassign(client_->handle(), partitions.get())};
    if (error) co_return std::unexpected(to_error(rd_kafka_error_code(error.get()), "unassign:"));
    co_return base::ok();
}

runtime::Task<base::Result<void>> KafkaConsumer::close_lanes(const std::vector<Lane*>& lanes) {
    for (auto* lane : lanes) lanes_.close(*lane);
    while (!std::ranges::all_of(lanes, &Lane::ended)) {
        co_await wait(next_renewal_);
        (void)co_await renew_when_due();  // a process that replaces us does not make a handler end sooner
    }
    // A failure here costs a redelivery, or leaves a lease that the next owner takes over.
    if (auto committed = co_await commit(lanes); !committed) {
        context_.observer().log().warn("offsets_not_committed", {{"detail", committed.error().describe()}});
    }
    std::vector<Leases::Position> positions;
    positions.reserve(lanes.size());
    for (const auto* lane : lanes) {
        positions.push_back(
            {.topic = lane->owned.topic, .partition = lane->owned.partition, .epoch = lane->owned.epoch});
    }
    if (auto released = co_await leases_.release(std::move(positions)); !released) {
        context_.observer().log().warn("leases_not_released", {{"detail", released.error().describe()}});
    }
    for (const auto* lane : lanes) lanes_.erase(*lane);
    poke();
    co_return base::ok();
}

runtime::Task<base::Result<void>> KafkaConsumer::commit(const std::vector<Lane*>& lanes) {
    const auto offsets = make_partitions(lanes.size());
    std::vector<std::pair<Lane*, std::int64_t>> going;
    for (auto* lane : lanes) {
        if (lane->done == lane->committed) continue;
        rd_kafka_topic_partition_list_add(offsets.get(), lane->owned.topic.c_str(), lane->owned.partition)
            ->offset = lane->done;
        going.emplace_back(lane, lane->done);
    }
    if (going.empty()) co_return base::ok();
    commit_answer_.reset();
    const auto error =
        rd_kafka_commit_queue(client_->handle(), offsets.get(), queue_->handle(), nullptr, nullptr);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) co_return std::unexpected(to_error(error, "commit:"));
    const auto limit = from_now(kCommitLimit);
    while (!commit_answer_ && std::chrono::steady_clock::now() < limit) co_await wait(limit);
    if (!commit_answer_)
        co_return base::fail(base::ErrorKind::unavailable, kBusUnavailable, "commit: no answer");
    if (*commit_answer_ != RD_KAFKA_RESP_ERR_NO_ERROR)
        co_return std::unexpected(to_error(*commit_answer_, "commit:"));
    for (const auto& [lane, offset] : going) lane->committed = offset;
    co_return base::ok();
}

runtime::Task<base::Result<void>> KafkaConsumer::commit_when_due() {
    auto lanes = all_lanes();
    std::erase_if(lanes, [](const Lane* lane) { return lane->done == lane->committed || lane->ended; });
    if (lanes.empty()) co_return base::ok();
    if (!commit_due_) commit_due_ = from_now(kCommitDelay);
    if (std::chrono::steady_clock::now() < *commit_due_) co_return base::ok();
    commit_due_.reset();
    co_return co_await commit(lanes);
}

std::vector<Lane*> KafkaConsumer::all_lanes() {
    std::vector<Lane*> lanes;
    for (auto& lane : lanes_.all()) lanes.push_back(&lane);
    return lanes;
}

// Leaves the group, so that the others need not wait for our session to run out.
runtime::Task<void> KafkaConsumer::close() {
    stop();
    co_await close_lanes(all_lanes());
    const auto left = co_await leases_.leave();
    if (!left) context_.observer().log().warn("group_not_left", {{"detail", left.error().describe()}});
    queue_.reset();
    auto* handle = client_->handle();
    KafkaQueue farewell{context_, rd_kafka_queue_new(handle),
                        [this](rd_kafka_event_t* event) { on_event(event); }};
    rebalances_.clear();
    const KafkaError error{rd_kafka_consumer_close_queue(handle, farewell.handle())};
    const auto limit = from_now(kCloseLimit);
    while (!error && rd_kafka_consumer_closed(handle) == 0 && std::chrono::steady_clock::now() < limit) {
        if (!std::exchange(rebalances_, {}).empty()) rd_kafka_assign(handle, nullptr);
        co_await wait(from_now(std::chrono::milliseconds{10}));
    }
    // Joins the library's threads.
    co_await runtime::offload(blocking_, [client = std::shared_ptr{std::move(client_)}]() mutable {
        client.reset();
        return true;
    });
}

}  // namespace bandstand::messaging
