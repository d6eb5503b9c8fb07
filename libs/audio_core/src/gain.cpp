#include "audio_core/gain.hpp"

#include <algorithm>
#include <cmath>

namespace bandstand::audio_core {
namespace {

constexpr std::size_t kBlockSamples = 48;  // 1 ms
constexpr std::size_t kBlocks = kFrameSamples / kBlockSamples;
constexpr float kAttackPerBlock = 0.2F;    // full range in 5 ms
constexpr float kReleasePerBlock = 0.01F;  // 6 dB in 50 ms

using Nodes = std::array<float, kBlocks + 1>;

float peak_of(const PcmFrame& frame, std::size_t block) {
    const auto* first = frame.samples.data() + block * kBlockSamples * kChannels;
    float peak = 0.0F;
    for (std::size_t i = 0; i < kBlockSamples * kChannels; ++i) peak = std::max(peak, std::fabs(first[i]));
    return peak;
}

/// Gains at the block boundaries: between two of them it is a straight line, so a block is safe when both its
/// ends are.
Nodes plan(const PcmFrame& frame, float start) {
    Nodes nodes;
    nodes.fill(1.0F);
    for (std::size_t block = 0; block < kBlocks; ++block) {
        const float peak = peak_of(frame, block);
        const float safe = peak > kLimiterCeiling ? kLimiterCeiling / peak : 1.0F;
        nodes[block] = std::min(nodes[block], safe);
        nodes[block + 1] = safe;
    }
    for (std::size_t i = kBlocks; i-- > 0;) nodes[i] = std::min(nodes[i], nodes[i + 1] + kAttackPerBlock);
    nodes[0] = start;
    for (std::size_t i = 1; i <= kBlocks; ++i) nodes[i] = std::min(nodes[i], nodes[i - 1] + kReleasePerBlock);
    return nodes;
}

}  // namespace

void Gain::apply(PcmFrame& frame) {
    const float step = (target_ - current_) / kFrameSamples;
    for (std::size_t i = 0; i < kFrameSamples; ++i) {
        const float gain = current_ + step * static_cast<float>(i + 1);
        frame.samples[2 * i] *= gain;
        frame.samples[2 * i + 1] *= gain;
    }
    current_ = target_;
}

void Limiter::apply(PcmFrame& frame) {
    const Nodes nodes = plan(frame, gain_);
    gain_ = nodes[kBlocks];
    if (std::ranges::all_of(nodes, [](float gain) { return gain == 1.0F; })) return;
    for (std::size_t i = 0; i < frame.samples.size(); ++i) {
        const std::size_t sample = i / kChannels;
        const std::size_t block = sample / kBlockSamples;
        const float along = static_cast<float>(sample % kBlockSamples) / kBlockSamples;
        const float gain = nodes[block] + (nodes[block + 1] - nodes[block]) * along;
        frame.samples[i] = std::clamp(frame.samples[i] * gain, -kLimiterCeiling, kLimiterCeiling);
    }
}

}  // namespace bandstand::audio_core
