#include "kafka_producer.hpp"

#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace bandstand::messaging {
namespace {

// The biggest payload, key, headers and what Kafka's record format adds.
constexpr std::size_t kMaxRecordBytes = kMaxPayloadBytes + std::size_t{64} * 1024;

void* as_opaque(std::uint64_t number) {
    return reinterpret_cast<void*>(static_cast<std::uintptr_t>(number));  // NOLINT(performance-no-int-to-ptr)
}
std::uint64_t as_number(const void* opaque) {
    return reinterpret_cast<std::uintptr_t>(opaque);
}

using KafkaHeaders = std::unique_ptr<rd_kafka_headers_t, Destroy<rd_kafka_headers_destroy>>;

KafkaHeaders headers_of(const Message& message) {
    KafkaHeaders headers{rd_kafka_headers_new(message.headers.size() + 1)};
    const auto add = [&](const std::string& name, const std::string& value) {
        rd_kafka_header_add(headers.get(), name.c_str(), -1, value.data(),
                            static_cast<ssize_t>(value.size()));
    };
    add("event-id", message.event_id);
    for (const auto& [name, value] : message.headers) add(name, value);
    return headers;
}

}  // namespace

base::Result<std::unique_ptr<KafkaProducer>> KafkaProducer::open(runtime::Context context,
                                                                 const KafkaOptions& options) {
    const KafkaClient::Settings settings{
        {"bootstrap.servers", options.brokers},
        {"enable.idempotence", "true"},
        {"linger.ms", "1"},
        {"message.timeout.ms", "10000"},
        {"message.max.bytes", std::to_string(kMaxRecordBytes)},
    };
    auto client =
        KafkaClient::open(context, RD_KAFKA_PRODUCER, settings, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
    if (!client) return std::unexpected(std::move(client).error().during("open Kafka producer"));
    return std::make_unique<KafkaProducer>(std::move(context), std::move(*client));
}

KafkaProducer::KafkaProducer(runtime::Context context, std::unique_ptr<KafkaClient> client)
    : context_{std::move(context)},
      client_{std::move(client)},
      queue_{context_, rd_kafka_queue_get_main(client_->handle()),
             [this](rd_kafka_event_t* event) { on_event(event); }} {}

runtime::Task<base::Result<void>> KafkaProducer::publish(TopicSpec topic, std::vector<Message> messages) {
    Pending own{context_};
    const auto number = ++last_;
    // When this coroutine is stopped, reports of what is still on its way find nobody.
    struct Registered {
        std::map<std::uint64_t, Pending*>& in;
        std::uint64_t number;
        ~Registered() { in.erase(number); }
    } registered{pending_, number};
    pending_.emplace(number, &own);
    for (const auto& message : messages) {
        auto sent = send(topic, message, number);
        if (!sent) {
            own.failure = std::move(sent).error();
            break;
        }
        ++own.left;
    }
    while (own.left > 0) {
        boost::system::error_code ignored;
        co_await own.done.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    if (own.failure) co_return std::unexpected(std::move(*own.failure));
    co_return base::ok();
}

base::Result<void> KafkaProducer::send(const TopicSpec& topic, const Message& message,
                                       std::uint64_t publish) {
    auto headers = headers_of(message);
    std::array<rd_kafka_vu_t, 7> fields{};
    fields[0].vtype = RD_KAFKA_VTYPE_TOPIC;
    fields[0].u.cstr = topic.name.c_str();
    fields[1].vtype = RD_KAFKA_VTYPE_PARTITION;
    fields[1].u.i32 = partition_of(message.key, topic.partitions);
    fields[2].vtype = RD_KAFKA_VTYPE_KEY;
    fields[2].u.mem = {.ptr = const_cast<char*>(message.key.data()), .size = message.key.size()};
    fields[3].vtype = RD_KAFKA_VTYPE_VALUE;
    fields[3].u.mem = {.ptr = const_cast<char*>(message.payload.data()), .size = message.payload.size()};
    fields[4].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    fields[4].u.i = RD_KAFKA_MSG_F_COPY;
    fields[5].vtype = RD_KAFKA_VTYPE_OPAQUE;
    fields[5].u.ptr = as_opaque(publish);
    fields[6].vtype = RD_KAFKA_VTYPE_HEADERS;
    fields[6].u.headers = headers.get();
    const KafkaError error{rd_kafka_produceva(client_->handle(), fields.data(), fields.size())};
    if (error) return std::unexpected(to_error(rd_kafka_error_code(error.get()), "produce:"));
    (void)headers.release();  // owned by the message now
    return base::ok();
}

void KafkaProducer::on_event(rd_kafka_event_t* event) {
    if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR) {
        context_.observer().log().warn("kafka_producer_error",
                                       {{"detail", rd_kafka_event_error_string(event)}});
    }
    while (const auto* message = rd_kafka_event_message_next(event)) on_report(*message);
}

void KafkaProducer::on_report(const rd_kafka_message_t& message) {
    const auto found = pending_.find(as_number(message._private));
    if (found == pending_.end()) return;
    auto& pending = *found->second;
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR && !pending.failure) {
        pending.failure = to_error(message.err, "publish:");
    }
    if (--pending.left == 0) pending.done.cancel();
}

}  // namespace bandstand::messaging
