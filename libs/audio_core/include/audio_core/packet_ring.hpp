#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "audio_core/opus.hpp"
#include "base/bytes.hpp"

namespace bandstand::audio_core {

/// Which frame of which track a packet is. `track` is the player's own count from 1, so that a position is
/// never mistaken for one in the track before; `frame` counts 20 ms from the start of the file.
struct FrameTag {
    std::uint32_t track = 0;
    std::uint32_t frame = 0;
    friend bool operator==(FrameTag, FrameTag) = default;
};

/// Why a listener did not get a frame in time.
enum class GapCause : std::uint8_t {
    source,   ///< bytes did not arrive (disk, network)
    decoder,  ///< decoding, filtering or encoding did not keep up
    thread,   ///< the send thread woke up too late and gave frames' time up
    socket,   ///< the kernel refused the datagram
};
constexpr std::size_t kGapCauses = 4;

/// Opus packets on their way from one producer (decoder pool) to one consumer (send thread): a bounded ring
/// of bytes with records of varying length. No locks; no allocation after construction.
///
/// 64 KiB hold 4 s at 128 kbit/s, and 50 packets (1 s) of the greatest size.
/// The producer may change threads as long as one's last push happens before the other's first.
class PacketRing {  // NOLINT(clang-analyzer-optin.performance.Padding): a cache line for each side
public:
    static constexpr std::size_t kDefaultBytes = std::size_t{64} * 1024;
    /// Rounded up to a power of two, at least 4 KiB.
    explicit PacketRing(std::size_t bytes = kDefaultBytes);
    PacketRing(const PacketRing&) = delete;
    PacketRing& operator=(const PacketRing&) = delete;

    // -- producer ------------------------------------------------------------------------------------------
    /// Copies 20 ms of Opus in, 1 to kMaxOpusPacketBytes. False: full, try again later.
    bool push(FrameTag tag, base::ByteView opus);
    /// Nothing more of this track follows: running empty after it is the end, not an underrun. False: full.
    bool push_end(std::uint32_t track);
    /// What the producer is doing; the cause if the ring runs empty meanwhile. Starts as GapCause::source.
    void busy_with(GapCause cause) { cause_.store(cause, std::memory_order_relaxed); }

    // -- any thread ----------------------------------------------------------------------------------------
    /// Packets queued; one is 20 ms.
    std::size_t frames() const;
    /// Everything pushed so far lies before this mark.
    std::uint64_t mark() const { return write_.load(std::memory_order_acquire); }
    GapCause producer_cause() const { return cause_.load(std::memory_order_relaxed); }

    // -- consumer ------------------------------------------------------------------------------------------
    struct Record {
        FrameTag tag;
        base::ByteView opus;  ///< empty: end of track. Valid until pop().
        bool is_end() const { return opus.empty(); }
    };
    std::optional<Record> front();
    void pop();
    /// Drops what was pushed before `mark` was read.
    void drop_before(std::uint64_t mark);
    /// An end of track is queued: waiting for more packets before playing would wait in vain.
    bool has_end() const;

private:
    struct Header;
    Header* header_at(std::uint64_t position);
    Header* reserve(std::size_t payload_bytes);

    std::size_t size_;
    std::unique_ptr<std::byte[]> storage_;
    std::atomic<GapCause> cause_{GapCause::source};
    // Producer's line.
    alignas(64) std::atomic<std::uint64_t> write_{0};
    std::atomic<std::uint64_t> frames_in_{0};
    std::atomic<std::uint64_t> ends_in_{0};
    // Consumer's line.
    alignas(64) std::atomic<std::uint64_t> read_{0};
    std::atomic<std::uint64_t> frames_out_{0};
    std::atomic<std::uint64_t> ends_out_{0};
};

}  // namespace bandstand::audio_core
