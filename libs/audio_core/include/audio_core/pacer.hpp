#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "audio_core/packet_ring.hpp"
#include "audio_core/rtp.hpp"
#include "audio_core/spsc_ring.hpp"
#include "audio_core/stream_stats.hpp"
#include "base/clock.hpp"

namespace bandstand::audio_core {

// An Opus decoder interpolates across a gap: stop without silence and the last note smears into the next
// track. Five is Discord's number (developer docs, "Voice Data Interpolation").
constexpr int kTrailingSilenceFrames = 5;

/// So many packets (100 ms) must wait in the ring, or an end of track, before music starts or starts again:
/// one packet at a time would stutter.
constexpr std::size_t kRefillFrames = 5;

/// Something the player wants to know. `at` is the deadline of the packet in question.
struct StreamEvent {
    enum class Kind : std::uint8_t {
        track_started,  ///< `tag` is the first frame of a track that went out
        track_ended,    ///< the end of `tag.track` passed; `tag.frame` is the last frame that went out
        drained,        ///< the ring is empty after an end of track
        underrun,       ///< the ring is empty in the middle of a track; `cause`
        recovered,      ///< music again after an underrun; `gap` is how long it was missing
        quiet,          ///< trailing silence is out: nothing is sent from here on (Speaking 0 may be sent)
    };
    Kind kind = Kind::quiet;
    GapCause cause = GapCause::source;
    FrameTag tag;
    base::Instant at;
    base::Duration gap{};
};
using StreamEvents = SpscRing<StreamEvent>;

/// Where RTP starts; random numbers for a new session (RFC 3550 section 5.1).
struct RtpStart {
    std::uint32_t ssrc = 0;
    std::uint16_t sequence = 0;
    std::uint32_t timestamp = 0;
};

/// One stream, decided without I/O: at each tick it says which packet leaves, if any.
///
/// Rules. Sequence numbers have no holes. The timestamp advances by 960 per 20 ms of the clock, whether or
/// not a packet left, so a listener's client places a pause as a pause. Whenever music stops (pause, flush,
/// end, underrun) five silence frames follow, unless music comes back before. A frame is never skipped to
/// catch up.
class PacedStream {
public:
    PacedStream(PacketRing& packets, StreamStats& stats, StreamEvents& events, RtpStart rtp);
    PacedStream(const PacedStream&) = delete;
    PacedStream& operator=(const PacedStream&) = delete;

    void play();                     ///< send what is in the ring, and what will come
    void pause();                    ///< keep the ring; five silence frames
    void flush(std::uint64_t mark);  ///< drop what was pushed before PacketRing::mark() gave `mark`
    void restart_rtp(RtpStart rtp);  ///< a new voice session

    struct Outgoing {
        RtpHeader header;
        base::ByteView opus;
        FrameTag tag;
        bool silence = false;
    };
    /// What leaves at `deadline`. After it the caller sends and calls sent().
    std::optional<Outgoing> tick(base::Instant deadline);
    /// `accepted` = the kernel took all of it. `now` is read after the send.
    void sent(const Outgoing& packet, base::Instant deadline, base::Instant now, bool accepted,
              std::size_t bytes);
    /// The schedule gave up `time` because the thread woke too late.
    void skipped(base::Duration time);

    /// Nothing to send until play() is called: needs no ticks.
    bool idle() const { return !playing_ && silence_left_ == 0; }
    /// True once after something was announced.
    bool take_news() { return std::exchange(news_, false); }

private:
    friend class Pacer;
    std::optional<Outgoing> next_music(base::Instant deadline);
    std::optional<Outgoing> next_silence(base::Instant deadline);
    RtpHeader stamp(base::Instant deadline);
    bool enough_to_start() const;
    void pass_ends(base::Instant deadline);
    void ran_dry(base::Instant deadline);
    void starve();
    void recover(base::Instant deadline);
    void stop_music();
    void announce(StreamEvent event);

    PacketRing& packets_;
    StreamStats& stats_;
    StreamEvents& events_;
    RtpStart rtp_;
    std::optional<base::Instant> last_stamp_;  // deadline of the last packet of this RTP session
    bool playing_ = false;
    bool flowing_ = false;  // the last tick sent music
    bool ended_ = false;    // the last record was an end of track
    bool news_ = false;
    int silence_left_ = 0;
    FrameTag last_{};                     // last music frame that left
    std::optional<GapCause> starved_by_;  // we are in the gap of an underrun
    base::Duration starved_for_{};

    // Intrusive list of a slot: scheduling never allocates.
    PacedStream* next_ = nullptr;
    PacedStream* previous_ = nullptr;
    int slot_ = -1;
};

struct PacerOptions {
    int slots = 20;     ///< per 20 ms: streams are spread over them
    int max_burst = 5;  ///< packets of one stream sent back to back after a late wake-up (100 ms)
};

/// The schedule: absolute deadlines, streams spread over the slots of 20 ms, decided without I/O.
///
/// Slot n is due at `start + n * 20 ms / slots`; nothing accumulates, so nothing drifts. After a late wake-up
/// every missed slot is run in order. One that is later than `max_burst` rounds gives all of the delay up and
/// tells every stream: a thread that is too busy would else stay that late for ever.
class Pacer {
public:
    explicit Pacer(PacerOptions options = {});

    /// Into the emptiest slot; of several the one that is due first. Does nothing if it is scheduled already.
    void add(PacedStream& stream, base::Instant now);
    void remove(PacedStream& stream);
    bool scheduled(const PacedStream& stream) const { return stream.slot_ >= 0; }
    std::size_t streams() const { return streams_; }

    /// When the next slot that has a stream is due; nothing if there is no stream.
    std::optional<base::Instant> next_deadline() const;

    /// Runs every slot that is due at `now`: `send(stream, deadline)` for each of its streams, which may
    /// remove itself.
    template <class Send>
    void run(base::Instant now, Send&& send) {
        give_up_time(now);
        for (; streams_ > 0 && deadline_of(next_slot_) <= now; ++next_slot_) {
            PacedStream* stream = slots_[index_of(next_slot_)].first;
            while (stream != nullptr) {
                PacedStream* const following = stream->next_;
                send(*stream, deadline_of(next_slot_));
                stream = following;
            }
        }
    }

private:
    struct Slot {
        PacedStream* first = nullptr;
        std::size_t streams = 0;
    };
    std::size_t index_of(std::int64_t slot) const { return static_cast<std::size_t>(slot) % slots_.size(); }
    base::Instant deadline_of(std::int64_t slot) const { return start_ + slot * slot_length_; }
    void give_up_time(base::Instant now);

    std::vector<Slot> slots_;
    base::Duration slot_length_;
    base::Duration max_lag_;
    base::Instant start_;
    std::int64_t next_slot_ = 0;
    std::size_t streams_ = 0;
};

}  // namespace bandstand::audio_core
