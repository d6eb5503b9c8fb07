#pragma once

#include "app/voice_control.hpp"
#include "bandstand/rpc/gateway/v1/gateway_control.grpc.pb.h"
#include "rpc/service.hpp"

namespace bandstand::gateway {

/// GatewayControl over gRPC: translates and delegates.
class GatewayControlApi final : public rpc::Service<bandstand::rpc::gateway::v1::GatewayControl> {
public:
    GatewayControlApi(rpc::Server& server, VoiceControl& control) : Service{server}, control_{control} {}

private:
    using JoinRequest = bandstand::rpc::gateway::v1::JoinVoiceRequest;
    using JoinResponse = bandstand::rpc::gateway::v1::JoinVoiceResponse;
    using LeaveRequest = bandstand::rpc::gateway::v1::LeaveVoiceRequest;
    using LeaveResponse = bandstand::rpc::gateway::v1::LeaveVoiceResponse;
    using ListRequest = bandstand::rpc::gateway::v1::ListVoiceStatesRequest;
    using ListResponse = bandstand::rpc::gateway::v1::ListVoiceStatesResponse;

    Reactor* JoinVoice(Call* call, const JoinRequest* in, JoinResponse* out) override {
        return on_loop(call, in, out, &GatewayControlApi::join);
    }
    Reactor* LeaveVoice(Call* call, const LeaveRequest* in, LeaveResponse* out) override {
        return on_loop(call, in, out, &GatewayControlApi::leave);
    }
    Reactor* ListVoiceStates(Call* call, const ListRequest* in, ListResponse* out) override {
        return on_loop(call, in, out, &GatewayControlApi::list);
    }

    runtime::Task<base::Result<JoinResponse>> join(JoinRequest in);
    runtime::Task<base::Result<LeaveResponse>> leave(LeaveRequest in);
    runtime::Task<base::Result<ListResponse>> list(ListRequest in);

    VoiceControl& control_;
};

}  // namespace bandstand::gateway
