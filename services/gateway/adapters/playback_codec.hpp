#pragma once

#include <string_view>

#include "base/result.hpp"
#include "domain/playback.hpp"

namespace bandstand::gateway {

constexpr base::Reason kBadPlaybackEvent{"gateway.bad_playback_event"};

/// A message of `player.playback.v1`. A fact that this version does not know reads as OtherFact.
/// Errors: kBadPlaybackEvent.
base::Result<domain::PlaybackFact> parse_playback(std::string_view payload);

}  // namespace bandstand::gateway
