#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "crypto/transport_cipher.hpp"
#include "sandbox/discord/gateway.hpp"
#include "sandbox/discord/stream_check.hpp"
#include "sandbox/discord/world.hpp"

namespace bandstand::sandbox {

/// Close codes of the voice websocket (developer docs, "Voice Close Event Codes").
namespace voice_close {
constexpr std::uint16_t kUnknownOpcode = 4001;
constexpr std::uint16_t kDecodeError = 4002;
constexpr std::uint16_t kNotAuthenticated = 4003;
constexpr std::uint16_t kAuthenticationFailed = 4004;
constexpr std::uint16_t kAlreadyAuthenticated = 4005;
constexpr std::uint16_t kSessionInvalid = 4006;
constexpr std::uint16_t kSessionTimeout = 4009;
constexpr std::uint16_t kServerNotFound = 4011;
constexpr std::uint16_t kUnknownProtocol = 4012;
constexpr std::uint16_t kDisconnected = 4014;
constexpr std::uint16_t kServerCrashed = 4015;
constexpr std::uint16_t kUnknownMode = 4016;
constexpr std::uint16_t kDaveRequired = 4017;
constexpr std::uint16_t kBadRequest = 4020;
constexpr std::uint16_t kCallTerminated = 4022;
}  // namespace voice_close

/// An IPv4 address and port in host order.
struct UdpAddress {
    std::uint32_t ip = 0;
    std::uint16_t port = 0;
    friend bool operator==(const UdpAddress&, const UdpAddress&) = default;
};
std::string ip_text(const UdpAddress& address);

/// What VOICE_STATE_UPDATE and VOICE_SERVER_UPDATE gave out: the right to one voice connection.
struct VoiceTicket {
    GuildId guild;
    ChannelId channel;
    UserId user;
    std::string session_id;
    std::string token;
    bool dave_required = false;  ///< close 4017 for a client without it
};

/// What the voice state allows right now.
struct VoiceRights {
    bool heard = true;  ///< not suppressed, not server-muted
    bool hears = true;  ///< not deafened
};

struct VoiceSettings {
    base::Duration heartbeat_interval = std::chrono::milliseconds{13'750};
    std::string ip = "127.0.0.1";  ///< announced in Ready
    std::uint16_t port = 0;
    bool offer_gcm = true;
    bool answer_discovery = true;
    bool replay_after_resumed = false;  ///< op 9 first, then what was missed
    std::uint16_t first_sequence = 1;
    int loss_percent = 0;  ///< of forwarded audio
};

/// The voice server without its sockets: signalling version 8, IP discovery, and audio from each member of a
/// channel to the others (discord-voice sections 2, 3 and 5). `now` is always passed.
class VoiceServer {
public:
    using SendDatagram = std::function<void(const UdpAddress&, base::ByteView)>;
    explicit VoiceServer(SendDatagram send_datagram);
    ~VoiceServer();

    VoiceSettings settings;

    /// Replaces an older ticket of this user in this guild and ends its connection with `code`.
    void admit(VoiceTicket ticket, VoiceRights rights, std::uint16_t code);
    void set_rights(GuildId guild, UserId user, VoiceRights rights);
    /// Takes the ticket away and closes the connection.
    void dismiss(GuildId guild, UserId user, std::uint16_t code);
    /// Closes websockets without touching tickets; none = everybody's. Returns how many.
    std::size_t close(GuildId guild, UserId user, std::uint16_t code, base::Instant now);
    bool connected(GuildId guild, UserId user) const;
    /// Of the ticket in force; empty if there is none.
    std::string token_of(GuildId guild, UserId user) const;

    std::uint64_t open(Peer& peer, std::string_view version, base::Instant now);
    void receive(std::uint64_t connection, std::string_view text, base::Instant now);
    void receive_binary(std::uint64_t connection);
    void closed(std::uint64_t connection, base::Instant now);
    void datagram(const UdpAddress& from, base::ByteView bytes, base::Instant now);
    void tick(base::Instant now);

    /// Per call: who, where, mode, and the counters of StreamCheck.
    Json describe() const;

private:
    using CallKey = std::pair<GuildId, UserId>;
    struct Call;
    struct Connection;

    void send(Connection& connection, const Json& message);
    void send_numbered(Call& call, int op, const Json& data);
    void end(Connection& connection, std::uint16_t code, std::string_view reason);
    void end_call(CallKey key, std::uint16_t code, std::string_view reason);
    void handle(std::uint64_t number, Connection& connection, std::int64_t op, const Json& data,
                base::Instant now);
    void handle_call(Connection& connection, Call& call, std::int64_t op, const Json& data);
    void identify(std::uint64_t number, Connection& connection, const Json& data, base::Instant now);
    void ready(Call& call);
    void introduce(Call& newcomer);
    void resume(std::uint64_t number, Connection& connection, const Json& data, base::Instant now);
    void select_protocol(Connection& connection, Call& call, const Json& data);
    void heartbeat(Connection& connection, const Json& data, base::Instant now);
    void speaking(Connection& connection, Call& call, const Json& data);
    void discovery(const UdpAddress& from, base::ByteView request);
    void rtp(const UdpAddress& from, base::ByteView packet, base::Instant now);
    void forward(const Call& sender, base::ByteView header, base::ByteView payload);
    Call* call_of(const Connection& connection);
    Call* call_with_ssrc(std::uint32_t ssrc);
    template <class Visit>
    void for_others(const Call& call, Visit visit);

    SendDatagram send_datagram_;
    std::map<CallKey, std::pair<VoiceTicket, VoiceRights>> tickets_;
    std::map<CallKey, std::unique_ptr<Call>> calls_;
    std::map<std::uint32_t, CallKey> ssrcs_;
    std::map<std::uint64_t, Connection> connections_;
    std::map<CallKey, Json> ended_;  // the counters of calls that are over
    std::uint64_t next_connection_ = 1;
    std::uint32_t next_ssrc_;
    base::Random random_;
    base::Bytes plain_;
    base::Bytes sealed_;
};

}  // namespace bandstand::sandbox
