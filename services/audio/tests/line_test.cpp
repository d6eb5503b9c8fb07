// Real files through real threads into a real socket: what a listener would get.

#include "engine/line.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <mutex>
#include <numbers>
#include <thread>
#include <vector>

#include "../../../libs/media/tests/sound_files.hpp"
#include "audio_core/opus.hpp"
#include "audio_core/rtp.hpp"
#include "domain/reasons.hpp"
#include "engine/feeder.hpp"

namespace bandstand::audio {
namespace {

using namespace std::chrono_literals;
namespace files = media::testing;
using domain::StreamId;

struct Packet {
    audio_core::RtpHeader header;
    base::Bytes opus;
    bool is_silence() const { return std::ranges::equal(opus, audio_core::kOpusSilence); }
};

/// RTP in the clear.
class OpenSealer final : public audio_core::PacketSealer {
public:
    std::size_t seal(const audio_core::RtpHeader& header, base::ByteView opus,
                     base::MutableBytes out) noexcept override {
        if (!audio_core::write_rtp_header(header, out)) return 0;
        std::ranges::copy(opus, out.begin() + audio_core::kRtpHeaderBytes);
        return audio_core::kRtpHeaderBytes + opus.size();
    }
};

/// Two connected sockets on loopback; what arrives at the far end is collected.
class Listener {
public:
    Listener() : near_{::socket(AF_INET, SOCK_DGRAM, 0)}, far_{::socket(AF_INET, SOCK_DGRAM, 0)} {
        sockaddr_in address{
            .sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
        socklen_t size = sizeof address;
        auto* raw = reinterpret_cast<sockaddr*>(&address);
        EXPECT_EQ(::bind(far_, raw, size), 0);
        EXPECT_EQ(::getsockname(far_, raw, &size), 0);
        EXPECT_EQ(::connect(near_, raw, size), 0);
    }
    ~Listener() {
        ::close(near_);
        ::close(far_);
    }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    int sending_end() const { return near_; }

    /// Everything until `enough` says so; fails the test after ten seconds.
    template <class Enough>
    void hear_until(Enough enough) {
        const auto limit = std::chrono::steady_clock::now() + 10s;
        while (!enough()) {
            pollfd ready{.fd = far_, .events = POLLIN, .revents = 0};
            ASSERT_LT(std::chrono::steady_clock::now(), limit) << packets.size() << " packets until now";
            if (::poll(&ready, 1, 100) <= 0) continue;
            std::array<std::byte, 2048> datagram{};
            const auto size = ::recv(far_, datagram.data(), datagram.size(), 0);
            const auto bytes = base::ByteView{datagram}.first(static_cast<std::size_t>(size));
            const auto parsed = audio_core::parse_rtp_header(bytes);
            ASSERT_TRUE(parsed);
            const auto opus = bytes.subspan(audio_core::kRtpHeaderBytes);
            packets.push_back({parsed->header, {opus.begin(), opus.end()}});
        }
    }
    /// `count` more packets of music.
    void hear_music(std::size_t count) {
        const auto goal = music().size() + count;
        hear_until([&] { return music().size() >= goal; });
    }
    std::vector<Packet> music() const {
        auto kept = packets;
        std::erase_if(kept, [](const Packet& packet) { return packet.is_silence(); });
        return kept;
    }

    std::vector<Packet> packets;

private:
    int near_;
    int far_;
};

/// How loud the tone of `hz` is in the left channel of 400 ms of packets that begin at `first`.
double level_of(const std::vector<Packet>& packets, std::size_t first, double hz) {
    auto decoder = *audio_core::OpusDecoder::create();
    std::vector<float> left;
    const auto warm_up = first >= 10 ? first - 10 : 0;
    for (auto i = warm_up; i < first + 20 && i < packets.size(); ++i) {
        const auto decoded = *decoder.decode(packets[i].opus);
        for (std::size_t n = 0; i >= first && n < decoded.size(); n += 2) left.push_back(decoded[n]);
    }
    double sine = 0;
    double cosine = 0;
    for (std::size_t n = 0; n < left.size(); ++n) {
        const auto phase = 2 * std::numbers::pi * hz * static_cast<double>(n) / audio_core::kSampleRate;
        sine += left[n] * std::sin(phase);
        cosine += left[n] * std::cos(phase);
    }
    return 2 * std::hypot(sine, cosine) / static_cast<double>(left.size());
}

class LineTest : public ::testing::Test {
protected:
    LineTest() {
        thread_ = *audio_core::SendThread::start();
        stream_ = *thread_->add(
            {.fd = listener_.sending_end(), .rtp = {}, .sealer = std::make_unique<OpenSealer>()});
        line_->attach(stream_.get());
        stream_->play();
        feeder_.add(line_);
    }
    ~LineTest() override {
        line_->attach(nullptr);
        feeder_.remove(*line_);
        stream_.reset();
    }
    OpenedTrack track(const std::string& name, const std::string& options = "") {
        return {.reader = files::open(files::song(name, options))};
    }
    std::size_t seen(const std::function<bool(const domain::Input&)>& match) {
        const std::scoped_lock lock{mutex_};
        return static_cast<std::size_t>(std::ranges::count_if(notes_, match));
    }

