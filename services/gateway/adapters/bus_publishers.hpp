#pragma once

#include <utility>

#include "messaging/bus.hpp"
#include "ports/community.hpp"
#include "ports/player_inbox.hpp"
#include "runtime/context.hpp"

namespace bandstand::gateway {

/// `player.inbox.v1`.
class BusPlayerInbox final : public ports::PlayerInbox {
public:
    BusPlayerInbox(runtime::Context context, messaging::Bus& bus) : context_{std::move(context)}, bus_{bus} {}
    runtime::Task<base::Result<void>> send(domain::PlayerCommand command, std::string traceparent) override;
    runtime::Task<base::Result<void>> send(std::vector<domain::AddressedSignal> signals) override;

private:
    runtime::Context context_;
    messaging::Bus& bus_;
};

/// `community.guild.v1`.
class BusCommunity final : public ports::Community {
public:
    BusCommunity(runtime::Context context, messaging::Bus& bus) : context_{std::move(context)}, bus_{bus} {}
    runtime::Task<base::Result<void>> joined(base::GuildId guild, base::UserId bot, std::string name,
                                             base::UserId owner, std::uint32_t members) override;
    runtime::Task<base::Result<void>> left(base::GuildId guild, base::UserId bot) override;

private:
    runtime::Context context_;
    messaging::Bus& bus_;
};

}  // namespace bandstand::gateway
