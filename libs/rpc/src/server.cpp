#include "rpc/server.hpp"

#include <grpcpp/impl/service_type.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "calls.hpp"
#include "quiet.hpp"
#include "runtime/offload.hpp"

namespace bandstand::rpc {
namespace {

constexpr int kMaxStreamsPerConnection = 1024;

// Returns when the task is stopped; does not throw, so that the caller can clean up with further awaits.
runtime::Task<void> until_stopped() {
    co_await asio::this_coro::throw_if_cancelled(false);
    asio::steady_timer never{co_await asio::this_coro::executor, asio::steady_timer::time_point::max()};
    boost::system::error_code ignored;
    co_await never.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

}  // namespace

struct Server::State {
    ServerOptions options;
    std::shared_ptr<Calls> calls;
    std::vector<grpc::Service*> services;
    std::unique_ptr<grpc::Server> server;
    int port = 0;
};

Server::Server(runtime::Context context, ServerOptions options) : state_{std::make_unique<State>()} {
    state_->calls.reset(new Calls{.context = std::move(context),
                                  .max_call_time = options.max_call_time,
                                  .max_calls = options.max_calls});
    state_->options = std::move(options);
}

// Does not wait: serve() has ended every call, or never let one in.
Server::~Server() {
    if (state_->server) state_->server->Shutdown(std::chrono::system_clock::now());
}

const std::shared_ptr<Server::Calls>& Server::calls() const {
    return state_->calls;
}

void Server::add(grpc::Service& service) {
    BASE_ASSERT(!state_->server);
    state_->services.push_back(&service);
}

base::Result<void> Server::listen() {
    BASE_ASSERT(!state_->server);
    quiet_grpc();
    grpc::ServerBuilder builder;
    // Without this two processes may share a port, and each gets half of the calls.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsPerConnection);
    builder.SetMaxReceiveMessageSize(static_cast<int>(state_->options.max_message_bytes));
    builder.SetMaxSendMessageSize(static_cast<int>(state_->options.max_message_bytes));
    builder.AddListeningPort(state_->options.address, grpc::InsecureServerCredentials(), &state_->port);
    for (auto* service : state_->services) builder.RegisterService(service);
    state_->server = builder.BuildAndStart();
    if (state_->server && state_->port != 0) return base::ok();
    return base::fail(base::ErrorKind::unavailable, kListenFailed, "cannot listen on",
                      state_->options.address,
                      "(taken by another process, or not an address of this machine)");
}

std::uint16_t Server::port() const {
    return static_cast<std::uint16_t>(state_->port);
}

runtime::Task<base::Result<void>> Server::serve() {
    if (!state_->server) {
        if (auto listening = listen(); !listening) co_return listening;
    }
    state_->calls->serving = true;
    co_await until_stopped();
    state_->calls->serving = false;
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    // Blocks until every call is over, and calls need the loop for that: hence a thread.
    runtime::ThreadPool pool{1};
    co_await runtime::offload(pool, [this] {
        const auto limit = std::chrono::duration_cast<std::chrono::microseconds>(state_->options.drain_time);
        state_->server->Shutdown(std::chrono::system_clock::now() + limit);
        return true;
    });
    co_return base::ok();
}

}  // namespace bandstand::rpc