    Listener listener_;
    Feeder feeder_{2};
    std::unique_ptr<audio_core::SendThread> thread_;
    std::unique_ptr<audio_core::SendStream> stream_;
    std::mutex mutex_;
    std::vector<domain::Input> notes_;
    std::shared_ptr<Line> line_ = std::make_shared<Line>(
        feeder_.encoders(), feeder_.readers(),
        [this](domain::Input note) {
            const std::scoped_lock lock{mutex_};
            notes_.push_back(std::move(note));
        },
        96'000);
};

TEST_F(LineTest, OpusPacketsReachTheListenerBitForBit) {
    line_->add(StreamId{1}, track("song.opus", "-c:a libopus"));
    listener_.hear_until(
        [&] { return listener_.packets.size() > 100 && listener_.packets.back().is_silence(); });
    const auto expected = files::ogg_packets(files::read_file(files::song("song.opus", "-c:a libopus")));
    const auto heard = listener_.music();
    ASSERT_EQ(heard.size(), expected.size());
    for (std::size_t i = 0; i < heard.size(); ++i) EXPECT_EQ(heard[i].opus, expected[i]) << "packet " << i;
    EXPECT_EQ(seen([](const auto& note) { return std::holds_alternative<domain::StreamReadToEnd>(note); }),
              1U);
}

TEST_F(LineTest, AVolumeOtherThanFullIsAppliedMidSongWithoutAHole) {
    line_->add(StreamId{1}, track("song.opus", "-c:a libopus"));
    listener_.hear_music(60);
    line_->set_volume(50);
    listener_.hear_music(60);
    line_->set_volume(100);
    listener_.hear_music(60);
    const auto heard = listener_.music();
    const auto tone = [](std::size_t packet) { return files::left_tone(static_cast<int>(packet / 50)); };
    EXPECT_NEAR(level_of(heard, 22, tone(22)), 0.25, 0.02);
    EXPECT_NEAR(level_of(heard, 78, tone(78)), 0.125, 0.012);
    EXPECT_NEAR(level_of(heard, 155, tone(155)), 0.25, 0.02);
    for (std::size_t i = 1; i < heard.size(); ++i) {
        EXPECT_EQ(heard[i].header.timestamp - heard[i - 1].header.timestamp, 960U)
            << "a hole before packet " << i;
    }
}

TEST_F(LineTest, ASeekIsHeardWithinAFewFrames) {
    line_->add(StreamId{1}, track("song.wav"));
    listener_.hear_music(20);
    ASSERT_TRUE(line_->seek(StreamId{1}, StreamId{2}, 4s));
    const auto before = listener_.music().size();
    listener_.hear_music(40);
    EXPECT_GT(level_of(listener_.music(), before + 15, files::left_tone(4)), 0.2);
    EXPECT_EQ(stream_->stats().position().track, 2U);
    EXPECT_FALSE(line_->seek(StreamId{1}, StreamId{3}, 0s)) << "that stream is gone";
}

TEST_F(LineTest, OneTrackFollowsTheOtherWithoutAHole) {
    line_->add(StreamId{1}, track("short.wav", "-t 1"));
    line_->add(StreamId{2}, track("song.wav"));
    listener_.hear_music(100);
    const auto heard = listener_.music();
    for (std::size_t i = 1; i < heard.size(); ++i) {
        EXPECT_EQ(heard[i].header.timestamp - heard[i - 1].header.timestamp, 960U)
            << "a hole before packet " << i;
    }
    EXPECT_EQ(stream_->stats().position().track, 2U);
}

TEST_F(LineTest, AClosedTrackIsSilentAtOnceAndTheNextOneBegins) {
    line_->add(StreamId{1}, track("song.wav"));
    line_->add(StreamId{2}, track("song.flac"));
    listener_.hear_music(70);  // now the first one plays its second second
    line_->close(StreamId{1});
    const auto before = listener_.music().size();
    listener_.hear_music(30);
    EXPECT_GT(level_of(listener_.music(), before + 8, files::left_tone(0)), 0.2)
        << "the beginning of the second track";
}

/// A server that hangs up after a while.
class BreakingSource final : public media::ByteSource {
public:
    BreakingSource(base::Bytes bytes, std::size_t good) : bytes_{std::move(bytes)}, good_{good} {}
    base::Result<std::size_t> read(base::MutableBytes out) override {
        if (read_ >= good_)
            return base::fail(base::ErrorKind::unavailable, domain::kFetchFailed, "It hung up.");
        const auto part = std::min(out.size(), good_ - read_);
        std::ranges::copy(std::span{bytes_}.subspan(read_, part), out.begin());
        read_ += part;
        return part;
    }

private:
    base::Bytes bytes_;
    std::size_t good_;
    std::size_t read_ = 0;
};

TEST_F(LineTest, ATrackThatBreaksIsReportedAfterWhatWasGoodWasHeard) {
    constexpr std::size_t kOneSecond = std::size_t{44'100} * 2 * 2;
    auto source = std::make_unique<BreakingSource>(files::read_file(files::song("song.wav")), kOneSecond);
    auto reader = media::Reader::open(std::move(source), {}, "song.wav");
    ASSERT_TRUE(reader) << reader.error().describe();
    line_->add(StreamId{1}, {.reader = std::move(*reader)});
    const auto failed = [](const domain::Input& note) {
        const auto* failure = std::get_if<domain::StreamFailed>(&note);
        return failure && failure->stream == StreamId{1} && !failure->detail.empty();
    };
    listener_.hear_until([&] { return seen(failed) == 1; });
    listener_.hear_until([&] { return listener_.packets.back().is_silence(); });
    EXPECT_NEAR(static_cast<double>(listener_.music().size()), 50, 12);
}

}  // namespace
}  // namespace bandstand::audio
