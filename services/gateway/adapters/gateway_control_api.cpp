#include "adapters/gateway_control_api.hpp"

#include <utility>

namespace bandstand::gateway {
namespace {

using base::GuildId;
using base::UserId;

}  // namespace

runtime::Task<base::Result<GatewayControlApi::JoinResponse>> GatewayControlApi::join(JoinRequest in) {
    auto sent = control_.join(GuildId{in.guild_id()}, UserId{in.bot_id()}, base::ChannelId{in.channel_id()},
                              in.self_deaf());
    if (!sent) co_return std::unexpected(std::move(sent).error());
    co_return JoinResponse{};
}

runtime::Task<base::Result<GatewayControlApi::LeaveResponse>> GatewayControlApi::leave(LeaveRequest in) {
    auto sent = control_.leave(GuildId{in.guild_id()}, UserId{in.bot_id()});
    if (!sent) co_return std::unexpected(std::move(sent).error());
    co_return LeaveResponse{};
}

runtime::Task<base::Result<GatewayControlApi::ListResponse>> GatewayControlApi::list(ListRequest in) {
    auto members = control_.members(GuildId{in.guild_id()}, UserId{in.bot_id()});
    if (!members) co_return std::unexpected(std::move(members).error());
    ListResponse out;
    for (const auto& member : *members) {
        auto& one = *out.add_members();
        one.set_user_id(member.user.value());
        one.set_channel_id(member.channel.value());
        one.set_bot(member.bot);
        one.set_deafened(member.deafened);
    }
    co_return out;
}

}  // namespace bandstand::gateway
