#include "audio_core/rtp.hpp"

#include <gtest/gtest.h>

#include <array>

#include "testing/seeded.hpp"

namespace bandstand::audio_core {
namespace {

base::Bytes hex(std::string_view text) {
    return *base::from_hex(text);
}

TEST(Rtp, WritesTheHeaderOfDiscordsDocumentation) {
    std::array<std::byte, 12> out;
    ASSERT_EQ(write_rtp_header({.sequence = 0x1234, .timestamp = 0x89abcdef, .ssrc = 42}, out), 12U);
    EXPECT_EQ(base::to_hex(out), "8078123489abcdef0000002a");
}

TEST(Rtp, RefusesABufferThatIsTooSmall) {
    std::array<std::byte, 11> out;
    const auto written = write_rtp_header({}, out);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().reason(), kBufferTooSmall);
}

TEST(Rtp, ReadsBackWhatItWrote) {
    const RtpHeader header{
        .sequence = 65'535, .timestamp = 4'294'967'295, .ssrc = 7, .payload_type = 120, .marker = true};
    std::array<std::byte, 12> out;
    ASSERT_TRUE(write_rtp_header(header, out));
    const auto parsed = parse_rtp_header(out);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->header, header);
    EXPECT_EQ(parsed->clear_bytes, 12U);
    EXPECT_EQ(parsed->extension_bytes, 0U);
    EXPECT_FALSE(parsed->padded);
}

TEST(Rtp, FindsTheClearPartBehindSourcesAndExtension) {
    // Two CSRCs, padding bit, an extension of two words whose preamble alone is clear.
    const auto packet =
        hex("b2780001000000020000000311111111"
            "22222222"
            "bede0002"
            "aaaaaaaabbbbbbbb"
            "ff");
    const auto parsed = parse_rtp_header(packet);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->clear_bytes, 12U + 8U + 4U);
    EXPECT_EQ(parsed->extension_bytes, 8U);
    EXPECT_TRUE(parsed->padded);
}

TEST(Rtp, RefusesRtcpOtherVersionsAndHeadersThatAreCutOff) {
    for (const auto* bad :
         {"", "8078", "80c8000700000001000000020000", "4078000100000002000000033333",
          "8f7800010000000200000003", "907800010000000200000003", "907800010000000200000003bede0001"}) {
        const auto parsed = parse_rtp_header(hex(bad));
        ASSERT_FALSE(parsed) << bad;
        EXPECT_EQ(parsed.error().reason(), kRtpInvalid);
    }
}

class RtpOnNoise : public bandstand::testing::SeededTest {};

TEST_F(RtpOnNoise, NeverPointsBehindThePacket) {
    for (int i = 0; i < 5'000; ++i) {
        base::Bytes noise(random_.below(80));
        for (auto& byte : noise) byte = static_cast<std::byte>(random_.below(256));
        if (const auto parsed = parse_rtp_header(noise)) {
            ASSERT_LE(parsed->clear_bytes + parsed->extension_bytes, noise.size());
        }
    }
}

}  // namespace
}  // namespace bandstand::audio_core
