#pragma once

// Includes gRPC: for the adapters that call a service, and for nobody else.

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "base/result.hpp"
#include "rpc/channel.hpp"
#include "rpc/options.hpp"
#include "runtime/task.hpp"

namespace bandstand::rpc {
namespace detail {

using Done = std::function<void(grpc::Status)>;

std::shared_ptr<grpc::Channel> connection(const Channel& channel);
void prepare(grpc::ClientContext& context, const CallOptions& options);
/// Starts the call and resumes on the loop with its end. `call` owns what gRPC borrows.
runtime::Task<base::Result<void>> finished(Channel channel, std::shared_ptr<grpc::ClientContext> call,
                                           std::function<void(Done)> start);

/// Everything that gRPC borrows until the call is over, whoever has lost interest before.
template <class Generated, class Request, class Response>
struct PendingCall {
    grpc::ClientContext context;
    std::unique_ptr<typename Generated::Stub> stub;
    Request request;
    Response response;
};

}  // namespace detail

/// Where a service's methods are named: `&rpc::Methods<pb::Player>::GetPlayer`.
template <class Generated>
using Methods = typename Generated::StubInterface::async_interface;

/// One unary call:
///
///     auto view = co_await rpc::call<pb::Player>(channel, &rpc::Methods<pb::Player>::GetPlayer, request,
///     {.limit = 2s});
///
/// Errors: what the handler returned, with its kind, reason and detail; or the transport's own, with reason
/// "rpc.unavailable", "rpc.deadline_exceeded" and so on. A stopped task cancels the call.
template <class Generated, class Request, class Response>
runtime::Task<base::Result<Response>> call(Channel channel,
                                           void (Methods<Generated>::*method)(grpc::ClientContext*,
                                                                              const Request*, Response*,
                                                                              detail::Done),
                                           std::type_identity_t<Request> request, CallOptions options) {
    auto pending = std::make_shared<detail::PendingCall<Generated, Request, Response>>();
    detail::prepare(pending->context, options);
    pending->stub = Generated::NewStub(detail::connection(channel));
    pending->request = std::move(request);
    const auto start = [pending, method](detail::Done done) {
        auto* methods = pending->stub->async();
        (methods->*method)(&pending->context, &pending->request, &pending->response, std::move(done));
    };
    auto end = co_await detail::finished(channel, {pending, &pending->context}, start);
    if (!end) co_return std::unexpected(std::move(end).error());
    co_return std::move(pending->response);
}

}  // namespace bandstand::rpc
