#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "domain/player.hpp"

namespace bandstand::audio {

constexpr base::Reason kBadSnapshot{"audio.bad_snapshot"};

/// What of a snapshot is not a column of its own: the queue and the answers that are owed. Within version 1
/// fields are only added; what an older process wrote is read with defaults.
base::Bytes to_json(const domain::Snapshot& snapshot);
/// Fills the same parts of `snapshot`. Errors: kBadSnapshot.
base::Result<void> from_json(base::ByteView json, domain::Snapshot& snapshot);

}  // namespace bandstand::audio
