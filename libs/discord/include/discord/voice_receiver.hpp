#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "crypto/transport_cipher.hpp"

namespace bandstand::discord {

/// One packet of somebody's voice, as it came: not reordered, duplicates not removed.
struct VoicePacket {
    base::UserId user;  ///< zero: not known (only with ReceiverOptions::deliver_unknown)
    std::uint32_t ssrc;
    std::uint16_t sequence;
    std::uint32_t timestamp;  ///< 48 kHz samples
    base::Instant arrived;
    base::Bytes opus;  ///< one Opus packet; under DAVE it is still a DAVE frame

    /// `F8 FF FE`: silence, which closes a burst of speech.
    bool is_silence() const;
};

/// Why a datagram gave no packet.
enum class VoiceDrop { too_short, not_rtp, rtcp, payload_type, own, not_authentic, malformed, held };
constexpr std::size_t kVoiceDropKinds = 8;

struct ReceiverOptions {
    std::uint32_t own_ssrc = 0;
    /// Deliver packets of an SSRC that op 5 has not explained; else a few are held for a moment, then
    /// dropped.
    bool deliver_unknown = false;
};

/// Turns datagrams of the voice server into packets (discord-voice 4). No sockets, no clock; hostile
/// datagrams are dropped and counted. Memory is bounded: users, held SSRCs and held packets.
class VoiceReceiver {
public:
    VoiceReceiver(crypto::TransportCipher cipher, ReceiverOptions options);

    /// The packet in `datagram`, if it is one whose user is known.
    std::optional<VoicePacket> receive(base::ByteView datagram, base::Instant now);
    /// Op 5: the packets that were held for this SSRC come free, in order of arrival.
    std::vector<VoicePacket> on_speaking(base::UserId user, std::uint32_t ssrc, base::Instant now);
    /// Op 13.
    void on_user_left(base::UserId user);
    /// A new Session Description.
    void rekey(crypto::TransportCipher cipher);

    std::uint64_t dropped(VoiceDrop why) const;

private:
    std::expected<VoicePacket, VoiceDrop> read(base::ByteView datagram, base::Instant now);
    void drop(VoiceDrop why, std::uint64_t count = 1);
    void hold(VoicePacket packet);
    void forget_stale(base::Instant now);

    crypto::TransportCipher cipher_;
    ReceiverOptions options_;
    std::unordered_map<std::uint32_t, base::UserId> users_;
    std::map<std::uint32_t, std::vector<VoicePacket>> held_;
    std::uint64_t dropped_[kVoiceDropKinds] = {};
    base::Bytes plaintext_;  // reused
};

}  // namespace bandstand::discord
