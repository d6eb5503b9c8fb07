#pragma once

#include "app/playback_desk.hpp"
#include "messaging/bus.hpp"

namespace bandstand::gateway {

/// Feeds `player.playback.v1` to the desk.
class PlaybackConsumer final : public messaging::Handler {
public:
    explicit PlaybackConsumer(PlaybackDesk& desk) : desk_{desk} {}
    runtime::Task<base::Result<void>> handle(messaging::Delivery delivery) override;

private:
    PlaybackDesk& desk_;
};

}  // namespace bandstand::gateway
