#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "sound_files.hpp"

namespace bandstand::media {
namespace {

using namespace std::chrono_literals;
using testing::expect_song;
using testing::hear;
using testing::kSongSeconds;
using testing::open;
using testing::song;

struct Format {
    const char* name;
    const char* options;
    const char* codec;
    int rate = 44'100;
    double seek_tolerance_ms = 0.2;
    void write_to(std::ostream& out) const { out << name; }
};
void PrintTo(const Format& format, std::ostream* out) {
    format.write_to(*out);
}

constexpr Format kFormats[]{
    {"song.mp3", "-b:a 192k", "mp3"},
    {"vbr.mp3", "-q:a 2", "mp3"},
    {"song.flac", "", "flac"},
    {"song.wav", "", "pcm_s16le"},
    {"float96.wav", "-c:a pcm_f32le", "pcm_f32le", 96'000},
    {"song.m4a", "-b:a 192k", "aac"},
    {"alac.m4a", "-c:a alac", "alac"},
    {"song.opus", "-c:a libopus -b:a 128k", "opus"},
    {"song.webm", "-c:a libopus -b:a 128k", "opus", 44'100, 0.6},  // its times are whole milliseconds
    {"song.ogg", "-c:a libvorbis -q:a 6", "vorbis"},
    {"song.mka", "-c:a flac", "flac", 48'000, 0.6},
    {"song.aiff", "", "pcm_s16be", 22'050},
};

class EveryFormat : public ::testing::TestWithParam<Format> {};
INSTANTIATE_TEST_SUITE_P(Reader, EveryFormat, ::testing::ValuesIn(kFormats));

TEST_P(EveryFormat, IsHeardWithItsPitchChannelsLevelAndLengthFromTheFirstSampleOn) {
    const auto format = GetParam();
    auto reader = open(song(format.name, format.options, format.rate));
    EXPECT_EQ(reader->info().codec, format.codec);
    EXPECT_EQ(reader->info().channels, 2);
    ASSERT_TRUE(reader->info().duration);
    EXPECT_NEAR(static_cast<double>(reader->info().duration->count()), kSongSeconds * 1000, 60);
    expect_song(hear(*reader));
    EXPECT_NEAR(static_cast<double>(reader->frame_position()), kSongSeconds * 50, 2);
}

TEST_P(EveryFormat, GoesToAnyPlaceForwardsAndBack) {
    const auto format = GetParam();
    auto reader = open(song(format.name, format.options, format.rate));
    for (const int second : {3, 1, 4, 0}) {
        SCOPED_TRACE("from second " + std::to_string(second));
        ASSERT_TRUE(reader->seek(second * 1000ms));
        EXPECT_EQ(reader->frame_position(), static_cast<std::size_t>(second) * 50);
        expect_song(hear(*reader), second, format.seek_tolerance_ms);
    }
}

TEST_P(EveryFormat, IsAtItsEndBehindItsEnd) {
    const auto format = GetParam();
    auto reader = open(song(format.name, format.options, format.rate));
    ASSERT_TRUE(reader->seek(1h));
    const auto frame = reader->next_frame();
    ASSERT_TRUE(frame) << frame.error().describe();
    EXPECT_FALSE(*frame);
    ASSERT_TRUE(reader->seek(2s)) << "and goes back";
    expect_song(hear(*reader), 2, format.seek_tolerance_ms);
}

TEST(Reader, SeeksToTheWholeFrameBefore) {
    auto reader = open(song("song.flac"));
    ASSERT_TRUE(reader->seek(1039ms));
    EXPECT_EQ(reader->frame_position(), 51U);
    const auto frame = reader->next_frame();
    auto whole = open(song("song.flac"));
    const auto all = hear(*whole);
    const auto expected = std::span{all.samples}.subspan(51 * 1920, 1920);
    float difference = 0;
    for (std::size_t i = 0; i < 1920; ++i) {
        difference = std::max(difference, std::fabs((*frame)->samples[i] - expected[i]));
    }
    EXPECT_LT(difference, 0.02F) << "another place (the resampler settles within the frame)";
}

TEST(Reader, PlaysMonoOnBothSidesAtFullLevel) {
    const auto mono =
        testing::ffmpeg("-f lavfi -i \"aevalsrc='0.5*sin(2*PI*500*t)':s=48000:d=1\"", "mono.wav");
    auto reader = open(mono);
    EXPECT_EQ(reader->info().channels, 1);
    const auto heard = hear(*reader);
    ASSERT_EQ(heard.samples.size(), 96'000U);
    EXPECT_NEAR(*std::ranges::max_element(heard.samples), 0.5, 0.001);
    for (std::size_t i = 0; i < heard.samples.size(); i += 2)
        ASSERT_EQ(heard.samples[i], heard.samples[i + 1]);
}

TEST(Reader, MixesSixChannelsToTwoWithoutClipping) {
    const std::string loud = "0.99*sin(2*PI*500*t)";
    const auto six = testing::ffmpeg("-f lavfi -i \"aevalsrc='" + loud + "|" + loud + "|" + loud + "|" +
                                         loud + "|" + loud + "|" + loud + "':c=5.1:s=48000:d=1\"",
                                     "six.flac");
    const auto heard = hear(*open(six));
    ASSERT_EQ(heard.samples.size(), 96'000U);
    EXPECT_LE(*std::ranges::max_element(heard.samples), 1.0F);
    EXPECT_GE(*std::ranges::max_element(heard.samples), 0.9F);
}

TEST(Reader, PadsTheLastFrameWithSilence) {
    auto reader = open(testing::ffmpeg("-f lavfi -i \"aevalsrc='0.5':s=48000:d=0.03\"", "short.wav"));
    const auto heard = hear(*reader);
    ASSERT_EQ(heard.samples.size(), 2U * 1920);
    EXPECT_NEAR(heard.samples[2 * 1439], 0.5, 0.001);
    EXPECT_EQ(heard.samples[2 * 1440], 0.0F);
}

TEST(Reader, HearsTheSoundOfAFilm) {
    const auto film = testing::ffmpeg(
        "-f lavfi -i testsrc=d=5:s=64x64:r=10 -f lavfi -i \"aevalsrc='0.25*sin(2*PI*(300+100*floor(t))*t)|"
        "0.25*sin(2*PI*(1500+100*floor(t))*t)':s=44100:d=5\" -c:v mpeg4 -b:a 192k",
        "film.mp4");
    expect_song(hear(*open(film)));
}

TEST(Reader, PlaysASourceThatCannotGoBack) {
    class Stream final : public ByteSource {
    public:
        explicit Stream(base::Bytes bytes) : inner_{std::move(bytes)} {}
        base::Result<std::size_t> read(base::MutableBytes out) override {
            return inner_.read(out.first(std::min<std::size_t>(out.size(), 1000)));
        }

    private:
        MemorySource inner_;
    };
    for (const auto& format : kFormats) {
        SCOPED_TRACE(format.name);
        if (std::string_view{format.name}.ends_with(".m4a")) continue;  // their index is at the end
        auto content = testing::read_file(song(format.name, format.options, format.rate));
        auto reader = Reader::open(std::make_unique<Stream>(std::move(content)), {}, format.name);
        ASSERT_TRUE(reader) << reader.error().describe();
        EXPECT_FALSE((*reader)->info().seekable);
        expect_song(hear(**reader));
        const auto moved = (*reader)->seek(1s);
        ASSERT_FALSE(moved);
        EXPECT_EQ(moved.error().reason(), kNotSeekable);
    }
}

}  // namespace
}  // namespace bandstand::media
