#include "rpc/channel.hpp"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <string_view>
#include <utility>

#include "quiet.hpp"
#include "rpc/call.hpp"
#include "status.hpp"

namespace bandstand::rpc {
namespace {

// How soon a broken connection is tried again: gRPC's default grows to two minutes.
constexpr int kMinReconnectMs = 100;
constexpr int kMaxReconnectMs = 1000;

std::shared_ptr<grpc::Channel> make_connection(const std::string& address, const ChannelOptions& options) {
    quiet_grpc();
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kMinReconnectMs);
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kMaxReconnectMs);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kMaxReconnectMs);
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);  // services talk to each other, not through the way out
    arguments.SetMaxReceiveMessageSize(static_cast<int>(options.max_message_bytes));
    arguments.SetMaxSendMessageSize(static_cast<int>(options.max_message_bytes));
    return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

std::string_view reason_of(const grpc::ClientContext& call) {
    const auto& trailing = call.GetServerTrailingMetadata();
    const auto found = trailing.find(kReasonKey);
    return found == trailing.end() ? std::string_view{}
                                   : std::string_view{found->second.data(), found->second.size()};
}

// Captureless, so that nothing is copied into the coroutine's frame twice. gRPC calls back on a thread of its
// own; the loop is kept running until then.
constexpr auto kInitiate = [](auto handler, std::shared_ptr<grpc::ClientContext> call,
                              std::function<void(detail::Done)> start) {
    if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected()) {
        slot.assign([call](asio::cancellation_type) { call->TryCancel(); });
    }
    auto home = asio::get_associated_executor(handler);
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    start(
        [shared = std::move(shared), home, guard = asio::make_work_guard(home)](grpc::Status status) mutable {
            asio::post(home, [shared = std::move(shared), status = std::move(status)]() mutable {
                if (auto slot = asio::get_associated_cancellation_slot(*shared); slot.is_connected())
                    slot.clear();
                (*shared)(std::move(status));
            });
        });
};

}  // namespace

struct Channel::State {
    std::string address;
    std::shared_ptr<grpc::Channel> connection;
};

Channel::Channel(std::string address, ChannelOptions options) : state_{std::make_shared<State>()} {
    state_->connection = make_connection(address, options);
    state_->address = std::move(address);
}

const std::string& Channel::address() const {
    return state_->address;
}

namespace detail {

std::shared_ptr<grpc::Channel> connection(const Channel& channel) {
    return channel.state()->connection;
}

void prepare(grpc::ClientContext& context, const CallOptions& options) {
    using Clock = std::chrono::system_clock;
    context.set_deadline(Clock::now() + std::chrono::duration_cast<Clock::duration>(options.limit));
    context.set_wait_for_ready(options.wait_for_ready);
    if (!options.traceparent.empty()) context.AddMetadata(kTraceparentKey, options.traceparent);
}

runtime::Task<base::Result<void>> finished(Channel channel, std::shared_ptr<grpc::ClientContext> call,
                                           std::function<void(Done)> start) {
    const auto status = co_await asio::async_initiate<const asio::use_awaitable_t<>, void(grpc::Status)>(
        kInitiate, asio::use_awaitable, call, std::move(start));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) {
        throw boost::system::system_error{asio::error::operation_aborted};
    }
    if (status.ok()) co_return base::ok();
    const auto reason = reason_of(*call);
    auto error = to_error(status, reason);
    // A handler's own words stay as they are: a person may read them. The transport's need the place.
    if (!reason.empty()) co_return std::unexpected(std::move(error));
    co_return std::unexpected(std::move(error).during(channel.address()));
}

}  // namespace detail
}  // namespace bandstand::rpc
