#pragma once

#include "sandbox/discord/voice_server.hpp"

namespace bandstand::sandbox {

/// One websocket of the voice server.
struct VoiceServer::Connection {
    Peer* peer = nullptr;
    std::optional<CallKey> call;
    base::Instant last_heartbeat;
    bool closing = false;
};

/// One member's voice session: it outlives its websocket for a while.
struct VoiceServer::Call {
    static constexpr std::size_t kBuffered = 512;

    VoiceTicket ticket;
    VoiceRights rights;
    std::uint32_t ssrc = 0;
    std::uint64_t connection = 0;  ///< 0 = detached, resumable
    std::optional<base::Instant> detached_since;

    // Numbered messages, for a resume.
    std::uint16_t next_sequence = 1;
    std::deque<std::pair<std::uint16_t, std::string>> unconfirmed;
    bool overflowed = false;  ///< something unconfirmed was forgotten

    // Transport.
    std::optional<UdpAddress> observed;  ///< by IP discovery
    std::optional<UdpAddress> address;   ///< by Select Protocol
    std::optional<crypto::TransportMode> mode;
    std::optional<crypto::TransportCipher> opener;
    std::optional<crypto::TransportCipher> sealer;
    std::optional<int> speaking;  ///< the last op 5
    StreamCheck check;

    std::string number(Json message);
    void confirm(std::int64_t acknowledged);
    /// What comes after `acknowledged` (-1: everything), or nothing if some of it is forgotten.
    std::optional<std::vector<std::string>> missed(std::int64_t acknowledged) const;
};

}  // namespace bandstand::sandbox
