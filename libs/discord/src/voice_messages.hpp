#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "crypto/transport_cipher.hpp"

/// The JSON of the voice websocket (discord-voice 2): text to typed values and back.
namespace bandstand::discord::voice_wire {

constexpr base::Reason kBadMessage{"voice.bad_message"};

struct Hello {
    base::Duration heartbeat_interval;  ///< 100 ms to 1 h, whatever the server said
};
struct Ready {
    std::uint32_t ssrc;
    std::string ip;
    std::uint16_t port;
    std::vector<crypto::TransportMode> modes;  ///< those that we know
};
struct SessionDescription {
    crypto::TransportMode mode;
    crypto::TransportKey key;
    int dave_protocol_version;
};
struct Speaking {
    base::UserId user;
    std::uint32_t ssrc;
    std::uint32_t flags;
};
struct ClientsConnect {
    std::vector<base::UserId> users;  ///< at most kMaxUsers
};
struct ClientDisconnect {
    base::UserId user;
};
struct HeartbeatRequest {};
struct HeartbeatAck {};
struct Resumed {};
/// An opcode that means nothing to us, or one of no consequence that we cannot read.
struct Other {};

struct Message {
    std::optional<std::uint16_t> sequence;
    std::variant<Hello, Ready, SessionDescription, Speaking, ClientsConnect, ClientDisconnect,
                 HeartbeatRequest, HeartbeatAck, Resumed, Other>
        body;
};

/// Users of one voice channel that we keep in mind: the largest stage holds 10 000.
constexpr std::size_t kMaxUsers = 16'384;
constexpr std::size_t kMaxTextBytes = 512 * 1024;

/// Errors: kBadMessage when it is no message at all, or one that we need with a field missing or wrong.
base::Result<Message> parse(std::string_view text);

/// The names of one voice session, as Identify and Resume present them.
struct Credentials {
    base::GuildId guild;
    base::UserId user;
    std::string session_id;
    std::string token;
};

std::string identify(const Credentials& credentials);
/// `last_sequence` is -1 as long as no numbered message came.
std::string resume(const Credentials& credentials, int last_sequence);
std::string select_protocol(std::string_view address, std::uint16_t port, crypto::TransportMode mode);
std::string speaking(bool on, std::uint32_t ssrc);
std::string heartbeat(std::int64_t nonce, int last_sequence);

}  // namespace bandstand::discord::voice_wire
