#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "domain/player_events.hpp"

namespace bandstand::audio {

constexpr base::Reason kBadMessage{"audio.bad_message"};

/// One message of `player.inbox.v1` in our own words.
struct InboxMessage {
    domain::PlayerKey key;
    std::optional<domain::Input> input{};  ///< nothing = of a kind that this version does not know
    std::string event_id{};                ///< of a command; what else arrives may be repeated without harm
    std::string traceparent{};
};

/// Parses and bounds. Errors: kBadMessage when it is not a PlayerInbox, names no guild or bot, or breaks a
/// bound.
base::Result<InboxMessage> parse_inbox(std::string_view payload);

}  // namespace bandstand::audio
