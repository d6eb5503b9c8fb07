#pragma once

#include "bandstand/events/player/v1/playback.pb.h"
#include "domain/player_events.hpp"

namespace bandstand::audio {

/// A fact for `player.playback.v1`; its meta is left to the sender.
events::player::v1::PlaybackEvent to_proto(domain::PlayerKey key, const domain::Fact& fact);
events::player::v1::PlayerView to_proto(const domain::View& view);

}  // namespace bandstand::audio
