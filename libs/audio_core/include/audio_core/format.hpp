#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <span>

namespace bandstand::audio_core {

// What Discord plays, and so what every part of the house speaks: 48 kHz stereo in frames of 20 ms.
constexpr int kSampleRate = 48'000;
constexpr int kChannels = 2;
constexpr int kFrameSamples = 960;  ///< per channel
constexpr std::chrono::milliseconds kFrameDuration{20};

/// 20 ms of 48 kHz stereo, interleaved left, right; full scale is [-1, 1], louder is allowed before the
/// limiter.
struct PcmFrame {
    std::array<float, std::size_t{kFrameSamples} * kChannels> samples{};
};

/// How much audio `frames` frames are, and how many whole frames lie before `position`.
constexpr std::chrono::milliseconds duration_of(std::size_t frames) {
    return kFrameDuration * static_cast<std::chrono::milliseconds::rep>(frames);
}
constexpr std::size_t frames_before(std::chrono::milliseconds position) {
    return position.count() < 0 ? 0 : static_cast<std::size_t>(position / kFrameDuration);
}

}  // namespace bandstand::audio_core
