#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/ids.hpp"

namespace bandstand::audio::domain {

using Milliseconds = std::chrono::milliseconds;

/// A queue entry: stable for its life, never given again to another entry of the same player.
using EntryId = base::Id<struct EntryTag>;
/// One playing-through of an entry from one position: an open, a reopen or a seek makes a new one, so that a
/// late report of the old one is recognised.
using StreamId = base::Id<struct StreamTag>;

/// One player: a bot identity in a guild.
struct PlayerKey {
    base::GuildId guild;
    base::UserId bot;
    friend auto operator<=>(const PlayerKey&, const PlayerKey&) = default;
};

enum class SourceKind { library, url, attachment };

/// Where a track comes from.
struct Source {
    SourceKind kind = SourceKind::library;
    std::string locator{};   ///< library: free text or "lib:<key>", after resolving the key; else a URL
    std::string filename{};  ///< of an attachment: a hint for its title and format
    friend bool operator==(const Source&, const Source&) = default;
};

/// What is known about a track. Unknown text is empty.
struct TrackInfo {
    std::string title{};
    std::string artist{};
    std::optional<Milliseconds> duration{};  ///< nothing = unknown or live
    bool passthrough = false;                ///< its Opus packets reach the listener untouched
    friend bool operator==(const TrackInfo&, const TrackInfo&) = default;
};

}  // namespace bandstand::audio::domain
