#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.hpp"
#include "domain/player_request.hpp"

/// What a player says about itself, as this service reads it.
namespace bandstand::gateway::domain {

struct Track {
    std::string entry_id;
    std::string title;
    std::string artist;
    std::string link;
    std::chrono::milliseconds duration{};  ///< zero = unknown or live
    base::UserId requester;
};

enum class PlayerState { idle, connecting, playing, paused };

struct PlayerView {
    PlayerState state = PlayerState::idle;
    std::optional<Track> current;
    std::chrono::milliseconds position{};
    std::uint32_t volume_percent = 100;
    std::vector<Track> upcoming;  ///< one page
    std::uint32_t upcoming_total = 0;
    std::chrono::milliseconds upcoming_duration{};
    base::ChannelId voice_channel;
    std::uint32_t page = 1;
};

struct Refused {
    std::string reason;
    std::string detail;
};
struct Enqueued {
    Track track;
    std::uint32_t position = 0;
    std::chrono::milliseconds wait{};
};
struct Done {
    std::optional<Track> affected;
    std::uint32_t count = 0;
};

struct CommandAnswered {
    Reply reply;
    std::string command;
    std::variant<Refused, Enqueued, Done> outcome;
    PlayerView view;
};
struct TrackStarted {
    Track track;
    std::chrono::milliseconds position{};
};
enum class EndCause { finished, skipped, stopped, failed };
struct TrackEnded {
    Track track;
    EndCause cause = EndCause::finished;
    std::string detail;
    base::ChannelId text_channel;
};
struct PlaybackPaused {
    std::chrono::milliseconds position{};
};
struct PlaybackResumed {
    std::chrono::milliseconds position{};
};
struct VoiceLost {
    std::string reason;
    std::string detail;
    base::ChannelId text_channel;
};
/// A fact that this service shows to nobody.
struct OtherFact {};

struct PlaybackFact {
    base::GuildId guild;
    base::UserId bot;
    std::string event_id;
    base::WallTime occurred_at{};
    std::string traceparent;
    std::variant<CommandAnswered, TrackStarted, TrackEnded, PlaybackPaused, PlaybackResumed, VoiceLost,
                 OtherFact>
        fact;
};

}  // namespace bandstand::gateway::domain
