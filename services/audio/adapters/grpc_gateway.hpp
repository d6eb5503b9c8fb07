#pragma once

#include "ports/gateway.hpp"
#include "rpc/channel.hpp"

namespace bandstand::audio {

/// GatewayControl of the gateway at one address.
class GrpcGateway final : public ports::Gateway {
public:
    explicit GrpcGateway(rpc::Channel channel) : channel_{std::move(channel)} {}

    runtime::Task<base::Result<void>> join(domain::PlayerKey player, base::ChannelId channel,
                                           std::string traceparent) override;
    runtime::Task<base::Result<void>> leave(domain::PlayerKey player) override;

private:
    rpc::Channel channel_;
};

}  // namespace bandstand::audio
