#include <gtest/gtest.h>

#include "sound_files.hpp"

namespace bandstand::media {
namespace {

using namespace std::chrono_literals;
using testing::hear;
using testing::ogg_packets;
using testing::open;
using testing::packets_of;
using testing::read_file;
using testing::song;

std::filesystem::path opus_song() {
    return song("song.opus", "-c:a libopus -b:a 128k");
}
std::filesystem::path copy_of(const std::filesystem::path& path, const std::string& name) {
    return testing::ffmpeg("-i '" + path.string() + "' -c copy", name);
}

TEST(Passthrough, GivesThePacketsOfAnOggFileBitForBit) {
    const auto expected = ogg_packets(read_file(opus_song()));
    ASSERT_GE(expected.size(), 250U);
    auto reader = open(opus_song());
    ASSERT_TRUE(reader->info().opus_passthrough);
    EXPECT_EQ(packets_of(*reader), expected);
    EXPECT_EQ(reader->frame_position(), expected.size());
}

TEST(Passthrough, GivesTheSamePacketsOutOfWebmAndMatroska) {
    const auto expected = ogg_packets(read_file(opus_song()));
    for (const auto* name : {"copy.webm", "copy.mka"}) {
        auto reader = open(copy_of(opus_song(), name));
        ASSERT_TRUE(reader->info().opus_passthrough);
        EXPECT_EQ(packets_of(*reader), expected) << name;
    }
}

TEST(Passthrough, TakesMono) {
    auto reader = open(song("mono.opus", "-ac 1 -c:a libopus"));
    ASSERT_TRUE(reader->info().opus_passthrough);
    EXPECT_EQ(packets_of(*reader), ogg_packets(read_file(song("mono.opus"))));
}

TEST(Passthrough, SeeksToThePacketThatHoldsThePlace) {
    const auto expected = ogg_packets(read_file(opus_song()));
    for (const auto& path : {opus_song(), copy_of(opus_song(), "copy.webm")}) {
        auto reader = open(path);
        for (const std::size_t frame : {200U, 3U, 111U, 0U, 249U}) {
            ASSERT_TRUE(reader->seek(frame * 20ms + 7ms));
            const auto packet = reader->next_packet();
            ASSERT_TRUE(packet && *packet) << path;
            const base::Bytes got{(*packet)->data.begin(), (*packet)->data.end()};
            EXPECT_EQ(got, expected[frame]) << path << " frame " << frame;
            EXPECT_EQ(reader->frame_position(), frame + 1);
        }
    }
}

TEST(Passthrough, MayGoOnDecodedWhereThePacketsStopped) {
    auto reader = open(opus_song());
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(*reader->next_packet());
    const auto heard = hear(*reader);
    EXPECT_NEAR(static_cast<double>(heard.samples.size()) / 96, 3000, 30);
    ASSERT_TRUE(reader->seek(3s));
    testing::expect_song(hear(*reader), 3);
    ASSERT_TRUE(reader->seek(0s));
    EXPECT_EQ(packets_of(*reader), ogg_packets(read_file(opus_song()))) << "and back to packets";
}

TEST(Passthrough, IsNotForPacketsOfAnotherLength) {
    for (const auto* duration : {"2.5", "10", "40", "60"}) {
        const std::string name = std::string{"frames"} + duration + ".opus";
        auto reader = open(song(name, std::string{"-c:a libopus -b:a 128k -frame_duration "} + duration));
        EXPECT_FALSE(reader->info().opus_passthrough) << duration;
        const auto packet = reader->next_packet();
        ASSERT_FALSE(packet);
        EXPECT_EQ(packet.error().reason(), kNotPassthrough);
        testing::expect_song(hear(*reader));
    }
}

TEST(Passthrough, IsNotForSurroundOrOtherCodecs) {
    const auto surround =
        testing::ffmpeg("-f lavfi -i anoisesrc=d=1:a=0.1 -ac 6 -c:a libopus", "surround.opus");
    EXPECT_FALSE(open(surround)->info().opus_passthrough);
    EXPECT_FALSE(open(song("song.ogg", "-c:a libvorbis -q:a 6"))->info().opus_passthrough);
    EXPECT_FALSE(open(song("song.mp3", "-b:a 192k"))->info().opus_passthrough);
}

TEST(Passthrough, IsNotForAFileThatAsksForAnotherLevel) {
    auto file = read_file(copy_of(opus_song(), "copy.webm"));  // has no checksum, unlike Ogg
    const auto head = base::as_text(file).find("OpusHead");
    ASSERT_NE(head, std::string_view::npos);
    file[head + 17] = std::byte{0xFA};  // output gain -6 dB
    auto reader = testing::try_open(file);
    ASSERT_TRUE(reader) << reader.error().describe();
    EXPECT_FALSE((*reader)->info().opus_passthrough);
}

TEST(Passthrough, HandsAPacketOfAnotherLengthToTheDecoder) {
    // A chained Ogg file: 20 ms packets, then a second song of 60 ms packets.
    auto chained = read_file(opus_song());
    const auto second = read_file(song("frames60.opus", "-c:a libopus -b:a 128k -frame_duration 60"));
    const auto packets = ogg_packets(chained).size();
    chained.insert(chained.end(), second.begin(), second.end());
    auto reader = testing::try_open(chained, "chained.opus");
    ASSERT_TRUE(reader);
    for (std::size_t i = 0; i < packets; ++i) {
        const auto packet = (*reader)->next_packet();
        ASSERT_TRUE(packet && *packet) << i;
    }
    const auto packet = (*reader)->next_packet();
    ASSERT_FALSE(packet);
    EXPECT_EQ(packet.error().reason(), kNotPassthrough);
    const auto heard = hear(**reader);
    EXPECT_NEAR(static_cast<double>(heard.samples.size()) / 96, 5000, 100);
}

}  // namespace
}  // namespace bandstand::media
