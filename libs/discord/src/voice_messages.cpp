#include "voice_messages.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "discord/voice_session.hpp"

namespace bandstand::discord::voice_wire {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

enum Op : std::uint64_t {
    kIdentify = 0,
    kSelectProtocol = 1,
    kReady = 2,
    kHeartbeat = 3,
    kSessionDescription = 4,
    kSpeaking = 5,
    kHeartbeatAck = 6,
    kResume = 7,
    kHello = 8,
    kResumed = 9,
    kClientsConnect = 11,
    kClientDisconnect = 13,
};

std::unexpected<base::Error> bad(std::string_view what) {
    return base::fail(base::ErrorKind::invalid_argument, kBadMessage, what);
}

const json& field(const json& object, const char* name) {
    static const json kMissing;
    if (!object.is_object()) return kMissing;
    const auto found = object.find(name);
    return found == object.end() ? kMissing : *found;
}

template <class Number>
std::optional<Number> number(const json& value) {
    if (!value.is_number_unsigned()) return std::nullopt;
    const auto wide = value.get<std::uint64_t>();
    if (wide > std::numeric_limits<Number>::max()) return std::nullopt;
    return static_cast<Number>(wide);
}

std::string_view text(const json& value) {
    return value.is_string() ? std::string_view{value.get_ref<const std::string&>()} : std::string_view{};
}

// Snowflakes are strings; a number is accepted. Zero is nobody.
std::optional<base::UserId> user(const json& value) {
    auto id = value.is_string() ? base::parse_id<base::UserId>(text(value)) : std::nullopt;
    if (const auto plain = number<std::uint64_t>(value)) id = base::UserId{*plain};
    return id && *id ? id : std::nullopt;
}

base::Result<Message> parse_hello(const json& d) {
    const auto& interval = field(d, "heartbeat_interval");
    if (!interval.is_number()) return bad("Hello without heartbeat_interval");
    const double ms = std::clamp(interval.get<double>(), 100.0, 3'600'000.0);
    return Message{{}, Hello{std::chrono::milliseconds{static_cast<std::int64_t>(ms)}}};
}

base::Result<Message> parse_ready(const json& d) {
    const auto ssrc = number<std::uint32_t>(field(d, "ssrc"));
    const auto port = number<std::uint16_t>(field(d, "port"));
    const auto ip = text(field(d, "ip"));
    const auto& modes = field(d, "modes");
    if (!ssrc || !port || *port == 0 || ip.empty() || ip.size() > 45 || !modes.is_array()) {
        return bad("Ready without usable ssrc, ip, port or modes");
    }
    Ready ready{*ssrc, std::string{ip}, *port, {}};
    for (const auto& mode : modes) {
        const auto known = crypto::parse_transport_mode(text(mode));
        if (known && std::ranges::find(ready.modes, *known) == ready.modes.end())
            ready.modes.push_back(*known);
    }
    return Message{{}, std::move(ready)};
}

base::Result<Message> parse_session_description(const json& d) {
    const auto mode = crypto::parse_transport_mode(text(field(d, "mode")));
    if (!mode) return bad("Session Description with a mode that we did not choose");
    const auto& secret = field(d, "secret_key");
    if (!secret.is_array() || secret.size() != crypto::kTransportKeyBytes) {
        return bad("Session Description without a secret_key of 32 integers");
    }
    std::array<std::byte, crypto::kTransportKeyBytes> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const auto value = number<std::uint8_t>(secret[i]);
        if (!value) return bad("Session Description whose secret_key is not made of bytes");
        bytes[i] = static_cast<std::byte>(*value);
    }
    const auto dave = number<std::uint8_t>(field(d, "dave_protocol_version")).value_or(0);
    return Message{{}, SessionDescription{*mode, crypto::TransportKey::from(bytes).value(), dave}};
}

Message parse_speaking(const json& d) {
    const auto who = user(field(d, "user_id"));
    const auto ssrc = number<std::uint32_t>(field(d, "ssrc"));
    if (!who || !ssrc) return {{}, Other{}};
    return {{}, Speaking{*who, *ssrc, number<std::uint32_t>(field(d, "speaking")).value_or(0)}};
}

Message parse_clients_connect(const json& d) {
    ClientsConnect connect;
    for (const auto& id : field(d, "user_ids")) {
        if (connect.users.size() == kMaxUsers) break;
        if (const auto who = user(id)) connect.users.push_back(*who);
    }
    return {{}, std::move(connect)};
}

Message parse_client_disconnect(const json& d) {
    const auto who = user(field(d, "user_id"));
    if (!who) return {{}, Other{}};
    return {{}, ClientDisconnect{*who}};
}

base::Result<Message> parse_body(std::uint64_t op, const json& d) {
    switch (op) {
        case kHello:
            return parse_hello(d);
        case kReady:
            return parse_ready(d);
        case kSessionDescription:
            return parse_session_description(d);
        case kSpeaking:
            return parse_speaking(d);
        case kClientsConnect:
            return parse_clients_connect(d);
        case kClientDisconnect:
            return parse_client_disconnect(d);
        case kHeartbeat:
            return Message{{}, HeartbeatRequest{}};
        case kHeartbeatAck:
            return Message{{}, HeartbeatAck{}};
        case kResumed:
            return Message{{}, Resumed{}};
        default:
            return Message{{}, Other{}};
    }
}

// Whatever bytes a token holds, the text is valid UTF-8 and nothing throws.
std::string dump(Op op, json d) {
    const json message{{"op", static_cast<std::uint64_t>(op)}, {"d", std::move(d)}};
    return message.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

base::Result<Message> parse(std::string_view message) {
    if (message.size() > kMaxTextBytes) return bad("a message of more than 512 KiB");
    const auto root = json::parse(message, nullptr, false);
    const auto op = number<std::uint64_t>(field(root, "op"));
    if (!op) return bad("a message that is no JSON object with an op");
    auto parsed = parse_body(*op, field(root, "d"));
    if (parsed) parsed->sequence = number<std::uint16_t>(field(root, "seq"));
    return parsed;
}

std::string identify(const Credentials& credentials) {
    return dump(kIdentify, {{"server_id", base::to_string(credentials.guild)},
                            {"user_id", base::to_string(credentials.user)},
                            {"session_id", credentials.session_id},
                            {"token", credentials.token},
                            {"max_dave_protocol_version", kMaxDaveProtocolVersion}});
}

std::string resume(const Credentials& credentials, int last_sequence) {
    return dump(kResume, {{"server_id", base::to_string(credentials.guild)},
                          {"session_id", credentials.session_id},
                          {"token", credentials.token},
                          {"seq_ack", last_sequence}});
}

std::string select_protocol(std::string_view address, std::uint16_t port, crypto::TransportMode mode) {
    const json data{{"address", address}, {"port", port}, {"mode", crypto::name(mode)}};
    return dump(kSelectProtocol, {{"protocol", "udp"}, {"data", data}});
}

std::string speaking(bool on, std::uint32_t ssrc) {
    return dump(kSpeaking, {{"speaking", on ? 1 : 0}, {"delay", 0}, {"ssrc", ssrc}});
}

std::string heartbeat(std::int64_t nonce, int last_sequence) {
    return dump(kHeartbeat, {{"t", nonce}, {"seq_ack", last_sequence}});
}

}  // namespace bandstand::discord::voice_wire
