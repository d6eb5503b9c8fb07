#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "sandbox/discord/json.hpp"

namespace bandstand::sandbox::cli {

/// One packet that a listener got.
struct HeardPacket {
    std::int64_t arrived_us = 0;  ///< CLOCK_REALTIME
    std::uint32_t ssrc = 0;
    std::uint16_t sequence = 0;
    std::uint32_t timestamp = 0;
    base::Bytes opus;
};

/// What a listener heard, placed by RTP timestamp. No sockets, no files.
///
/// Each SSRC is one track that begins where its first packet arrived; sequence numbers and timestamps are
/// unwrapped, duplicates dropped, and what was not sent is silence.
class Recording {
public:
    /// False for a packet that came already.
    bool add(HeardPacket packet);
    /// Packets with sound in them (not F8 FF FE).
    std::size_t sounding() const { return sounding_; }
    std::optional<std::int64_t> first_sound_us() const { return first_sound_us_; }
    std::optional<std::int64_t> last_sound_us() const { return last_sound_us_; }

    /// One line per packet in order of arrival: t_us, ssrc, seq, ext_seq (unwrapped), ts, opus_hex.
    std::vector<std::string> packet_lines() const;
    /// Counts, times of the first and last sounding packet, holes between sounding packets, and the SHA-256
    /// of their payloads in order.
    Json summary() const;
    /// 48 kHz stereo s16 WAV of everything heard, at most `limit` long. Errors: those of the Opus decoder.
    base::Result<std::string> wav(std::chrono::seconds limit) const;

private:
    struct Kept {
        HeardPacket packet{};
        std::int64_t sequence = 0;  ///< unwrapped
        std::int64_t samples = 0;   ///< since the first packet of its SSRC, by timestamp
        bool silence = false;
    };
    struct Track {
        std::int64_t begins_us = 0;
        std::int64_t last_sequence = 0;
        std::int64_t last_samples = 0;
        std::uint32_t last_timestamp = 0;
        std::map<std::int64_t, Kept> packets;  // by unwrapped sequence
    };

    std::map<std::uint32_t, Track> tracks_;
    std::vector<std::pair<std::uint32_t, std::int64_t>> arrivals_;  // ssrc and unwrapped sequence
    std::size_t sounding_ = 0;
    std::size_t duplicates_ = 0;
    std::size_t reordered_ = 0;
    std::optional<std::int64_t> first_sound_us_;
    std::optional<std::int64_t> last_sound_us_;
};

}  // namespace bandstand::sandbox::cli
