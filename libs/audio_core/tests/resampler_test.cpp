#include "audio_core/resampler.hpp"

#include <gtest/gtest.h>

#include "signal.hpp"

namespace bandstand::audio_core {
namespace {

using testing::amplitude_of;
using testing::decibels;
using testing::sine;

std::vector<float> tone(int rate, std::size_t samples, double frequency) {
    std::vector<float> stereo(samples * 2);
    for (std::size_t i = 0; i < samples; ++i) {
        stereo[2 * i] = sine(frequency, i, 0.5, rate);
        stereo[2 * i + 1] = sine(2 * frequency, i, 0.25, rate);
    }
    return stereo;
}

/// Feeds `in` in uneven pieces, as a decoder would.
std::vector<float> resample(Resampler& resampler, std::span<const float> in) {
    std::vector<float> out;
    for (std::size_t piece = 2; !in.empty(); piece = piece * 3 % 4001 * 2 + 2) {
        const auto part = in.first(std::min(piece, in.size()));
        EXPECT_TRUE(resampler.push(part, out));
        in = in.subspan(part.size());
    }
    EXPECT_TRUE(resampler.finish(out));
    return out;
}

TEST(Resampler, KeepsPitchLevelAndLengthFromEveryUsualRate) {
    for (const int rate : {8'000, 11'025, 22'050, 32'000, 44'100, 48'000, 88'200, 96'000, 192'000}) {
        auto resampler = Resampler::create(rate);
        ASSERT_TRUE(resampler);
        const auto out = resample(*resampler, tone(rate, static_cast<std::size_t>(rate) * 2, 1000));
        EXPECT_NEAR(static_cast<double>(out.size() / 2), 96'000, 1) << rate;
        const std::span middle{out.data() + 48'000, 96'000};
        EXPECT_NEAR(decibels(amplitude_of(1000, middle, 0) / 0.5), 0, 0.05) << rate;
        EXPECT_NEAR(decibels(amplitude_of(2000, middle, 1) / 0.25), 0, 0.05) << rate;
    }
}

TEST(Resampler, DoesNotShiftTheSoundInTime) {
    auto resampler = Resampler::create(44'100);
    std::vector<float> click(2 * 44'100);
    click[2 * 22'050] = 1.0F;  // at 0.5 s
    const auto out = resample(*resampler, click);
    std::size_t loudest = 0;
    for (std::size_t i = 0; i < out.size() / 2; ++i) {
        if (out[2 * i] > out[2 * loudest]) loudest = i;
    }
    EXPECT_EQ(loudest, 24'000U);
}

TEST(Resampler, StartsAfreshAfterReset) {
    auto resampler = Resampler::create(44'100);
    const auto in = tone(44'100, 44'100, 1000);
    const auto first = resample(*resampler, in);
    ASSERT_TRUE(resampler->reset());
    EXPECT_EQ(resample(*resampler, in), first);
}

TEST(Resampler, RefusesRatesThatNoFileHas) {
    for (const int rate : {-1, 0, 999, 768'001}) {
        const auto refused = Resampler::create(rate);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().reason(), kResamplerFailed);
    }
}

}  // namespace
}  // namespace bandstand::audio_core
