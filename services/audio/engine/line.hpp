#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <variant>
#include <vector>

#include "audio_core/gain.hpp"
#include "audio_core/opus.hpp"
#include "audio_core/send_thread.hpp"
#include "base/bytes.hpp"
#include "domain/player_events.hpp"
#include "media/reader.hpp"
#include "runtime/offload.hpp"

namespace bandstand::audio {

/// An opened source, positioned where playing shall begin.
struct OpenedTrack {
    std::unique_ptr<media::Reader> reader;
    /// Would a read wait for the network? Any thread. Empty = never.
    std::function<bool()> would_wait{};
    /// Ends a read that waits. Any thread. Empty = reads never wait.
    std::function<void()> abort{};
};

/// How audio flows from sources to the send ring of one player:
///
///     reader -> seconds of packets or PCM -> volume, encoder -> about 100 ms in the send ring
///
/// The left half runs ahead so that a slow disk or network is not heard; the right half runs late so that
/// volume, seek and skip are. Opus packets of the source pass untouched while the volume is 100 %.
///
/// The loop gives orders; pool threads run at most one read per track and one fill at a time. The lock is
/// held for moments only, never while reading, decoding or encoding. What was in the making when an order
/// came is recognised by its epoch and thrown away.
class Line : public std::enable_shared_from_this<Line> {
public:
    /// Called on any thread.
    using Notify = std::function<void(domain::Input)>;
    Line(runtime::ThreadPool& encoders, runtime::ThreadPool& readers, Notify notify, std::uint32_t bitrate);

    // -- loop thread --
    void add(domain::StreamId id, OpenedTrack track);
    void close(domain::StreamId id);
    /// False: the track is already over.
    bool seek(domain::StreamId id, domain::StreamId becomes, domain::Milliseconds to);
    /// The end of `id` was sent: nobody can wind back into it any more.
    void passed(domain::StreamId id);
    void set_volume(std::uint32_t percent);
    void set_bitrate(std::uint32_t bits_per_second);
    /// Where packets go; null = nowhere. The stream must stay until it is replaced.
    void attach(audio_core::SendStream* stream);
    bool empty() const;

    /// Posts to the pools what has become due. Any thread.
    void schedule();

private:
    struct Item {
        std::uint32_t frame = 0;  // 20 ms from the start of the track
        std::variant<base::Bytes, std::unique_ptr<audio_core::PcmFrame>> audio;
    };
    struct Track {
        domain::StreamId id;
        OpenedTrack source;
        std::deque<Item> ahead{};
        std::size_t ahead_bytes = 0;
        std::uint64_t epoch = 0;  // counts the seeks
        std::optional<domain::Milliseconds> seek_to{};
        std::optional<base::Error> failure{};
        bool passthrough = false;
        bool ended = false;  // nothing more to read
        bool reading = false;
        bool closed = false;
    };
    using TrackPtr = std::shared_ptr<Track>;  // shared with the read that may be under way

    bool wants_read(const Track& track) const;
    bool wants_fill() const;
    void read(const TrackPtr& track);
    base::Result<std::optional<Item>> read_item(Track& track, bool passthrough);
    bool keep(const TrackPtr& track, std::uint64_t epoch, base::Result<std::optional<Item>> item);
    void fill();
    bool fill_one();
    bool finish_front();
    std::optional<base::ByteView> produce(const Item& item);
    bool decode(const base::Bytes& packet, audio_core::PcmFrame& into);
    void discard_sent_ahead();

    runtime::ThreadPool& encoders_;
    runtime::ThreadPool& readers_;
    Notify notify_;
    std::atomic<std::uint32_t> volume_percent_{100};
    std::atomic<std::uint32_t> bitrate_;

    mutable std::mutex mutex_;
    std::deque<TrackPtr> tracks_;  // the first one sounds
    TrackPtr passed_in_;           // wholly in the ring, its end not sent yet, and nothing behind it
    audio_core::SendStream* stream_ = nullptr;
    std::uint64_t epoch_ = 0;  // counts what made the ring's content void
    bool filling_ = false;

    // Of the one fill under way.
    std::optional<audio_core::OpusEncoder> encoder_;
    std::optional<audio_core::OpusDecoder> decoder_;
    audio_core::Gain gain_;
    audio_core::Limiter limiter_;
    std::uint32_t encoder_bitrate_ = 0;
    bool encoding_ = false;                // the last packet came from the encoder
    std::deque<base::Bytes> last_passed_;  // what a decoder must hear before it is in tune
};

}  // namespace bandstand::audio
