#include "sandbox/cli/recording.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "audio_core/opus.hpp"

namespace bandstand::sandbox::cli {
namespace {

constexpr std::size_t kWavHeader = 44;

class RecordingTest : public ::testing::Test {
protected:
    /// 20 ms of a 440 Hz tone.
    base::Bytes tone() {
        audio_core::PcmFrame frame;
        for (std::size_t i = 0; i < frame.samples.size(); i += 2) {
            const auto value =
                0.5F * std::sin(static_cast<float>(phase_++) * 2.0F * 3.14159F * 440.0F / 48'000.0F);
            frame.samples[i] = frame.samples[i + 1] = value;
        }
        const auto packet = encoder_->encode(frame);
        return {packet->data.begin(), packet->data.end()};
    }
    HeardPacket packet(std::uint16_t sequence, std::uint32_t timestamp, base::Bytes opus) {
        return {.arrived_us = 1'000'000 + sequence * 20'000,
                .ssrc = 7,
                .sequence = sequence,
                .timestamp = timestamp,
                .opus = std::move(opus)};
    }
    static double loudness(const std::string& wav, std::size_t frame) {
        double sum = 0;
        for (std::size_t i = 0; i < 1920; ++i) {
            std::int16_t sample = 0;
            std::memcpy(&sample, wav.data() + kWavHeader + (frame * 1920 + i) * 2, 2);
            sum += static_cast<double>(sample) * sample;
        }
        return std::sqrt(sum / 1920);
    }

    base::Result<audio_core::OpusEncoder> encoder_ = audio_core::OpusEncoder::create();
    int phase_ = 0;
    Recording recording_;
};

TEST_F(RecordingTest, WhatWasNotSentIsSilenceAtItsPlace) {
    for (std::uint16_t i = 0; i < 10; ++i) recording_.add(packet(i, 960U * i, tone()));
    for (std::uint16_t i = 10; i < 20; ++i)
        recording_.add(packet(i, 960U * (i + 5U), tone()));  // 100 ms jump
    const auto wav = recording_.wav(std::chrono::seconds{10});
    ASSERT_TRUE(wav);
    EXPECT_EQ(wav->size(), kWavHeader + 25 * 960 * 4);
    EXPECT_GT(loudness(*wav, 8), 5'000);
    EXPECT_EQ(loudness(*wav, 12), 0);
    EXPECT_GT(loudness(*wav, 20), 5'000);
    EXPECT_EQ(recording_.summary().at("holes"), Json::parse(R"([{"at_ms":200,"ms":100}])"));
}

TEST_F(RecordingTest, UnwrapsNumbersOrdersPacketsAndDropsDuplicates) {
    EXPECT_TRUE(recording_.add(packet(65'535, 0xFFFF'FFFFU - 959, tone())));
    EXPECT_TRUE(recording_.add(packet(1, 960, tone())));
    EXPECT_TRUE(recording_.add(packet(0, 0, tone())));
    EXPECT_FALSE(recording_.add(packet(0, 0, tone())));
    const auto summary = recording_.summary();
    EXPECT_EQ(summary.at("packets"), 3);
    EXPECT_EQ(summary.at("duplicates"), 1);
    EXPECT_EQ(summary.at("reordered"), 1);
    EXPECT_EQ(summary.at("missing_packets"), 0);
    EXPECT_TRUE(summary.at("holes").empty());
    const auto second = Json::parse(recording_.packet_lines().at(1));
    EXPECT_EQ(second.at("ext_seq"), 65'537);
    EXPECT_EQ(second.at("seq"), 1);
}

TEST_F(RecordingTest, SilenceFramesAreNoSound) {
    recording_.add(packet(0, 0, tone()));
    recording_.add(packet(1, 960, {std::byte{0xF8}, std::byte{0xFF}, std::byte{0xFE}}));
    const auto summary = recording_.summary();
    EXPECT_EQ(summary.at("packets"), 1);
    EXPECT_EQ(summary.at("silence_packets"), 1);
    EXPECT_EQ(recording_.last_sound_us(), 1'000'000);
}

TEST_F(RecordingTest, ATimestampFromAnotherWorldDoesNotFillTheDisk) {
    recording_.add(packet(0, 0, tone()));
    recording_.add(packet(1, 0x7000'0000, tone()));
    const auto wav = recording_.wav(std::chrono::seconds{2});
    ASSERT_TRUE(wav);
    EXPECT_EQ(wav->size(), kWavHeader + std::size_t{2} * 48'000 * 4);
}

}  // namespace
}  // namespace bandstand::sandbox::cli
