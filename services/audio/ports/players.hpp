#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/player.hpp"
#include "runtime/task.hpp"

namespace bandstand::audio::ports {

/// Another process owns the partition now: its writes count, ours no longer.
constexpr base::Reason kStaleOwner{"audio.stale_owner"};

struct SavedPlayer {
    domain::PlayerKey key;
    domain::Snapshot snapshot;
};

/// Who writes: a newer owner's epoch is greater.
struct Owner {
    int partition = 0;
    std::int64_t epoch = 0;
};

/// What one decision leaves behind, all or nothing.
struct Change {
    domain::PlayerKey key;
    Owner owner;
    std::string event_id{};                      ///< of the message that caused it; empty = none did
    std::optional<domain::Snapshot> snapshot{};  ///< nothing = unchanged
    bool forget = false;
    std::vector<domain::Fact> facts{};
    std::string traceparent{};
};

struct PositionRow {
    domain::PlayerKey key;
    Owner owner;
    std::uint64_t queue_version = 0;  ///< a position belongs to the entry that was current then
    domain::Milliseconds position{};
};

/// Players at rest, and the door for their facts.
class Players {
public:
    virtual ~Players() = default;
    virtual runtime::Task<base::Result<std::optional<SavedPlayer>>> find(domain::PlayerKey key) = 0;
    /// The players of a partition that are in a voice channel.
    virtual runtime::Task<base::Result<std::vector<SavedPlayer>>> playing(int partition) = 0;
    /// False: `event_id` was done before, and nothing was written. Errors: kStaleOwner.
    virtual runtime::Task<base::Result<bool>> save(Change change) = 0;
    virtual runtime::Task<base::Result<void>> save_positions(std::vector<PositionRow> rows) = 0;
};

}  // namespace bandstand::audio::ports
