#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

#include "sound_files.hpp"
#include "testing/seeded.hpp"

namespace bandstand::media {
namespace {

using namespace std::chrono_literals;
using testing::hear;
using testing::read_file;
using testing::song;
using testing::try_open;

base::Bytes bytes(std::string_view text) {
    const auto view = base::as_bytes(text);
    return {view.begin(), view.end()};
}

base::Bytes first_part(base::Bytes whole, std::size_t size) {
    whole.resize(std::min(whole.size(), size));
    return whole;
}

void expect_refused(base::Bytes content, base::Reason reason, std::string name = "file", Limits limits = {}) {
    const auto reader = try_open(std::move(content), std::move(name), limits);
    ASSERT_FALSE(reader);
    EXPECT_EQ(reader.error().reason(), reason) << reader.error().describe();
    EXPECT_TRUE(reader.error().detail().starts_with("open track: ")) << reader.error().detail();
}

TEST(HostileInput, IsRefusedWhenItIsNoAudio) {
    expect_refused({}, kNotAudio);
    expect_refused(bytes("<html><body>404 Not Found</body></html>"), kNotAudio, "song.mp3");
    expect_refused(bytes(std::string(100'000, 'A')), kNotAudio, "song.ogg");
    const auto picture = testing::ffmpeg("-f lavfi -i testsrc=d=1:s=64x64 -frames:v 1", "picture.png");
    expect_refused(read_file(picture), kNotAudio, "picture.png");
    const auto film = testing::ffmpeg("-f lavfi -i testsrc=d=1:s=64x64:r=5 -c:v mpeg4", "silent_film.mp4");
    expect_refused(read_file(film), kNotAudio, "film.mp4");
}

TEST(HostileInput, CannotMakeFFmpegOpenAFile) {
    const auto target = song("song.wav").string();
    const std::string playlists[]{
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n" + target + "\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile://" + target + "\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:5,\nhttp://127.0.0.1:1/x.wav\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '" + target + "'\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 97\n",
        "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" "
        "type=\"static\"><Period><AdaptationSet "
        "contentType=\"audio\"><Representation id=\"1\" bandwidth=\"1\"><BaseURL>" +
            target + "</BaseURL><SegmentBase/></Representation></AdaptationSet></Period></MPD>",
    };
    for (const auto& playlist : playlists) {
        for (const auto* name : {"list.m3u8", "list.ffconcat", "list.sdp", "list.mpd", "file"}) {
            SCOPED_TRACE(playlist.substr(0, 40) + name);
            const auto reader = try_open(bytes(playlist), name);
            EXPECT_FALSE(reader);
        }
    }
}

TEST(HostileInput, CannotReachFilesThroughItsName) {
    for (const auto* name :
         {"/etc/%d.png", "concat:/etc/passwd|/etc/group.mp3", "http://127.0.0.1/x.mp3", "../../x.m3u8"}) {
        auto reader = try_open(read_file(song("song.mp3", "-b:a 192k")), name);
        ASSERT_TRUE(reader) << reader.error().describe();
        EXPECT_EQ((*reader)->info().codec, "mp3");
    }
}

TEST(HostileInput, ThatIsCutOffSaysSoAfterWhatCouldBePlayed) {
    for (const auto* name : {"song.flac", "song.wav"}) {
        const auto whole = read_file(song(name));
        auto reader = try_open(first_part(whole, whole.size() / 2), name);
        ASSERT_TRUE(reader) << reader.error().describe();
        const auto heard = hear(**reader);
        EXPECT_GT(heard.samples.size(), 96'000U) << name;
        if (std::string_view{name} == "song.wav")
            continue;  // FFmpeg takes the length of a WAV from what is there
        ASSERT_TRUE(heard.error) << name;
        EXPECT_EQ(heard.error->reason(), kBroken);
    }
    expect_refused(first_part(read_file(song("song.m4a", "-b:a 192k")), 20'000), kNotAudio, "song.m4a");
}

TEST(HostileInput, MayNotCostMoreThanItsLimits) {
    const auto mp3 = read_file(song("song.mp3", "-b:a 192k"));
    expect_refused(mp3, kTooSlow, "song.mp3", {.open_timeout = -1ms});
    expect_refused(mp3, kTooLarge, "song.mp3", {.open_bytes = 1000});
    expect_refused(mp3, kTooLarge, "song.mp3", {.max_duration = 0h});
    expect_refused(read_file(song("song.flac")), kTooLarge, "song.flac", {.max_packet_bytes = 100});
    const auto two = testing::ffmpeg("-f lavfi -i sine=d=1 -f lavfi -i sine=d=1 -map 0 -map 1", "two.mka");
    EXPECT_FALSE(try_open(read_file(two), "two.mka", {.max_streams = 1}));
}

TEST(HostileInput, HasADeadlineForEveryRead) {
    auto reader = try_open(read_file(song("song.wav")), "song.wav", {.read_timeout = -1ms});
    if (reader) {
        const auto heard = hear(**reader);
        ASSERT_TRUE(heard.error);
        EXPECT_EQ(heard.error->reason(), kTooSlow);
    } else {
        EXPECT_EQ(reader.error().reason(), kTooSlow);
    }
}

TEST(HostileInput, TheSourcesOwnErrorIsTheErrorThatIsGiven) {
    static constexpr base::Reason kLineCut{"test.line_cut"};
    class Cut final : public ByteSource {
    public:
        Cut(base::Bytes bytes, std::size_t good) : inner_{std::move(bytes)}, left_{good} {}
        base::Result<std::size_t> read(base::MutableBytes out) override {
            if (left_ == 0) return base::fail(base::ErrorKind::unavailable, kLineCut, "cable");
            auto got = inner_.read(out.first(std::min(out.size(), left_)));
            left_ -= *got;
            return got;
        }

    private:
        MemorySource inner_;
        std::size_t left_;
    };
    const auto mp3 = read_file(song("song.mp3", "-b:a 192k"));
    const auto at_once = Reader::open(std::make_unique<Cut>(mp3, 100), {}, "song.mp3");
    ASSERT_FALSE(at_once);
    EXPECT_EQ(at_once.error().reason(), kLineCut);
    auto later = Reader::open(std::make_unique<Cut>(mp3, mp3.size() / 2), {}, "song.mp3");
    ASSERT_TRUE(later) << later.error().describe();
    const auto heard = hear(**later);
    EXPECT_GT(heard.samples.size(), 96'000U);
    ASSERT_TRUE(heard.error);
    EXPECT_EQ(heard.error->reason(), kLineCut);
}

class DamagedFiles : public bandstand::testing::SeededTest {};

TEST_F(DamagedFiles, GiveSoundOrAnErrorAndAlwaysAnEnd) {
    const base::Bytes whole[]{read_file(song("song.mp3", "-b:a 192k")),
                              read_file(song("song.flac")),
                              read_file(song("song.m4a", "-b:a 192k")),
                              read_file(song("song.opus", "-c:a libopus -b:a 128k")),
                              read_file(song("song.webm", "-c:a libopus -b:a 128k")),
                              read_file(song("song.ogg", "-c:a libvorbis -q:a 6"))};
    for (int round = 0; round < 60; ++round) {
        auto damaged = whole[random_.below(std::size(whole))];
        const auto places = 1 + random_.below(200);
        for (std::uint64_t i = 0; i < places; ++i) {
            // Half of the damage in the head, where it hurts most.
            const auto place = random_.below(random_.below(2) == 0 ? 2'000 : damaged.size());
            damaged[place] = static_cast<std::byte>(random_.below(256));
        }
        auto reader = try_open(std::move(damaged));
        if (!reader) continue;
        const auto heard = hear(**reader, 10'000);
        ASSERT_LT(heard.samples.size(), 10'000U * 1920) << "no end";
        static_cast<void>((*reader)->seek(std::chrono::milliseconds{random_.below(6'000)}));
        hear(**reader, 100);
    }
}

TEST(FileSource, OpensRegularFilesOnly) {
    EXPECT_FALSE(FileSource::open("/"));
    EXPECT_FALSE(FileSource::open("/dev/zero"));
    const auto missing = FileSource::open("/nowhere/song.mp3");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind(), base::ErrorKind::not_found);
    const auto pipe = song("song.wav").parent_path() / "pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    EXPECT_FALSE(FileSource::open(pipe));
}

}  // namespace
}  // namespace bandstand::media
