#pragma once

#include "audio_core/format.hpp"

namespace bandstand::audio_core {

/// Volume without clicks: a change is reached by a linear ramp over one frame (20 ms).
class Gain {
public:
    /// Starts at `linear` without a ramp: 1.0 = unchanged, 2.0 = 200 %.
    explicit Gain(float linear = 1.0F) : current_{linear}, target_{linear} {}
    void set(float linear) { target_ = linear; }
    /// Nothing to do, now and until set() is called with another value.
    bool is_unity() const { return current_ == 1.0F && target_ == 1.0F; }
    void apply(PcmFrame& frame);

private:
    float current_;
    float target_;
};

/// No sample leaves above this: -0.5 dBFS, room for what the Opus encoder adds.
constexpr float kLimiterCeiling = 0.944F;

/// Keeps peaks under kLimiterCeiling without delay: the frame itself is the look-ahead.
///
/// The gain goes down up to 5 ms before a peak, back up by 6 dB in about 50 ms, and is the same for both
/// channels, so that the stereo image stays. A peak in the first millisecond of a frame that the frame before
/// could not know of is clipped.
class Limiter {
public:
    void apply(PcmFrame& frame);
    /// The gain at the end of the last frame; 1.0 = not limiting.
    float gain() const { return gain_; }

private:
    float gain_ = 1.0F;
};

}  // namespace bandstand::audio_core
