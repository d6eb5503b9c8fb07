#pragma once

#include <array>
#include <string>

#include "domain/player_events.hpp"
#include "observe/metrics.hpp"

namespace bandstand::audio {

/// What the players as such tell; the sound itself is measured by the engine.
struct PlayerMetrics {
    explicit PlayerMetrics(observe::Metrics& metrics)
        : first_frame{metrics.histogram(
              "audio_first_frame_seconds", "From a play command that starts the music to its first packet.",
              {0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30})},
          players{by_state(metrics, "idle"), by_state(metrics, "connecting"), by_state(metrics, "playing"),
                  by_state(metrics, "paused")},
          tracks_failed{
              metrics.counter("audio_tracks_failed_total", "Tracks that could not be played to their end.")},
          commands{metrics.counter("audio_commands_total", "Commands that were answered.")},
          commands_refused{
              metrics.counter("audio_commands_refused_total", "Commands that were answered with a refusal.")},
          messages_ignored{metrics.counter("audio_messages_ignored_total",
                                           "Inbox messages of a kind that this version does not know.")} {}

    observe::Gauge& of(domain::PlayerState state) { return players[static_cast<std::size_t>(state)]; }

    observe::Histogram first_frame;
    std::array<observe::Gauge, 4> players;  ///< by domain::PlayerState
    observe::Counter tracks_failed;
    observe::Counter commands;
    observe::Counter commands_refused;
    observe::Counter messages_ignored;

private:
    static observe::Gauge by_state(observe::Metrics& metrics, const char* state) {
        return metrics.gauge("audio_players", "Players in memory.", {{"state", state}});
    }
};

}  // namespace bandstand::audio
