#pragma once

#include <cstdint>
#include <memory>

#include "base/result.hpp"
#include "rpc/options.hpp"
#include "runtime/context.hpp"
#include "runtime/task.hpp"

namespace grpc {
class Service;
}

namespace bandstand::rpc {

/// A gRPC server whose handlers are coroutines on the loop (rpc/service.hpp):
///
///     rpc::Server server{context, {.address = config->grpc}};
///     PlayerApi api{server, sessions};
///     tasks.spawn("grpc", server.serve());
///
/// Loop thread only.
class Server {
public:
    Server(runtime::Context context, ServerOptions options);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Binds the address. Calls are refused with kNotServing (unavailable) until serve() runs.
    /// Errors: kListenFailed (unavailable), when the address is taken or not ours.
    base::Result<void> listen();
    std::uint16_t port() const;
    /// Listens unless that was done, then serves until the task is stopped: then it refuses new calls, gives
    /// those in progress the drain time, cancels what is left, and returns when every handler has ended.
    runtime::Task<base::Result<void>> serve();

    /// For rpc::Service, which registers itself when it is constructed.
    void add(grpc::Service& service);
    struct Calls;
    const std::shared_ptr<Calls>& calls() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace bandstand::rpc
