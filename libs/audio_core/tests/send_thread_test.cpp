#include "audio_core/send_thread.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "audio_core/transport_sealer.hpp"
#include "testing/seeded.hpp"

namespace bandstand::audio_core {
namespace {

using namespace std::chrono_literals;
using Kind = StreamEvent::Kind;

class ClearSealer final : public PacketSealer {
public:
    std::size_t seal(const RtpHeader& header, base::ByteView opus, base::MutableBytes out) noexcept override {
        const auto size = write_rtp_header(header, out).value_or(0);
        std::ranges::copy(opus, out.begin() + static_cast<std::ptrdiff_t>(size));
        return size + opus.size();
    }
};

/// A UDP socket on loopback that hears what is sent to it.
class Ear {
public:
    Ear() : fd_{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)} {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        socklen_t size = sizeof address_;
        EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address_), &size), 0);
    }
    ~Ear() { ::close(fd_); }
    Ear(const Ear&) = delete;
    Ear& operator=(const Ear&) = delete;

    /// A socket connected to this one.
    int mouth() const {
        const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address_), sizeof address_), 0);
        return fd;
    }
    struct Heard {
        RtpHeader header;
        base::Bytes payload;
    };
    /// Waits for one datagram; fails the test after 5 s.
    Heard hear() const {
        pollfd readable{fd_, POLLIN, 0};
        EXPECT_EQ(::poll(&readable, 1, 5'000), 1) << "nothing arrived";
        std::array<std::byte, 2000> buffer;
        const auto got = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (got < 12) return {};
        const base::ByteView packet{buffer.data(), static_cast<std::size_t>(got)};
        const auto parsed = parse_rtp_header(packet);
        EXPECT_TRUE(parsed);
        return {parsed->header, {packet.begin() + 12, packet.end()}};
    }

private:
    int fd_;
    sockaddr_in address_{};
};

std::unique_ptr<SendStream> add_stream(SendThread& thread, const Ear& ear, std::uint32_t ssrc) {
    const int mouth = ear.mouth();
    auto stream = thread.add({mouth, {ssrc, 100, 1000}, std::make_unique<ClearSealer>()});
    ::close(mouth);  // the thread has its own
    EXPECT_TRUE(stream);
    return *std::move(stream);
}

base::Bytes opus_of(std::uint32_t frame) {
    return {std::byte{0xFC}, static_cast<std::byte>(frame)};
}

void push(SendStream& stream, std::uint32_t track, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) ASSERT_TRUE(stream.packets().push({track, i}, opus_of(i)));
}

