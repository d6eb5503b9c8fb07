#include "audio_core/stream_stats.hpp"

#include <algorithm>

namespace bandstand::audio_core {

void LatenessHistogram::record(base::Duration late) {
    const auto ns = std::max<std::int64_t>(late.count(), 0);
    const auto bucket =
        std::ranges::lower_bound(kLatenessBounds_us, (ns + 999) / 1000) - kLatenessBounds_us.begin();
    buckets_[static_cast<std::size_t>(bucket)].add();
    sum_ns_.add(static_cast<std::uint64_t>(ns));
    max_ns_.raise_to(static_cast<std::uint64_t>(ns));
}

std::array<std::uint64_t, kLatenessBounds_us.size() + 1> LatenessHistogram::buckets() const {
    std::array<std::uint64_t, kLatenessBounds_us.size() + 1> counts{};
    std::ranges::transform(buckets_, counts.begin(), &Counter::value);
    return counts;
}

std::uint64_t LatenessHistogram::count() const {
    std::uint64_t total = 0;
    for (const auto& bucket : buckets_) total += bucket.value();
    return total;
}

FrameTag StreamStats::position() const {
    const auto packed = position_.load(std::memory_order_acquire);
    return {static_cast<std::uint32_t>(packed >> 32U), static_cast<std::uint32_t>(packed)};
}

void StreamStats::set_position(FrameTag tag) {
    position_.store(std::uint64_t{tag.track} << 32U | tag.frame, std::memory_order_release);
}

}  // namespace bandstand::audio_core
