#include "audio_core/pacer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <vector>

#include "testing/seeded.hpp"

namespace bandstand::audio_core {
namespace {

using namespace std::chrono_literals;
using Kind = StreamEvent::Kind;

constexpr RtpStart kRtp{.ssrc = 7, .sequence = 65'530, .timestamp = 4'294'960'000};  // both wrap soon
constexpr base::Instant kStart{1h};

struct TestStream {
    PacketRing ring{256 * 1024};
    StreamStats stats;
    StreamEvents events{64};
    PacedStream paced{ring, stats, events, kRtp};
    std::uint32_t track = 1;
    std::uint32_t frame = 0;

    void push(std::uint32_t count) {
        constexpr std::array kOpus{std::byte{0xFC}, std::byte{1}, std::byte{2}};
        for (std::uint32_t i = 0; i < count; ++i) ASSERT_TRUE(ring.push({track, frame++}, kOpus));
    }
    void end_track() {
        ASSERT_TRUE(ring.push_end(track++));
        frame = 0;
    }
    std::vector<StreamEvent> take_events() {
        std::vector<StreamEvent> all;
        while (auto event = events.pop()) all.push_back(*event);
        return all;
    }
    std::vector<Kind> take_kinds() {
        std::vector<Kind> kinds;
        for (const auto& event : take_events()) kinds.push_back(event.kind);
        return kinds;
    }
    std::uint64_t gaps(GapCause cause) const { return stats.gaps[static_cast<std::size_t>(cause)].value(); }
    base::Duration gap_time(GapCause cause) const {
        return base::Duration{
            static_cast<std::int64_t>(stats.gap_ns[static_cast<std::size_t>(cause)].value())};
    }
};

struct Sent {
    const PacedStream* stream;
    base::Instant deadline;
    RtpHeader header;
    FrameTag tag;
    bool silence;
};

/// The send thread with a clock that stands still: what it would have sent, and when.
class Desk {
public:
    explicit Desk(PacerOptions options = {}) : pacer{options} {}

    void play(TestStream& stream) {
        stream.paced.play();
        pacer.add(stream.paced, now);
    }
    /// One wake-up at `at`.
    void wake(base::Instant at) {
        now = at;
        pacer.run(now, [&](PacedStream& stream, base::Instant deadline) {
            if (const auto packet = stream.tick(deadline)) {
                sent.push_back({&stream, deadline, packet->header, packet->tag, packet->silence});
                stream.sent(*packet, deadline, now, socket_accepts, 100);
            }
            if (stream.idle()) pacer.remove(stream);
        });
    }
    /// Wakes exactly when the next slot is due, until `until`.
    void run_until(base::Instant until) {
        for (auto next = pacer.next_deadline(); next && *next <= until; next = pacer.next_deadline())
            wake(*next);
        now = until;
    }
    void run_for(base::Duration time) { run_until(now + time); }
    std::vector<Sent> take_sent() { return std::exchange(sent, {}); }

