#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "discord/models.hpp"

// The domain of this service is Discord itself, so it speaks in the plain values of libs/discord (models.hpp,
// message.hpp, permissions.hpp) instead of in copies of them.

/// What a person asks of a player.
namespace bandstand::gateway::domain {

struct Join {};
struct Leave {};
struct PlayQuery {
    std::string text;  ///< free text, or "lib:<key>" from autocomplete
};
struct PlayUrl {
    std::string url;
};
struct PlayAttachment {
    discord::Attachment attachment;
};
struct Pause {};
struct Resume {};
struct TogglePause {};
struct Skip {
    std::uint32_t count = 1;
    std::string entry_id{};  ///< of a button: only if this entry still plays
};
struct Stop {};
struct ShowQueue {
    std::uint32_t page = 1;
};
struct ShowNowPlaying {};
struct Seek {
    std::chrono::milliseconds position{};
    bool relative = false;
};
struct SetVolume {
    std::optional<std::uint32_t> percent;
};
using PlayerRequest = std::variant<Join, Leave, PlayQuery, PlayUrl, PlayAttachment, Pause, Resume,
                                   TogglePause, Skip, Stop, ShowQueue, ShowNowPlaying, Seek, SetVolume>;

/// How to answer the person. `token` is a secret and lives for 15 minutes.
struct Reply {
    base::ApplicationId application;
    base::InteractionId interaction;
    std::string token;
    base::ChannelId text_channel;
    base::WallTime received_at{};
    bool from_component = false;  ///< the answer edits the message that carries the button
    std::string locale;
};

/// A request with all that the player must know about who asks.
struct PlayerCommand {
    base::GuildId guild;
    base::UserId bot;
    base::UserId requester;
    base::ChannelId voice_channel;  ///< the requester's; none = in none
    bool voice_channel_is_stage = false;
    std::uint32_t voice_channel_bitrate = 0;
    Reply reply;
    PlayerRequest request;
};

/// A sentence for the person (what, why, what to do) and a stable name for logs and metrics.
struct Refusal {
    std::string_view reason;
    std::string text;
};

}  // namespace bandstand::gateway::domain
