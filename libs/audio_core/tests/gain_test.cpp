#include "audio_core/gain.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "signal.hpp"
#include "testing/seeded.hpp"

namespace bandstand::audio_core {
namespace {

using testing::amplitude_of;
using testing::decibels;
using testing::tone_frame;

float peak(const PcmFrame& frame) {
    return std::ranges::max(frame.samples, {}, [](float x) { return std::fabs(x); });
}

/// Steepest step between neighbouring samples of the left channel, across frames.
class Steps {
public:
    void add(const PcmFrame& frame) {
        for (std::size_t i = 0; i < frame.samples.size(); i += 2) {
            if (seen_) steepest_ = std::max(steepest_, std::fabs(frame.samples[i] - last_));
            last_ = frame.samples[i];
            seen_ = true;
        }
    }
    float steepest() const { return steepest_; }

private:
    float last_ = 0;
    float steepest_ = 0;
    bool seen_ = false;
};

TEST(Gain, AtUnityLeavesEverySampleAsItIs) {
    Gain gain;
    auto frame = tone_frame(440, 660, 0);
    const auto before = frame;
    gain.apply(frame);
    EXPECT_EQ(frame.samples, before.samples);
    EXPECT_TRUE(gain.is_unity());
}

TEST(Gain, ReachesANewVolumeWithinOneFrameWithoutAClick) {
    Gain gain;
    gain.set(0.1F);
    Steps steps;
    for (std::size_t i = 0; i < 3; ++i) {
        auto frame = tone_frame(440, 440, i);
        gain.apply(frame);
        steps.add(frame);
        if (i > 0)
            EXPECT_NEAR(amplitude_of(450, frame.samples, 0),
                        amplitude_of(450, tone_frame(440, 440, i).samples, 0) * 0.1, 1e-4);
    }
    // A 440 Hz tone of amplitude 0.5 moves by at most 0.0288 a sample; the ramp adds less than 0.0005.
    EXPECT_LT(steps.steepest(), 0.0295F);
}

TEST(Gain, IsNotUnityWhileItStillHasToGoBack) {
    Gain gain{2.0F};
    gain.set(1.0F);
    EXPECT_FALSE(gain.is_unity());
    PcmFrame frame;
    gain.apply(frame);
    EXPECT_TRUE(gain.is_unity());
}

TEST(Limiter, LeavesAQuietSignalAsItIs) {
    Limiter limiter;
    auto frame = tone_frame(440, 660, 0, 0.9);
    const auto before = frame;
    limiter.apply(frame);
    EXPECT_EQ(frame.samples, before.samples);
}

TEST(Limiter, HoldsALoudToneUnderTheCeilingWithoutDistortingIt) {
    Limiter limiter;
    PcmFrame frame;
    for (std::size_t i = 0; i < 10; ++i) {
        frame = tone_frame(500, 500, i, 2.0);
        limiter.apply(frame);
        EXPECT_LE(peak(frame), kLimiterCeiling);
    }
    const double fundamental = amplitude_of(500, frame.samples, 0);
    EXPECT_NEAR(decibels(fundamental / kLimiterCeiling), 0, 0.3);
    EXPECT_LT(decibels(amplitude_of(1500, frame.samples, 0) / fundamental), -40) << "clipped";
}

TEST(Limiter, LetsGoWhenThePeakIsOver) {
    Limiter limiter;
    auto loud = tone_frame(500, 500, 0, 1.8);
    limiter.apply(loud);
    EXPECT_LT(limiter.gain(), 0.6F);
    for (std::size_t i = 0; i < 4; ++i) {  // 80 ms
        auto quiet = tone_frame(500, 500, i, 0.1);
        limiter.apply(quiet);
    }
    EXPECT_EQ(limiter.gain(), 1.0F);
}

class LimiterOnNoise : public bandstand::testing::SeededTest {};

TEST_F(LimiterOnNoise, NeverLetsASampleOverTheCeiling) {
    Limiter limiter;
    for (int i = 0; i < 200; ++i) {
        PcmFrame frame;
        const double loudness = 4 * random_.unit();
        for (auto& sample : frame.samples) sample = static_cast<float>(loudness * (2 * random_.unit() - 1));
        limiter.apply(frame);
        ASSERT_LE(peak(frame), kLimiterCeiling);
    }
}

}  // namespace
}  // namespace bandstand::audio_core
