#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/result.hpp"

namespace bandstand::audio_core {

constexpr base::Reason kResamplerFailed{"audio.resampler_failed"};

/// Interleaved stereo of any rate to 48 kHz on soxr (HQ: pass-band to 0.91 of Nyquist, aliases below -120
/// dB).
///
/// Output is aligned in time with the input: the filter's delay is taken off.
class Resampler {
public:
    /// `input_rate` in Hz, 1,000 to 768,000. At 48,000 samples pass through untouched.
    static base::Result<Resampler> create(int input_rate);
    Resampler(Resampler&&) noexcept;
    Resampler& operator=(Resampler&&) noexcept;
    ~Resampler();

    /// Appends what comes out to `out`; keeps a little of `in` for the next call.
    base::Result<void> push(std::span<const float> in, std::vector<float>& out);
    /// Appends the rest. Only reset() may follow.
    base::Result<void> finish(std::vector<float>& out);
    /// Forgets the past, for a seek.
    base::Result<void> reset();

private:
    struct State;
    explicit Resampler(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace bandstand::audio_core
