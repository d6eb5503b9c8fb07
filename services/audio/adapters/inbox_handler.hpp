#pragma once

#include "app/player_host.hpp"
#include "messaging/bus.hpp"
#include "runtime/context.hpp"

namespace bandstand::audio {

/// `player.inbox.v1` into the players of this process.
class InboxHandler final : public messaging::Handler {
public:
    InboxHandler(runtime::Context context, PlayerHost& host, const PlayerMetrics& metrics)
        : context_{std::move(context)}, host_{host}, metrics_{metrics} {}

    runtime::Task<base::Result<void>> handle(messaging::Delivery delivery) override;
    runtime::Task<void> assigned(messaging::Ownership ownership) override;
    runtime::Task<void> revoked(messaging::Ownership ownership) override;

private:
    runtime::Context context_;
    PlayerHost& host_;
    const PlayerMetrics& metrics_;
};

}  // namespace bandstand::audio
