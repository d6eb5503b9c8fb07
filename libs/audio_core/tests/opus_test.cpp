#include "audio_core/opus.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "signal.hpp"
#include "testing/seeded.hpp"

namespace bandstand::audio_core {
namespace {

using testing::amplitude_of;
using testing::decibels;
using testing::tone_frame;

base::Bytes bytes(std::initializer_list<unsigned> values) {
    base::Bytes out;
    for (const auto value : values) out.push_back(static_cast<std::byte>(value));
    return out;
}

TEST(OpusPacketInfo, ReadsEveryConfigurationOfTheTable) {
    // RFC 6716 table 2: 32 configurations, frame sizes in 48 kHz samples.
    constexpr std::array<int, 32> kSamples{480,  960, 1920, 2880, 480, 960, 1920, 2880, 480, 960, 1920,
                                           2880, 480, 960,  480,  960, 120, 240,  480,  960, 120, 240,
                                           480,  960, 120,  240,  480, 960, 120,  240,  480, 960};
    for (unsigned configuration = 0; configuration < 32; ++configuration) {
        for (const unsigned stereo : {0U, 1U}) {
            const auto info = opus_packet_info(bytes({configuration << 3U | stereo << 2U, 0}));
            ASSERT_TRUE(info);
            EXPECT_EQ(info->samples(), kSamples[configuration]) << configuration;
            EXPECT_EQ(info->channels, static_cast<int>(stereo + 1));
        }
    }
}

TEST(OpusPacketInfo, CountsTheFramesOfAPacket) {
    EXPECT_EQ(opus_packet_info(kOpusSilence)->samples(), kFrameSamples);
    EXPECT_EQ(opus_packet_info(bytes({0xF9, 0, 0}))->samples(), 2 * kFrameSamples);
    EXPECT_EQ(opus_packet_info(bytes({0xFA, 1, 0, 0}))->samples(), 2 * kFrameSamples);
    EXPECT_EQ(opus_packet_info(bytes({0xFB, 3, 0, 0, 0}))->samples(), 3 * kFrameSamples);
}

TEST(OpusPacketInfo, RefusesWhatIsNoPacket) {
    for (const auto& bad : {bytes({}), bytes({0xFB}), bytes({0xFB, 0}), bytes({0xFB, 7})}) {
        const auto info = opus_packet_info(bad);
        ASSERT_FALSE(info);
        EXPECT_EQ(info.error().reason(), kOpusInvalid);
    }
}

TEST(Opus, KeepsPitchChannelAndLevelOfATone) {
    auto encoder = OpusEncoder::create();
    auto decoder = OpusDecoder::create();
    ASSERT_TRUE(encoder && decoder);
    std::vector<float> heard;
    for (std::size_t i = 0; i < 60; ++i) {
        const auto packet = encoder->encode(tone_frame(400, 1000, i));
        ASSERT_TRUE(packet);
        EXPECT_EQ(opus_packet_info(packet->data)->samples(), kFrameSamples);
        const auto pcm = decoder->decode(packet->data);
        ASSERT_TRUE(pcm);
        ASSERT_EQ(pcm->size(), 2U * kFrameSamples);
        heard.insert(heard.end(), pcm->begin(), pcm->end());
    }
    const std::span settled{heard.data() + heard.size() - 96'000, 96'000};  // the last second
    EXPECT_NEAR(decibels(amplitude_of(400, settled, 0) / 0.5), 0, 0.5);
    EXPECT_NEAR(decibels(amplitude_of(1000, settled, 1) / 0.5), 0, 0.5);
    EXPECT_LT(decibels(amplitude_of(1000, settled, 0) / 0.5), -30) << "right leaks into left";
    EXPECT_LT(decibels(amplitude_of(400, settled, 1) / 0.5), -30) << "left leaks into right";
}

TEST(Opus, FollowsTheBitrateThatItIsGiven) {
    const auto size_at = [](int bitrate) {
        auto encoder = OpusEncoder::create();
        EXPECT_TRUE(encoder->set_bitrate(bitrate));
        std::size_t total = 0;
        for (std::size_t i = 0; i < 50; ++i) total += encoder->encode(tone_frame(400, 1000, i))->data.size();
        return total;
    };
    EXPECT_LT(size_at(32'000), 5'000U);
    EXPECT_GT(size_at(128'000), 10'000U);
}

TEST(Opus, SilenceFrameIsSilent) {
    auto decoder = OpusDecoder::create();
    const auto pcm = decoder->decode(kOpusSilence);
    ASSERT_TRUE(pcm);
    EXPECT_EQ(pcm->size(), 2U * kFrameSamples);
    for (const float sample : *pcm) EXPECT_NEAR(sample, 0, 1e-6);
}

TEST(Opus, RefusesABitrateThatDoesNotExist) {
    auto encoder = OpusEncoder::create();
    const auto refused = encoder->set_bitrate(-5);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason(), kOpusFailed);
}

class OpusOnNoise : public bandstand::testing::SeededTest {};

TEST_F(OpusOnNoise, DecoderAnswersEveryInputWithSoundOrAnError) {
    auto decoder = OpusDecoder::create();
    for (int i = 0; i < 2'000; ++i) {
        base::Bytes noise(random_.below(200));
        for (auto& byte : noise) byte = static_cast<std::byte>(random_.below(256));
        const auto pcm = decoder->decode(noise);
        if (pcm) {
            EXPECT_EQ(pcm->size() % 2, 0U);
            EXPECT_EQ(static_cast<int>(pcm->size() / 2), opus_packet_info(noise)->samples());
        } else {
            EXPECT_EQ(pcm.error().reason(), kOpusInvalid);
        }
    }
}

}  // namespace
}  // namespace bandstand::audio_core
