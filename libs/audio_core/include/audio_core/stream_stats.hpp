#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "audio_core/packet_ring.hpp"
#include "base/clock.hpp"

namespace bandstand::audio_core {

/// A counter with one writer and any number of readers; costs a plain store.
class Counter {
public:
    void add(std::uint64_t n = 1) {
        value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    void raise_to(std::uint64_t n) {
        if (n > value_.load(std::memory_order_relaxed)) value_.store(n, std::memory_order_relaxed);
    }
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

/// Upper bounds of the lateness buckets in microseconds, inclusive: four per decade. One more bucket takes
/// the rest.
constexpr std::array<std::int64_t, 17> kLatenessBounds_us{
    10, 18, 32, 56, 100, 180, 320, 560, 1'000, 1'800, 3'200, 5'600, 10'000, 18'000, 32'000, 56'000, 100'000};

/// Lateness of a packet = when the kernel had it - its deadline. One writer, any readers.
class LatenessHistogram {
public:
    /// Packets by bucket, not cumulative; the last bucket is unbounded.
    using Buckets = std::array<std::uint64_t, kLatenessBounds_us.size() + 1>;

    void record(base::Duration late);
    Buckets buckets() const;
    std::uint64_t count() const;
    base::Duration sum() const { return base::Duration{static_cast<std::int64_t>(sum_ns_.value())}; }
    base::Duration max() const { return base::Duration{static_cast<std::int64_t>(max_ns_.value())}; }

private:
    std::array<Counter, kLatenessBounds_us.size() + 1> buckets_;
    Counter sum_ns_;
    Counter max_ns_;
};

/// The lateness that a part `quantile` (0 to 1) of the packets do not exceed, interpolated within a bucket;
/// beyond the last bound it is that bound. Zero if there are no packets.
base::Duration lateness_quantile(const LatenessHistogram::Buckets& buckets, double quantile);

/// What happened to one stream. Written by the send thread, read by anybody at any time.
struct StreamStats {
    Counter packets;                         ///< music that the kernel took
    Counter silence_packets;                 ///< trailing silence that the kernel took
    Counter bytes;                           ///< UDP payload
    std::array<Counter, kGapCauses> gaps;    ///< by GapCause: times that a listener heard a hole
    std::array<Counter, kGapCauses> gap_ns;  ///< and how long the holes were together
    Counter events_lost;                     ///< the player did not read its events for long
    LatenessHistogram lateness;

    /// The last frame handed to the kernel; track 0 before the first.
    FrameTag position() const;
    void set_position(FrameTag tag);

private:
    std::atomic<std::uint64_t> position_{0};
};

}  // namespace bandstand::audio_core
