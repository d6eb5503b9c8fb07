#include "kafka_client.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include "base/assert.hpp"

namespace bandstand::messaging {
namespace {

constexpr base::Reason kBadKafkaSetting{"messaging.bad_kafka_setting"};
constexpr int kEventsAtOnce = 1000;  // then other work of the loop gets its turn

}  // namespace

KafkaPartitions make_partitions(std::size_t capacity) {
    return KafkaPartitions{rd_kafka_topic_partition_list_new(static_cast<int>(capacity))};
}

base::Error to_error(rd_kafka_resp_err_t code, std::string_view during) {
    using enum base::ErrorKind;
    const auto detail = base::join(during, rd_kafka_err2str(code));
    switch (code) {
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
            return {invalid_argument, kMessageTooBig, detail};
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
            return {permission_denied, kBusUnavailable, detail};
        default:
            return {unavailable, kBusUnavailable, detail};
    }
}

base::Result<std::unique_ptr<KafkaClient>> KafkaClient::open(const runtime::Context& context,
                                                             rd_kafka_type_t type, const Settings& settings,
                                                             int events) {
    char problem[512] = {};
    std::unique_ptr<rd_kafka_conf_t, Destroy<rd_kafka_conf_destroy>> conf{rd_kafka_conf_new()};
    for (const auto& [name, value] : settings) {
        if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), problem, sizeof problem) !=
            RD_KAFKA_CONF_OK) {
            return base::fail(base::ErrorKind::invalid_argument, kBadKafkaSetting, problem);
        }
    }
    auto client = std::make_unique<KafkaClient>(context.observer().log());
    rd_kafka_conf_set_opaque(conf.get(), client.get());
    rd_kafka_conf_set_log_cb(conf.get(), &KafkaClient::write_log);
    rd_kafka_conf_set_events(conf.get(), events);
    client->handle_ = rd_kafka_new(type, conf.get(), problem, sizeof problem);
    if (client->handle_ == nullptr) {
        return base::fail(base::ErrorKind::invalid_argument, kBadKafkaSetting, problem);
    }
    (void)conf.release();  // owned by the handle now
    return client;
}

KafkaClient::~KafkaClient() {
    if (handle_ == nullptr) return;
    rd_kafka_purge(handle_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_destroy_flags(handle_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

// Called on the library's threads.
void KafkaClient::write_log(const rd_kafka_t* handle, int level, const char* facility, const char* text) {
    const auto* self = static_cast<const KafkaClient*>(rd_kafka_opaque(handle));
    const auto severity = level <= 3   ? observe::Level::warn  // its errors are about one try of many
                          : level <= 5 ? observe::Level::info
                                       : observe::Level::debug;
    self->log_.write(severity, "kafka_client", {{"facility", facility}, {"text", text}});
}

struct KafkaQueue::State {
    State(const runtime::Context& context, rd_kafka_queue_t* taken, int fd,
          std::function<void(rd_kafka_event_t*)> callback)
        : queue{taken}, bell{context.executor(), fd}, on_event{std::move(callback)} {}

    std::unique_ptr<rd_kafka_queue_t, Destroy<rd_kafka_queue_destroy>> queue;
    asio::posix::stream_descriptor bell;
    std::function<void(rd_kafka_event_t*)> on_event;
    bool closed = false;
};

KafkaQueue::KafkaQueue(const runtime::Context& context, rd_kafka_queue_t* queue,
                       std::function<void(rd_kafka_event_t*)> on_event) {
    const int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    BASE_ASSERT(fd >= 0);
    state_ = std::make_shared<State>(context, queue, fd, std::move(on_event));
    constexpr std::uint64_t kOne = 1;
    rd_kafka_queue_io_event_enable(queue, fd, &kOne, sizeof kOne);
    arm(state_);
    // The bell rings when an empty queue fills: what came before it was hung up is taken out here.
    asio::post(context.executor(), [state = state_] { drain(state); });
}

KafkaQueue::~KafkaQueue() {
    state_->closed = true;
    rd_kafka_queue_io_event_enable(state_->queue.get(), -1, nullptr, 0);
    state_->bell.close();
    state_->queue.reset();
}

rd_kafka_queue_t* KafkaQueue::handle() const {
    return state_->queue.get();
}
void KafkaQueue::drain() {
    drain(state_);
}

void KafkaQueue::arm(std::shared_ptr<State> state) {
    auto& bell = state->bell;
    bell.async_wait(asio::posix::descriptor_base::wait_read,
                    [state = std::move(state)](const boost::system::error_code& error) mutable {
                        if (error || state->closed) return;
                        std::uint64_t rings = 0;
                        if (read(state->bell.native_handle(), &rings, sizeof rings) < 0) rings = 0;
                        drain(state);
                        if (!state->closed) arm(std::move(state));
                    });
}

void KafkaQueue::drain(const std::shared_ptr<State>& state) {
    for (int taken = 0; !state->closed; ++taken) {
        if (taken == kEventsAtOnce) {
            asio::post(state->bell.get_executor(), [state] { drain(state); });
            return;
        }
        const KafkaEvent event{rd_kafka_queue_poll(state->queue.get(), 0)};
        if (!event) return;
        state->on_event(event.get());
    }
}

}  // namespace bandstand::messaging
