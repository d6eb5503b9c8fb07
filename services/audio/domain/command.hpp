#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "domain/track.hpp"

namespace bandstand::audio::domain {

/// How the gateway answers the person: carried from the command to its answer, never looked at here.
struct Reply {
    base::ApplicationId application;
    base::InteractionId interaction;
    std::string token{};
    base::ChannelId text_channel;
    base::WallTime received_at{};
    bool from_component = false;
    std::string locale{};
    friend bool operator==(const Reply&, const Reply&) = default;
};

/// A command that owes its sender one answer.
struct Ask {
    std::string event_id{};
    std::string command{};  ///< "play", "skip", …
    Reply reply{};
    std::string traceparent{};
    friend bool operator==(const Ask&, const Ask&) = default;
};

struct Join {};
struct Leave {};
struct Play {
    Source source;
};
struct Pause {};
struct Resume {};
struct TogglePause {};
struct Skip {
    std::uint32_t count = 1;
    EntryId only{};  ///< of a button: skip only while this entry is the current one
};
struct Stop {};
struct ShowQueue {
    std::uint32_t page = 1;
};
struct ShowNowPlaying {};
struct Seek {
    Milliseconds position{};
    bool relative = false;
};
struct SetVolume {
    std::optional<std::uint32_t> percent{};  ///< nothing = tell the present one
};

using Request = std::variant<Join, Leave, Play, Pause, Resume, TogglePause, Skip, Stop, ShowQueue,
                             ShowNowPlaying, Seek, SetVolume>;

/// A request of a member to a player.
struct Command {
    Ask ask{};
    base::UserId requester;
    base::ChannelId voice_channel;            ///< the requester's; none = in no voice channel
    std::uint32_t voice_channel_bitrate = 0;  ///< bit/s; 0 = unknown
    Request request{};
    bool admitted = true;  ///< false: the process is full, a player without voice must not start
};

}  // namespace bandstand::audio::domain