    Pacer pacer;
    base::Instant now = kStart;
    std::vector<Sent> sent;
    bool socket_accepts = true;
};

std::string shape(const std::vector<Sent>& packets) {  // "MMMsssss": music and silence in order
    std::string out;
    for (const auto& packet : packets) out += packet.silence ? 's' : 'M';
    return out;
}

TEST(Pacer, SendsOneFrameEvery20MillisecondsFromTheFirstMomentOn) {
    Desk desk;
    TestStream stream;
    stream.push(100);
    desk.play(stream);
    desk.run_for(1980ms);
    const auto sent = desk.take_sent();
    ASSERT_EQ(sent.size(), 100U);
    for (std::size_t i = 0; i < sent.size(); ++i) {
        EXPECT_EQ(sent[i].deadline, kStart + i * 20ms);
        EXPECT_EQ(sent[i].header.sequence, static_cast<std::uint16_t>(kRtp.sequence + i));
        EXPECT_EQ(sent[i].header.timestamp, static_cast<std::uint32_t>(kRtp.timestamp + i * 960));
        EXPECT_EQ(sent[i].header.ssrc, kRtp.ssrc);
        EXPECT_EQ(sent[i].tag, (FrameTag{1, static_cast<std::uint32_t>(i)}));
    }
    EXPECT_EQ(stream.stats.position(), (FrameTag{1, 99}));
    EXPECT_EQ(stream.stats.packets.value(), 100U);
}

class PacerOverHours : public bandstand::testing::SeededTest {};

TEST_F(PacerOverHours, DoesNotDriftThoughEveryWakeUpIsLate) {
    Desk desk;
    TestStream stream;
    stream.push(20);
    desk.play(stream);
    constexpr std::uint32_t kFrames = 3 * 3600 * 50;
    for (std::uint32_t i = 0; i < kFrames; ++i) {
        const base::Duration late{random_.below(9'000'000)};
        desk.wake(*desk.pacer.next_deadline() + late);
        stream.push(1);
    }
    ASSERT_EQ(desk.sent.size(), kFrames);
    EXPECT_EQ(desk.sent.back().deadline, kStart + (kFrames - 1) * 20ms);
    EXPECT_EQ(stream.stats.lateness.count(), kFrames);
    EXPECT_LT(stream.stats.lateness.max(), 9ms);
}

TEST(Pacer, SpreadsStreamsEvenlyOverTheSlots) {
    Desk desk{{.slots = 20}};
    std::vector<std::unique_ptr<TestStream>> streams;
    for (int i = 0; i < 100; ++i) {
        streams.push_back(std::make_unique<TestStream>());
        streams.back()->push(10);
        desk.play(*streams.back());
    }
    desk.run_for(19'999us);
    std::map<base::Instant, int> by_deadline;
    for (const auto& packet : desk.take_sent()) ++by_deadline[packet.deadline];
    EXPECT_EQ(by_deadline.size(), 20U);
    for (const auto& [deadline, count] : by_deadline) EXPECT_EQ(count, 5);
}

TEST(Pacer, PutsANewStreamWhereFewAreAndSoonest) {
    Desk desk{{.slots = 4}};
    TestStream first;
    TestStream second;
    for (auto* stream : {&first, &second}) stream->push(10);
    desk.play(first);
    desk.run_for(6ms);
    desk.play(second);
    EXPECT_EQ(desk.pacer.next_deadline(), kStart + 10ms)
        << "the slot at 5 ms is past, the one at 10 ms is free";
}

TEST(Pacer, NeedsNoWakeUpWithoutStreams) {
    Desk desk;
    EXPECT_FALSE(desk.pacer.next_deadline());
    TestStream stream;
    stream.push(5);
    desk.play(stream);
    stream.paced.pause();
    desk.run_for(1s);
    EXPECT_FALSE(desk.pacer.next_deadline()) << "a paused stream leaves the schedule";
    EXPECT_EQ(desk.pacer.streams(), 0U);
}

TEST(Pacer, CatchesUpAfterALateWakeUpWithoutLosingAFrame) {
    Desk desk;
    TestStream stream;
    stream.push(50);
    desk.play(stream);
    desk.wake(kStart);
    desk.wake(kStart + 75ms);
    EXPECT_EQ(desk.sent.size(), 4U);
    EXPECT_EQ(desk.sent.back().deadline, kStart + 60ms);
    EXPECT_EQ(desk.pacer.next_deadline(), kStart + 80ms);
    EXPECT_EQ(stream.gaps(GapCause::thread), 0U);
    EXPECT_EQ(stream.stats.lateness.max(), 55ms);
}

TEST(Pacer, GivesTimeUpRatherThanSendALongBurst) {
    Desk desk{{.max_burst = 5}};
    TestStream stream;
    stream.push(100);
    desk.play(stream);
    desk.wake(kStart);
    desk.wake(kStart + 1s);
    ASSERT_EQ(desk.sent.size(), 2U) << "back on time at once";
    EXPECT_EQ(desk.sent[1].deadline, kStart + 1s);
    EXPECT_EQ(stream.gaps(GapCause::thread), 1U);
    EXPECT_EQ(stream.gap_time(GapCause::thread), 980ms);
    EXPECT_EQ(desk.sent[1].tag.frame, 1U) << "time is given up, music is not";
    EXPECT_EQ(desk.sent[1].header.timestamp - desk.sent[0].header.timestamp, 50U * 960)
        << "the hole is in the timestamps";
    EXPECT_EQ(static_cast<std::uint16_t>(desk.sent[1].header.sequence - desk.sent[0].header.sequence), 1U);
}

TEST(Pacer, NeverSendsMoreThanItsBurst) {
    for (auto late = 0ms; late < 500ms; late += 1ms) {
        Desk desk{{.max_burst = 5}};
        TestStream stream;
        stream.push(50);
        desk.play(stream);
        desk.wake(kStart);
        desk.take_sent();
        desk.wake(kStart + late);
        EXPECT_LE(desk.sent.size(), 5U) << late.count();
        EXPECT_LE(stream.stats.lateness.max(), 100ms);
    }
}

TEST(PacedStream, WaitsUntilEnoughIsThereToStart) {
    Desk desk;
    TestStream stream;
    stream.push(kRefillFrames - 1);
    desk.play(stream);
    desk.run_for(100ms);
    EXPECT_TRUE(desk.sent.empty());
    stream.push(1);
    desk.run_for(20ms);
    EXPECT_EQ(shape(desk.take_sent()), "M");
}

TEST(PacedStream, StartsWithLessWhenTheTrackIsShorter) {
    Desk desk;
    TestStream stream;
    stream.push(2);
    stream.end_track();
    desk.play(stream);
    desk.run_for(1s);
    EXPECT_EQ(shape(desk.take_sent()), "MMsssss");
}

TEST(PacedStream, EndsATrackWithFiveSilenceFramesAndSaysSo) {
    Desk desk;
    TestStream stream;
    stream.push(10);
    stream.end_track();
    desk.play(stream);
    desk.run_for(1s);
    EXPECT_EQ(shape(desk.take_sent()), "MMMMMMMMMMsssss");
    const auto events = stream.take_events();
    ASSERT_EQ(events.size(), 4U);
    EXPECT_EQ(events[0].kind, Kind::track_started);
    EXPECT_EQ(events[0].at, kStart);
    EXPECT_EQ(events[1].kind, Kind::track_ended);
    EXPECT_EQ(events[1].tag, (FrameTag{1, 9}));
    EXPECT_EQ(events[1].at, kStart + 200ms);
    EXPECT_EQ(events[2].kind, Kind::drained);
    EXPECT_EQ(events[3].kind, Kind::quiet);
    for (const auto cause : {GapCause::source, GapCause::decoder, GapCause::thread, GapCause::socket}) {
        EXPECT_EQ(stream.gaps(cause), 0U) << "an end is not a gap";
    }
}

TEST(PacedStream, GoesFromOneTrackToTheNextWithoutAGap) {
    Desk desk;
    TestStream stream;
    stream.push(10);
    stream.end_track();
    stream.push(10);
    desk.play(stream);
    desk.run_for(380ms);
    const auto sent = desk.take_sent();
    EXPECT_EQ(shape(sent), std::string(20, 'M'));
    EXPECT_EQ(sent[10].tag, (FrameTag{2, 0}));
    EXPECT_EQ(sent[10].deadline, kStart + 200ms);
    EXPECT_EQ(stream.take_kinds(),
              (std::vector{Kind::track_started, Kind::track_ended, Kind::track_started}));
}

TEST(PacedStream, CountsAnUnderrunWithItsCauseAndRecoversInTime) {
    Desk desk;
    TestStream stream;
    stream.ring.busy_with(GapCause::decoder);
    stream.push(6);
    desk.play(stream);
    desk.run_until(kStart + 309ms);
    EXPECT_EQ(shape(desk.sent), "MMMMMMsssss");
    EXPECT_EQ(stream.gaps(GapCause::decoder), 1U);
    stream.push(10);
    desk.run_for(40ms);
    const auto sent = desk.take_sent();
    ASSERT_EQ(shape(sent), "MMMMMMsssssMM");
    EXPECT_EQ(sent[11].tag.frame, 6U) << "no frame is skipped";
    EXPECT_EQ(sent[11].deadline, kStart + 320ms);
    EXPECT_EQ(static_cast<std::uint16_t>(sent[11].header.sequence - sent[10].header.sequence), 1U);
    EXPECT_EQ(sent[11].header.timestamp - sent[0].header.timestamp, 16U * 960) << "time went on";
    const auto events = stream.take_events();
    ASSERT_EQ(events.size(), 4U);
    EXPECT_EQ(events[1].kind, Kind::underrun);
    EXPECT_EQ(events[1].cause, GapCause::decoder);
    EXPECT_EQ(events[1].at, kStart + 120ms);
    EXPECT_EQ(events[2].kind, Kind::quiet);
    EXPECT_EQ(events[3].kind, Kind::recovered);
    EXPECT_EQ(events[3].gap, 200ms);
    EXPECT_EQ(stream.gap_time(GapCause::decoder), 200ms);
}

TEST(PacedStream, PausesWithFiveSilenceFramesAndGoesOnWithTheNextFrame) {
    Desk desk;
    TestStream stream;
    stream.push(50);
    desk.play(stream);
    desk.run_for(199ms);
    stream.paced.pause();
    desk.run_for(10s);
    EXPECT_EQ(shape(desk.sent), "MMMMMMMMMMsssss");
    EXPECT_EQ(stream.stats.position(), (FrameTag{1, 9}));
    desk.play(stream);
    desk.run_for(0s);
    const auto sent = desk.take_sent();
    ASSERT_EQ(sent.size(), 16U);
    EXPECT_EQ(sent[15].tag, (FrameTag{1, 10}));
    EXPECT_EQ(static_cast<std::uint16_t>(sent[15].header.sequence - sent[14].header.sequence), 1U);
    EXPECT_EQ(sent[15].header.timestamp - sent[14].header.timestamp, 496U * 960)
        << "9.919 s, to the nearest frame";
    EXPECT_EQ(stream.take_kinds(), (std::vector{Kind::track_started, Kind::quiet}));
}

TEST(PacedStream, ResumedDuringItsSilenceGoesStraightOn) {
    Desk desk;
    TestStream stream;
    stream.push(50);
    desk.play(stream);
    desk.run_for(59ms);
    stream.paced.pause();
    desk.run_for(40ms);
    stream.paced.play();
    desk.run_for(40ms);
    EXPECT_EQ(shape(desk.sent), "MMMssMM");
    EXPECT_EQ(desk.sent.back().tag.frame, 4U);
}

TEST(PacedStream, FlushDropsTheOldTrackAndPlaysTheNewOneAtOnce) {
    Desk desk;
    TestStream stream;
    stream.push(50);
    desk.play(stream);
    desk.run_for(59ms);
    const auto mark = stream.ring.mark();
    stream.track = 2;
    stream.frame = 0;
    stream.push(10);
    stream.paced.flush(mark);
    desk.run_for(20ms);
    const auto sent = desk.take_sent();
    EXPECT_EQ(shape(sent), "MMMM");
    EXPECT_EQ(sent.back().tag, (FrameTag{2, 0}));
    EXPECT_EQ(stream.take_kinds(), (std::vector{Kind::track_started, Kind::track_started}));
}

TEST(PacedStream, FlushWithNothingToFollowFallsSilentWithoutAGap) {
    Desk desk;
    TestStream stream;
    stream.push(50);
    desk.play(stream);
    desk.run_for(59ms);
    stream.paced.flush(stream.ring.mark());
    desk.run_for(1s);
    EXPECT_EQ(shape(desk.sent), "MMMsssss");
    EXPECT_EQ(stream.gaps(GapCause::source), 0U);
    EXPECT_EQ(stream.take_kinds(), (std::vector{Kind::track_started, Kind::quiet}));
}

TEST(PacedStream, CountsADatagramThatTheSocketRefusesAndGoesOn) {
    Desk desk;
    TestStream stream;
    stream.push(50);
    desk.play(stream);
    desk.socket_accepts = false;
    desk.run_for(39ms);
    desk.socket_accepts = true;
    desk.run_for(20ms);
    EXPECT_EQ(stream.gaps(GapCause::socket), 2U);
    EXPECT_EQ(stream.stats.packets.value(), 1U);
    EXPECT_EQ(stream.stats.position(), (FrameTag{1, 2}));
}

TEST(PacedStream, StartsRtpAnewInANewSession) {
    Desk desk;
    TestStream stream;
    stream.push(50);
    desk.play(stream);
    desk.run_for(39ms);
    stream.paced.restart_rtp({.ssrc = 9, .sequence = 5, .timestamp = 6});
    desk.run_for(20ms);
    EXPECT_EQ(desk.sent.back().header, (RtpHeader{.sequence = 5, .timestamp = 6, .ssrc = 9}));
    EXPECT_EQ(desk.sent.back().tag.frame, 2U);
}

TEST(PacedStream, CountsEventsThatNobodyReads) {
    Desk desk;
    TestStream stream;
    desk.play(stream);
    for (int i = 0; i < 40; ++i) {
        stream.push(1);
        stream.end_track();
        desk.run_for(20ms);
    }
    EXPECT_GT(stream.stats.events_lost.value(), 0U);
    EXPECT_EQ(stream.take_events().size(), 64U);
}

TEST(LatenessHistogram, PutsEachValueIntoTheBucketWhoseBoundIsNotBelowIt) {
    LatenessHistogram histogram;
    for (const auto late : {-1us, 0us, 10us, 11us, 18us, 100'000us, 100'001us}) histogram.record(late);
    const auto buckets = histogram.buckets();
    EXPECT_EQ(buckets[0], 3U);
    EXPECT_EQ(buckets[1], 2U);
    EXPECT_EQ(buckets[16], 1U);
    EXPECT_EQ(buckets[17], 1U);
    EXPECT_EQ(histogram.count(), 7U);
    EXPECT_EQ(histogram.max(), 100'001us);
}

TEST(LatenessHistogram, KnowsItsQuantilesWithinAThird) {
    LatenessHistogram histogram;
    for (int us = 1; us <= 10'000; ++us) histogram.record(us * 1us);
    for (const double quantile : {0.01, 0.5, 0.99, 0.999}) {
        const auto exact = static_cast<double>(10'000'000 * quantile);
        EXPECT_NEAR(static_cast<double>(lateness_quantile(histogram.buckets(), quantile).count()), exact,
                    exact / 3);
    }
    histogram.record(1h);
    EXPECT_EQ(lateness_quantile(histogram.buckets(), 1), 100ms);
    EXPECT_EQ(lateness_quantile({}, 0.5), 0ns);
}

/// Everything that must hold for one stream whatever happens around it.
class Listener {
public:
    void hears(const Sent& packet) {
        if (last_) {
            ASSERT_EQ(packet.header.sequence, static_cast<std::uint16_t>(last_->header.sequence + 1));
            const auto elapsed = std::max<std::int64_t>((packet.deadline - last_->deadline + 10ms) / 20ms, 1);
            ASSERT_EQ(packet.header.timestamp - last_->header.timestamp,
                      static_cast<std::uint32_t>(elapsed * 960));
            ASSERT_GT(packet.deadline, last_->deadline);
            if (!last_->silence && elapsed > 1) {
                ASSERT_TRUE(gave_up_) << "music stopped without silence";
            }
        }
        gave_up_ = false;
        silence_ = packet.silence ? silence_ + 1 : 0;
        ASSERT_LE(silence_, kTrailingSilenceFrames);
        if (!packet.silence) {
            if (last_music_ && last_music_->track == packet.tag.track && !flushed_) {
                ASSERT_EQ(packet.tag.frame, last_music_->frame + 1);
            }
            flushed_ = false;
            last_music_ = packet.tag;
        }
        last_ = packet;
    }
    void flushed() { flushed_ = true; }
    void time_was_given_up() { gave_up_ = true; }

private:
    std::optional<Sent> last_;
    std::optional<FrameTag> last_music_;
    int silence_ = 0;
    bool flushed_ = false;
    bool gave_up_ = false;
};

class PacerUnderChurn : public bandstand::testing::SeededTest {};

TEST_F(PacerUnderChurn, KeepsEveryPromiseToEveryListener) {
    Desk desk;
    constexpr std::size_t kStreams = 40;
    std::vector<std::unique_ptr<TestStream>> streams;
    std::map<const PacedStream*, Listener> listeners;
    for (std::size_t i = 0; i < kStreams; ++i) streams.push_back(std::make_unique<TestStream>());
    for (int round = 0; round < 20'000; ++round) {
        auto& stream = *streams[random_.below(kStreams)];
        switch (random_.below(6)) {
            case 0:
                desk.play(stream);
                break;
            case 1:
                stream.paced.pause();
                break;
            case 2:
                stream.paced.flush(stream.ring.mark());
                listeners[&stream.paced].flushed();
                break;
            case 3:
                stream.end_track();
                break;
            default:
                if (stream.ring.frames() < 500) stream.push(static_cast<std::uint32_t>(random_.below(40)));
        }
        const bool stall = random_.below(200) == 0;
        const auto before = desk.now;
        desk.wake(desk.now + base::Duration{random_.below(stall ? 700'000'000 : 4'000'000)});
        if (desk.now - before >= 100ms) {
            for (auto& [paced, listener] : listeners) listener.time_was_given_up();
        }
        std::map<const PacedStream*, int> burst;
        for (const auto& packet : desk.take_sent()) {
            ASSERT_LE(++burst[packet.stream], 5);
            ASSERT_NO_FATAL_FAILURE(listeners[packet.stream].hears(packet)) << "round " << round;
        }
        for (auto& each : streams) each->take_events();
    }
}

}  // namespace
}  // namespace bandstand::audio_core
