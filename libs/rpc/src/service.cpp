#include "rpc/service.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "calls.hpp"
#include "runtime/deadline.hpp"
#include "status.hpp"

namespace bandstand::rpc {
namespace {

constexpr std::size_t kMaxTraceparentBytes = 128;

std::string traceparent_of(const grpc::CallbackServerContext& call) {
    const auto& metadata = call.client_metadata();
    const auto found = metadata.find(kTraceparentKey);
    if (found == metadata.end() || found->second.size() > kMaxTraceparentBytes) return {};
    return {found->second.data(), found->second.size()};
}

// What is left until the caller's deadline, at most `limit`. Compared in seconds first: a caller without a
// deadline, or with one in a thousand years, would overflow nanoseconds.
base::Duration time_left(grpc::CallbackServerContext& call, base::Duration limit) {
    const auto left = gpr_time_sub(call.raw_deadline(), gpr_now(call.raw_deadline().clock_type));
    if (std::chrono::seconds{left.tv_sec} >= std::chrono::duration_cast<std::chrono::seconds>(limit))
        return limit;
    return std::max(std::chrono::seconds{left.tv_sec} + std::chrono::nanoseconds{left.tv_nsec},
                    base::Duration{0});
}

/// One call, from gRPC's thread to the loop and back. gRPC tells of its end (OnDone) after everything else,
/// and the loop runs what is posted in order: that is when it is deleted.
class ServerCall final : public grpc::ServerUnaryReactor {
public:
    using Handler = std::function<runtime::Task<base::Result<void>>(CallContext)>;

    ServerCall(std::shared_ptr<Server::Calls> calls, grpc::CallbackServerContext& call,
               std::string_view method, Handler handler)
        : calls_{std::move(calls)}, call_{call}, method_{method}, handler_{std::move(handler)} {}

    void start() {
        asio::post(calls_->context.executor(), [this] { run(); });
    }
    void OnCancel() override {
        asio::post(calls_->context.executor(), [this] { cancel_.emit(asio::cancellation_type::terminal); });
    }
    void OnDone() override {
        calls_->running.fetch_sub(1);
        asio::post(calls_->context.executor(), [self = std::unique_ptr<ServerCall>{this}] {});
    }

private:
    void run() {
        const auto limit = time_left(call_, calls_->max_call_time);
        const auto parent = traceparent_of(call_);
        span_.emplace(calls_->context.observer().tracer().start(method_, parent));
        CallContext about{.deadline = calls_->context.clock().now() + limit,
                          .traceparent = span_->traceparent()};
        if (about.traceparent.empty()) about.traceparent = parent;
        asio::co_spawn(calls_->context.executor(), runtime::within(limit, handler_(std::move(about))),
                       asio::bind_cancellation_slot(cancel_.slot(), [this](const std::exception_ptr& thrown,
                                                                           base::Result<void> result) {
                           finish(thrown ? to_result(thrown) : std::move(result));
                       }));
    }

    base::Result<void> to_result(const std::exception_ptr& thrown) const {
        std::string text = "an unknown exception";
        try {
            std::rethrow_exception(thrown);
        } catch (const boost::system::system_error& error) {
            if (call_.IsCancelled())
                return base::fail(base::ErrorKind::cancelled, base::Reason{"rpc.cancelled"});
            text = error.what();
        } catch (const std::exception& error) {
            text = error.what();
        } catch (...) {  // NOLINT(bugprone-empty-catch): `text` says so already
        }
        calls_->context.observer().log().error("rpc_handler_threw", {{"request", method_}, {"detail", text}});
        return base::fail(base::ErrorKind::internal, kHandlerThrew, "see the log of the server");
    }

    void finish(const base::Result<void>& result) {
        if (!result) {
            span_->fail(result.error().reason().name);
            call_.AddTrailingMetadata(kReasonKey, std::string{result.error().reason().name});
        }
        span_.reset();
        Finish(result ? grpc::Status::OK : to_status(result.error()));
    }

    std::shared_ptr<Server::Calls> calls_;
    grpc::CallbackServerContext& call_;
    std::string_view method_;
    Handler handler_;
    asio::cancellation_signal cancel_;
    std::optional<observe::Span> span_;
};

grpc::ServerUnaryReactor* refuse(grpc::CallbackServerContext& call, const base::Error& error) {
    call.AddTrailingMetadata(kReasonKey, std::string{error.reason().name});
    auto* reactor = call.DefaultReactor();
    reactor->Finish(to_status(error));
    return reactor;
}

}  // namespace

grpc::ServerUnaryReactor* CallStarter::start(grpc::CallbackServerContext* call, std::string_view method,
                                             Handler handler) {
    using base::ErrorKind;
    if (!calls_->serving) return refuse(*call, {ErrorKind::unavailable, kNotServing, "starting or stopping"});
    if (calls_->running.fetch_add(1) >= calls_->max_calls) {
        calls_->running.fetch_sub(1);
        return refuse(
            *call, {ErrorKind::resource_exhausted, kTooManyCalls, "too many calls in progress: try later"});
    }
    auto* reactor = new ServerCall{calls_, *call, method, std::move(handler)};  // deleted by its OnDone
    reactor->start();
    return reactor;
}

}  // namespace bandstand::rpc
