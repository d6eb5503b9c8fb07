#pragma once

#include <array>
#include <vector>

#include "audio_core/stream_stats.hpp"
#include "observe/metrics.hpp"

namespace bandstand::audio {

/// The series of this service.
struct AudioMetrics {
    explicit AudioMetrics(observe::Metrics& metrics);

    observe::Counter packets;
    observe::Histogram lateness;
    std::vector<observe::Counter> gaps;       ///< by audio_core::GapCause
    std::vector<observe::Counter> underruns;  ///< by audio_core::GapCause
};

/// Brings what a send thread counted for one stream into the registry: the thread itself only writes plain
/// numbers.
class StreamReporter {
public:
    /// Adds what came since the last call.
    void report(const audio_core::StreamStats& stats, const AudioMetrics& metrics);

private:
    std::uint64_t packets_ = 0;
    std::array<std::uint64_t, audio_core::kGapCauses> gaps_{};
    decltype(std::declval<audio_core::LatenessHistogram>().buckets()) lateness_{};
};

}  // namespace bandstand::audio
