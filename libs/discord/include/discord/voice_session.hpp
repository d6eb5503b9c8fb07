#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "crypto/transport_cipher.hpp"

namespace bandstand::discord {

/// Version of the voice websocket that we speak. Version 9 would add `channel_id` to Identify and Resume.
constexpr int kVoiceVersion = 8;
/// Highest end-to-end encryption protocol that we announce; 0 = none, which Discord accepts in stage
/// channels.
constexpr int kMaxDaveProtocolVersion = 0;

// Why a voice connection was lost or given up.
constexpr base::Reason kVoiceJoinTimeout{"voice.join_timeout"};      // Discord did not answer op 4
constexpr base::Reason kVoiceKicked{"voice.kicked"};                 // by a moderator, or the channel is gone
constexpr base::Reason kVoiceDisconnected{"voice.disconnected"};     // 4014/4022 and nothing more
constexpr base::Reason kVoiceServerGone{"voice.server_gone"};        // endpoint null, or a close that ends it
constexpr base::Reason kVoiceServerChanged{"voice.server_changed"};  // a new token: region, fail-over, move
constexpr base::Reason kVoiceConnectionLost{"voice.connection_lost"};  // network, restarts, silence
constexpr base::Reason kVoiceHandshakeTimeout{"voice.handshake_timeout"};
constexpr base::Reason kVoiceUdpBlocked{"voice.udp_blocked"};  // no answer to IP discovery
constexpr base::Reason kVoiceRejected{"voice.rejected"};       // token, session or server refused
constexpr base::Reason kVoiceProtocol{"voice.protocol"};       // one of us does not understand the other
constexpr base::Reason kVoiceNoCommonMode{"voice.no_common_mode"};
constexpr base::Reason kVoiceEncryptionRequired{"voice.e2ee_required"};
constexpr base::Reason kVoiceRateLimited{"voice.rate_limited"};

/// Who wants to be where: one bot (or, in the sandbox, one member) in one channel of a guild.
struct VoiceIntent {
    base::GuildId guild;
    base::UserId user;
    base::ChannelId channel;
};

/// All that a sender needs to make packets.
struct TransportParams {
    crypto::TransportMode mode;
    crypto::TransportKey key;
    std::uint32_t ssrc;
    std::string ip;  ///< of the voice server, IPv4 or IPv6 text
    std::uint16_t port;
    base::ChannelId channel;  ///< where we really are: a moderator may have moved us
    int dave_protocol_version;
};

/// What the driver must do, in this order, or tell its user. See VoiceSession.
namespace voice {

/// Drop the socket there is, if any, and open this one ("wss://host:port/?v=8").
struct ConnectWs {
    std::string url;
};
struct SendText {
    std::string text;
};
struct CloseWs {
    std::uint16_t code;
    std::string reason;
};
/// Connect a UDP socket to the voice server, instead of the one there is.
struct OpenUdp {
    std::string ip;
    std::uint16_t port;
};
struct SendDatagram {
    base::Bytes bytes;
};
struct CloseUdp {};
/// There is one timer: a later SetTimer replaces it.
struct SetTimer {
    base::Instant at;
};

/// Ask the main gateway (op 4) to join this channel. Both of its answers must reach the session.
struct JoinWanted {
    base::ChannelId channel;
};
/// Audio may flow. Comes again, without Lost in between, if the server gives a new key: the sender then
/// starts a new cipher with it.
struct Ready {
    TransportParams params;
};
/// The signalling is being repaired; UDP, key, SSRC and counters stay: go on sending.
struct Resuming {};
struct Resumed {};
/// The transport of the last Ready is void. Ready or GaveUp follows.
struct Lost {
    base::Reason reason;
    std::string detail;
};
/// We are in another channel than before; Ready follows if we were connected.
struct Moved {
    base::ChannelId channel;
};
/// It is over. `detail` is a sentence for a person. join() would start again.
struct GaveUp {
    base::Reason reason;
    std::string detail;
};
/// The packets of `ssrc` are from `user`. Bits of `flags`: 1 microphone, 2 soundshare, 4 priority; 0 =
/// silent.
struct Speaking {
    base::UserId user;
    std::uint32_t ssrc;
    std::uint32_t flags;
};
struct UserLeft {
    base::UserId user;
};

using Action = std::variant<ConnectWs, SendText, CloseWs, OpenUdp, SendDatagram, CloseUdp, SetTimer,
                            JoinWanted, Ready, Resuming, Resumed, Lost, Moved, GaveUp, Speaking, UserLeft>;
using Actions = std::vector<Action>;

}  // namespace voice

/// Signalling of one voice connection (Discord voice websocket version 8), without sockets or clocks: events
/// and `now` go in, actions come out (discord-voice 1-3).
///
/// After join() it always ends in Ready, or in GaveUp with a reason, whatever the other side does: every wait
/// has a deadline, every repetition a growing delay and a limit. Hostile messages are bounded and never crash
/// it.
class VoiceSession {
public:
    explicit VoiceSession(VoiceIntent intent);
    VoiceSession(VoiceSession&&) noexcept;
    VoiceSession& operator=(VoiceSession&&) noexcept;
    ~VoiceSession();

    /// Starts, moves to another channel, or starts again after GaveUp or a lost main gateway session. Gives
    /// JoinWanted; fails with kVoiceJoinTimeout if the gateway's two events are not there within 15 s.
    voice::Actions join(base::ChannelId channel, base::Instant now);
    /// Ends it. The caller sends op 4 without a channel.
    voice::Actions leave();

    /// Own VOICE_STATE_UPDATE; a zero `channel` means that we are in none.
    voice::Actions on_own_state(base::ChannelId channel, std::string session_id, base::Instant now);
    /// VOICE_SERVER_UPDATE. An empty `endpoint` stands for null: the server is being replaced.
    voice::Actions on_server(std::string token, std::string endpoint, base::Instant now);

    // The websocket of the last ConnectWs. Events of a socket that was replaced or closed must not arrive.
    voice::Actions on_ws_open(base::Instant now);
    voice::Actions on_ws_text(std::string_view text, base::Instant now);
    voice::Actions on_ws_binary(base::ByteView bytes, base::Instant now);
    /// `code` 0: no close frame, or no connection at all. `detail` may say why.
    voice::Actions on_ws_closed(std::uint16_t code, std::string_view detail, base::Instant now);

    /// Every datagram of the UDP socket may come here; all but answers to IP discovery are ignored.
    voice::Actions on_datagram(base::ByteView bytes, base::Instant now);
    voice::Actions on_udp_failed(std::string_view detail, base::Instant now);
    voice::Actions on_timer(base::Instant now);

    /// Announces (op 5) that audio starts or stops. Remembered while not connected. Websocket and UDP are not
    /// ordered with each other: leave a frame's time before the first packet.
    voice::Actions set_speaking(bool speaking);

    bool ready() const;
    /// Neither joining nor joined.
    bool ended() const;
    /// Users in the channel as the voice server told, ourselves included.
    const std::set<base::UserId>& users() const;

private:
    class Machine;
    std::unique_ptr<Machine> machine_;
};

}  // namespace bandstand::discord
