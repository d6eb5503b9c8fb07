#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_set>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "sandbox/discord/json.hpp"

namespace bandstand::sandbox {

/// What one sender's RTP looked like: everything that a careful server could hold against it.
class StreamCheck {
public:
    struct Packet {
        std::uint16_t sequence = 0;
        std::uint32_t timestamp = 0;
        std::uint32_t nonce = 0;  ///< as the four bytes stood there
        bool silence = false;     ///< F8 FF FE
        std::size_t payload_bytes = 0;
        base::Instant at;
    };
    /// False: its nonce was used before under this key, so the packet is refused.
    bool accept(const Packet& packet);
    /// A new key: nonces may start again.
    void rekeyed() { used_.clear(), order_.clear(); }

    void dropped_unheard() { ++unheard_; }
    void dropped_forged() { ++forged_; }
    void dropped_early() { ++early_; }
    std::uint64_t packets() const { return packets_; }
    std::uint64_t sequence_gaps() const { return sequence_gaps_; }
    std::uint64_t irregular_timestamps() const { return irregular_timestamps_; }
    std::uint64_t reused_nonces() const { return reused_nonces_; }
    std::uint64_t unclosed_bursts() const { return unclosed_bursts_; }

    Json describe() const;

private:
    void compare(const Packet& packet);
    void pace(const Packet& packet, std::uint32_t step);

    std::uint64_t packets_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t silence_ = 0;
    std::uint64_t sequence_gaps_ = 0;  ///< numbers that were left out
    std::uint64_t reordered_ = 0;
    std::uint64_t irregular_timestamps_ = 0;  ///< inside a burst, not 960 a packet
    std::uint64_t reused_nonces_ = 0;
    std::uint64_t bursts_ = 0;
    std::uint64_t unclosed_bursts_ = 0;  ///< ended with fewer than five silence frames
    std::uint64_t unheard_ = 0;          ///< suppressed or server-muted
    std::uint64_t forged_ = 0;           ///< did not decrypt
    std::uint64_t early_ = 0;            ///< before Select Protocol or Speaking
    std::uint64_t paced_ = 0;
    double deviation_sum_us_ = 0;
    double deviation_max_us_ = 0;
    std::optional<Packet> last_;
    int silent_run_ = 0;
    std::unordered_set<std::uint32_t> used_;
    std::deque<std::uint32_t> order_;
};

}  // namespace bandstand::sandbox
