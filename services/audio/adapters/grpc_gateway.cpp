#include "adapters/grpc_gateway.hpp"

#include <chrono>
#include <utility>

#include "bandstand/rpc/gateway/v1/gateway_control.grpc.pb.h"
#include "rpc/call.hpp"

namespace bandstand::audio {
namespace {

namespace pb = bandstand::rpc::gateway::v1;
using Methods = pb::GatewayControl::StubInterface::async_interface;

constexpr std::chrono::seconds kLimit{4};

}  // namespace

// Deaf, because it listens to nobody: the voice server then sends us nothing.
runtime::Task<base::Result<void>> GrpcGateway::join(domain::PlayerKey player, base::ChannelId channel,
                                                    std::string traceparent) {
    pb::JoinVoiceRequest request;
    request.set_guild_id(player.guild.value());
    request.set_bot_id(player.bot.value());
    request.set_channel_id(channel.value());
    request.set_self_deaf(true);
    rpc::CallOptions options{.limit = kLimit, .traceparent = std::move(traceparent), .wait_for_ready = true};
    auto joined = co_await rpc::call<pb::GatewayControl>(channel_, &Methods::JoinVoice, std::move(request),
                                                         std::move(options));
    if (!joined) co_return std::unexpected(std::move(joined).error());
    co_return base::ok();
}

runtime::Task<base::Result<void>> GrpcGateway::leave(domain::PlayerKey player) {
    pb::LeaveVoiceRequest request;
    request.set_guild_id(player.guild.value());
    request.set_bot_id(player.bot.value());
    rpc::CallOptions options{.limit = kLimit, .traceparent = {}, .wait_for_ready = true};
    auto left = co_await rpc::call<pb::GatewayControl>(channel_, &Methods::LeaveVoice, std::move(request),
                                                       std::move(options));
    if (!left) co_return std::unexpected(std::move(left).error().during("leave voice"));
    co_return base::ok();
}

}  // namespace bandstand::audio
