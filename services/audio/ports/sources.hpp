#pragma once

#include "base/result.hpp"
#include "domain/track.hpp"
#include "runtime/task.hpp"

namespace bandstand::audio::ports {

struct Found {
    domain::Source source;
    domain::TrackInfo info;
};

/// Finds what a member asked for.
class Sources {
public:
    virtual ~Sources() = default;
    /// Bounded in time. Errors: domain::kNotFound, kUnsupportedMedia, kFetchFailed, kBadRequest, each with a
    /// detail that a member may read.
    virtual runtime::Task<base::Result<Found>> resolve(domain::Source wish) = 0;
};

}  // namespace bandstand::audio::ports
