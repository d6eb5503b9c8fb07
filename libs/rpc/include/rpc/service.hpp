#pragma once

// Includes gRPC: for the adapters that implement a service, and for nobody else.

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "rpc/options.hpp"
#include "rpc/server.hpp"
#include "runtime/task.hpp"

namespace bandstand::rpc {

/// What all services share: takes a call from gRPC's threads to the loop and its answer back.
class CallStarter {
protected:
    /// A handler that has been given its request and knows where to leave its response.
    using Handler = std::function<runtime::Task<base::Result<void>>(CallContext)>;

    explicit CallStarter(std::shared_ptr<Server::Calls> calls) : calls_{std::move(calls)} {}
    ~CallStarter() = default;
    /// Any thread. `method` lives as long as the process.
    grpc::ServerUnaryReactor* start(grpc::CallbackServerContext* call, std::string_view method,
                                    Handler handler);

private:
    std::shared_ptr<Server::Calls> calls_;
};

/// The base of an adapter. Handlers are member coroutines on the loop; one line a method ties them to gRPC:
///
///     class PlayerApi final : public rpc::Service<pb::Player> {
///     public:
///         PlayerApi(rpc::Server& server, Sessions& sessions) : Service{server}, sessions_{sessions} {}
///
///     private:
///         Reactor* GetPlayer(Call* call, const pb::GetPlayerRequest* in, pb::GetPlayerResponse* out)
///         override {
///             return on_loop(call, in, out, &PlayerApi::get_player);
///         }
///         runtime::Task<base::Result<pb::GetPlayerResponse>> get_player(pb::GetPlayerRequest in);
///     };
///
/// A handler may take a CallContext as second argument. It is cancelled when its caller goes away, when its
/// deadline passes, and at the end of the server's drain time. Errors become status codes, once, for everyone
/// (rpc/status.hpp); an exception becomes kHandlerThrew and its text stays in our log.
template <class Generated>
class Service : public Generated::CallbackService, private CallStarter {
protected:
    using Reactor = grpc::ServerUnaryReactor;
    using Call = grpc::CallbackServerContext;

    /// Before the server listens. The adapter is destroyed after the server has stopped.
    explicit Service(Server& server) : CallStarter{server.calls()} { server.add(*this); }

    template <class Self, class Request, class Response>
    Reactor* on_loop(Call* call, const Request* in, Response* out,
                     runtime::Task<base::Result<Response>> (Self::*handler)(Request, CallContext)) {
        auto& self = static_cast<Self&>(*this);
        return start(call, Request::descriptor()->full_name(),
                     [&self, in, out, handler](CallContext context) {
                         return keep((self.*handler)(*in, std::move(context)), out);
                     });
    }
    template <class Self, class Request, class Response>
    Reactor* on_loop(Call* call, const Request* in, Response* out,
                     runtime::Task<base::Result<Response>> (Self::*handler)(Request)) {
        auto& self = static_cast<Self&>(*this);
        return start(call, Request::descriptor()->full_name(), [&self, in, out, handler](const CallContext&) {
            return keep((self.*handler)(*in), out);
        });
    }

private:
    template <class Response>
    static runtime::Task<base::Result<void>> keep(runtime::Task<base::Result<Response>> handler,
                                                  Response* out) {
        auto response = co_await std::move(handler);
        if (!response) co_return std::unexpected(std::move(response).error());
        *out = std::move(*response);
        co_return base::ok();
    }
};

}  // namespace bandstand::rpc
