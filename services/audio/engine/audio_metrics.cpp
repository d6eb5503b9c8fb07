#include "engine/audio_metrics.hpp"

#include <string>
#include <utility>

namespace bandstand::audio {
namespace {

constexpr std::array kCauses{"source", "decoder", "thread", "socket"};
static_assert(kCauses.size() == audio_core::kGapCauses);

std::vector<observe::Counter> by_cause(observe::Metrics& metrics, const std::string& name,
                                       const std::string& help) {
    std::vector<observe::Counter> series;
    for (const auto* cause : kCauses) series.push_back(metrics.counter(name, help, {{"cause", cause}}));
    return series;
}

std::vector<double> lateness_bounds() {
    std::vector<double> bounds;
    for (const auto bound_us : audio_core::kLatenessBounds_us)
        bounds.push_back(static_cast<double>(bound_us) / 1e6);
    return bounds;
}

}  // namespace

AudioMetrics::AudioMetrics(observe::Metrics& metrics)
    : packets{metrics.counter("audio_packets_sent_total", "Music packets that the kernel took.")},
      lateness{metrics.histogram("audio_packet_lateness_seconds",
                                 "From a packet's deadline until the kernel had it.", lateness_bounds())},
      gaps{by_cause(metrics, "audio_gaps_total", "Holes that a listener heard.")},
      underruns{by_cause(metrics, "audio_underruns_total", "Times that nothing was ready to send.")} {}

void StreamReporter::report(const audio_core::StreamStats& stats, const AudioMetrics& metrics) {
    const auto packets = stats.packets.value();
    metrics.packets.increment(static_cast<double>(packets - std::exchange(packets_, packets)));
    for (std::size_t cause = 0; cause < gaps_.size(); ++cause) {
        const auto gaps = stats.gaps[cause].value();
        metrics.gaps[cause].increment(static_cast<double>(gaps - std::exchange(gaps_[cause], gaps)));
    }
    const auto lateness = stats.lateness.buckets();
    for (std::size_t bucket = 0; bucket < lateness.size(); ++bucket) {
        const bool last = bucket == audio_core::kLatenessBounds_us.size();
        const auto upper_us = audio_core::kLatenessBounds_us[last ? bucket - 1 : bucket] + (last ? 1 : 0);
        for (auto n = lateness_[bucket]; n < lateness[bucket]; ++n) {
            metrics.lateness.observe(static_cast<double>(upper_us) / 1e6);
        }
    }
    lateness_ = lateness;
}

}  // namespace bandstand::audio