/// Waits for one event; fails the test after 5 s.
StreamEvent await_event(SendThread& thread, SendStream& stream) {
    while (true) {
        if (const auto event = stream.next_event()) return *event;
        pollfd readable{thread.events_fd(), POLLIN, 0};
        EXPECT_EQ(::poll(&readable, 1, 5'000), 1) << "no event";
        if (::testing::Test::HasFailure()) return {};
        thread.acknowledge_events();
    }
}

TEST(SendThread, SendsATrackAndTellsThePlayer) {
    auto thread = SendThread::start();
    ASSERT_TRUE(thread);
    Ear ear;
    auto stream = add_stream(**thread, ear, 7);
    push(*stream, 1, 8);
    stream->packets().push_end(1);
    stream->play();
    for (std::uint32_t i = 0; i < 8; ++i) {
        const auto heard = ear.hear();
        EXPECT_EQ(heard.header.ssrc, 7U);
        EXPECT_EQ(heard.header.sequence, 100 + i);
        EXPECT_EQ(heard.payload, opus_of(i));
    }
    for (int i = 0; i < kTrailingSilenceFrames; ++i) {
        EXPECT_TRUE(std::ranges::equal(ear.hear().payload, kOpusSilence));
    }
    for (const auto kind : {Kind::track_started, Kind::track_ended, Kind::drained, Kind::quiet}) {
        EXPECT_EQ(await_event(**thread, *stream).kind, kind);
    }
    EXPECT_EQ(stream->stats().position(), (FrameTag{1, 7}));
    // A tick that a busy machine delays is a gap, not a lateness.
    EXPECT_GE(stream->stats().lateness.count(), 8U);
    EXPECT_LE(stream->stats().lateness.count(), 13U);
}

TEST(SendThread, SkipsToWhatIsPushedAfterAFlush) {
    auto thread = SendThread::start();
    Ear ear;
    auto stream = add_stream(**thread, ear, 7);
    push(*stream, 1, 200);
    stream->play();
    ear.hear();
    stream->flush();
    push(*stream, 2, 20);
    while (stream->stats().position().track != 2) ear.hear();
    EXPECT_LT(stream->stats().packets.value(), 150U);
}

TEST(SendThread, StopsAndStartsAgain) {
    auto thread = SendThread::start();
    Ear ear;
    auto stream = add_stream(**thread, ear, 7);
    push(*stream, 1, 100);
    stream->play();
    EXPECT_EQ(await_event(**thread, *stream).kind, Kind::track_started);
    stream->pause();
    EXPECT_EQ(await_event(**thread, *stream).kind, Kind::quiet);
    const auto paused_at = stream->stats().position().frame;
    stream->play();
    while (stream->stats().position().frame < paused_at + 3) ear.hear();
    stream->stop();
    EXPECT_EQ(await_event(**thread, *stream).kind, Kind::quiet);
    EXPECT_EQ(stream->packets().frames(), 0U);
}

TEST(SendThread, GoesOnInANewSessionWithTheNextFrame) {
    auto thread = SendThread::start();
    Ear before;
    Ear after;
    auto stream = add_stream(**thread, before, 7);
    push(*stream, 1, 100);
    stream->play();
    before.hear();
    stream->pause();
    while (await_event(**thread, *stream).kind != Kind::quiet) {
    }
    const auto last = stream->stats().position().frame;
    const int mouth = after.mouth();
    ASSERT_TRUE(stream->set_transport({mouth, {8, 500, 0}, std::make_unique<ClearSealer>()}));
    ::close(mouth);
    stream->play();
    const auto heard = after.hear();
    EXPECT_EQ(heard.header, (RtpHeader{.sequence = 500, .timestamp = 0, .ssrc = 8}));
    EXPECT_EQ(heard.payload, opus_of(last + 1));
}

TEST(SendThread, SealsForTheTransport) {
    auto thread = SendThread::start();
    Ear ear;
    const base::Bytes secret(crypto::kTransportKeyBytes, std::byte{3});
    const auto key = crypto::TransportKey::from(secret);
    const auto mode = crypto::TransportMode::aes256_gcm_rtpsize;
    auto sealer = std::make_unique<TransportSealer>(*crypto::TransportCipher::create(mode, *key));
    const int mouth = ear.mouth();
    auto stream = *(*thread)->add({mouth, {7, 0, 0}, std::move(sealer)});
    ::close(mouth);
    push(*stream, 1, 10);
    stream->play();
    const auto heard = ear.hear();
    ASSERT_EQ(heard.payload.size(), 2 + crypto::kTransportOverheadBytes);
    base::Bytes packet(12);
    ASSERT_TRUE(write_rtp_header(heard.header, packet));
    packet.insert(packet.end(), heard.payload.begin(), heard.payload.end());
    base::Bytes opened(packet.size());
    auto cipher = crypto::TransportCipher::create(mode, *key);
    const auto size = cipher->open(packet, 12, opened);
    ASSERT_TRUE(size) << size.error().describe();
    opened.resize(*size);
    EXPECT_EQ(opened, opus_of(0));
}

TEST(SendThread, SleepsWhileNothingPlays) {
    auto thread = SendThread::start();
    Ear ear;
    auto stream = add_stream(**thread, ear, 7);
    stream->pause();
    while ((*thread)->load().wakeups == 0) std::this_thread::yield();
    const auto before = (*thread)->load().wakeups;
    pollfd never{(*thread)->events_fd(), POLLIN, 0};
    EXPECT_EQ(::poll(&never, 1, 200), 0);
    EXPECT_LE((*thread)->load().wakeups, before + 1);
}

TEST(SendThread, RefusesASocketThatIsNotOne) {
    auto thread = SendThread::start();
    const auto refused = (*thread)->add({-1, {}, std::make_unique<ClearSealer>()});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason(), kSendThreadFailed);
}

class SendThreadUnderChurn : public bandstand::testing::SeededTest {};

TEST_F(SendThreadUnderChurn, SurvivesOrdersAndGoodbyesAtAnyMoment) {
    auto thread = SendThread::start();
    Ear ear;
    std::vector<std::unique_ptr<SendStream>> streams(30);
    std::uint32_t frame = 0;
    for (int i = 0; i < 20'000; ++i) {
        auto& stream = streams[random_.below(streams.size())];
        if (!stream) {
            stream = add_stream(**thread, ear, 1);
            continue;
        }
        switch (random_.below(8)) {
            case 0:
                stream->play();
                break;
            case 1:
                stream->pause();
                break;
            case 2:
                stream->flush();
                break;
            case 3:
                stream->stop();
                break;
            case 4: {
                const int mouth = ear.mouth();
                EXPECT_TRUE(stream->set_transport({mouth, {2, 0, 0}, std::make_unique<ClearSealer>()}));
                ::close(mouth);
                break;
            }
            case 5:
                if (random_.below(10) == 0) stream.reset();
                break;
            default:
                stream->packets().push({1, frame}, opus_of(frame));
                ++frame;
        }
        if (stream) {
            while (stream->next_event()) {
            }
        }
    }
    streams.clear();
    EXPECT_EQ((*thread)->load().streams, 0U);
}

}  // namespace
}  // namespace bandstand::audio_core
