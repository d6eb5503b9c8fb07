#pragma once

#include "base/result.hpp"
#include "domain/track.hpp"
#include "engine/line.hpp"
#include "runtime/task.hpp"

namespace bandstand::audio {

/// Opens what was resolved. Errors as ports::Sources::resolve().
class TrackOpener {
public:
    virtual ~TrackOpener() = default;
    virtual runtime::Task<base::Result<OpenedTrack>> open(domain::Source source,
                                                          domain::Milliseconds from) = 0;
};

}  // namespace bandstand::audio
