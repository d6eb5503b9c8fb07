#include "audio_core/stream_stats.hpp"

#include <algorithm>
#include <numeric>

namespace bandstand::audio_core {

void LatenessHistogram::record(base::Duration late) {
    const auto ns = std::max<std::int64_t>(late.count(), 0);
    const auto bucket =
        std::ranges::lower_bound(kLatenessBounds_us, (ns + 999) / 1000) - kLatenessBounds_us.begin();
    buckets_[static_cast<std::size_t>(bucket)].add();
    sum_ns_.add(static_cast<std::uint64_t>(ns));
    max_ns_.raise_to(static_cast<std::uint64_t>(ns));
}

LatenessHistogram::Buckets LatenessHistogram::buckets() const {
    Buckets counts{};
    std::ranges::transform(buckets_, counts.begin(), &Counter::value);
    return counts;
}

std::uint64_t LatenessHistogram::count() const {
    std::uint64_t total = 0;
    for (const auto& bucket : buckets_) total += bucket.value();
    return total;
}

base::Duration lateness_quantile(const LatenessHistogram::Buckets& buckets, double quantile) {
    double wanted =
        quantile * static_cast<double>(std::accumulate(buckets.begin(), buckets.end(), std::uint64_t{0}));
    std::int64_t lower_us = 0;
    for (std::size_t i = 0; i < kLatenessBounds_us.size(); ++i) {
        const auto count = static_cast<double>(buckets[i]);
        const auto width_us = static_cast<double>(kLatenessBounds_us[i] - lower_us);
        if (wanted <= count) {
            const double into_us = count > 0 ? width_us * wanted / count : 0;
            return std::chrono::microseconds{lower_us} +
                   base::Duration{static_cast<std::int64_t>(into_us * 1000)};
        }
        wanted -= count;
        lower_us = kLatenessBounds_us[i];
    }
    return std::chrono::microseconds{lower_us};
}

FrameTag StreamStats::position() const {
    const auto packed = position_.load(std::memory_order_acquire);
    return {static_cast<std::uint32_t>(packed >> 32U), static_cast<std::uint32_t>(packed)};
}

void StreamStats::set_position(FrameTag tag) {
    position_.store(std::uint64_t{tag.track} << 32U | tag.frame, std::memory_order_release);
}

}  // namespace bandstand::audio_core
