#pragma once

#include <cmath>
#include <complex>
#include <cstddef>
#include <numbers>
#include <span>

#include "audio_core/format.hpp"

namespace bandstand::audio_core::testing {

inline float sine(double frequency, std::size_t sample, double amplitude = 0.5, int rate = kSampleRate) {
    return static_cast<float>(
        amplitude * std::sin(2 * std::numbers::pi * frequency * static_cast<double>(sample) / rate));
}

/// Frame `index` of a tone that is `left` Hz on the left and `right` Hz on the right.
inline PcmFrame tone_frame(double left, double right, std::size_t index, double amplitude = 0.5) {
    PcmFrame frame;
    for (std::size_t i = 0; i < kFrameSamples; ++i) {
        const auto sample = index * kFrameSamples + i;
        frame.samples[2 * i] = sine(left, sample, amplitude);
        frame.samples[2 * i + 1] = sine(right, sample, amplitude);
    }
    return frame;
}

/// Amplitude of `frequency` in one channel of interleaved stereo: a single-bin DFT, exact for whole periods.
inline double amplitude_of(double frequency, std::span<const float> stereo, int channel) {
    std::complex<double> sum;
    const std::size_t count = stereo.size() / kChannels;
    for (std::size_t i = 0; i < count; ++i) {
        const double phase = -2 * std::numbers::pi * frequency * static_cast<double>(i) / kSampleRate;
        sum +=
            std::polar(static_cast<double>(stereo[kChannels * i + static_cast<std::size_t>(channel)]), phase);
    }
    return 2 * std::abs(sum) / static_cast<double>(count);
}

inline double decibels(double ratio) {
    return 20 * std::log10(ratio);
}

}  // namespace bandstand::audio_core::testing
