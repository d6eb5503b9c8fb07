#include "sandbox/discord/voice_server.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "base/assert.hpp"
#include "sandbox/discord/voice_call.hpp"

namespace bandstand::sandbox {
namespace {

enum Op : std::int64_t {
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
    kVideo = 12,
    kClientDisconnect = 13,
    kSessionUpdate = 14,
    kMediaSinkWants = 15,
    kBackendVersion = 16,
    kClientFlags = 18,
    kClientPlatform = 20,
    kTransitionReady = 23,
    kInvalidCommitWelcome = 31,
    kNoRoute = 32,
};
constexpr std::array kClientOps{kIdentify,
                                kSelectProtocol,
                                kHeartbeat,
                                kSpeaking,
                                kResume,
                                kVideo,
                                kSessionUpdate,
                                kMediaSinkWants,
                                kBackendVersion,
                                kTransitionReady,
                                kInvalidCommitWelcome,
                                kNoRoute};

/// How long a call without its websocket can be resumed. Discord does not say.
constexpr base::Duration kResumeWindow = std::chrono::seconds{60};
/// The server's own nonces begin here: it shares its key with the client, who counts from below.
constexpr std::uint32_t kServerNonces = 0x8000'0000;

base::Duration patience(base::Duration interval) {
    return interval + interval * 3 / 4;
}

Json message_of(int op, const Json& data) {
    return {{"op", op}, {"d", data}};
}

}  // namespace

std::string ip_text(const UdpAddress& address) {
    std::string out;
    for (int shift = 24; shift >= 0; shift -= 8) {
        out += std::to_string((address.ip >> static_cast<unsigned>(shift)) & 0xFFU) + (shift > 0 ? "." : "");
    }
    return out;
}

std::string VoiceServer::Call::number(Json message) {
    const auto sequence = next_sequence++;
    message["seq"] = sequence;
    auto text = to_text(message);
    unconfirmed.emplace_back(sequence, text);
    if (unconfirmed.size() > kBuffered) {
        unconfirmed.pop_front();
        overflowed = true;
    }
    return text;
}

void VoiceServer::Call::confirm(std::int64_t acknowledged) {
    if (acknowledged < 0) return;
    const auto behind = [&](std::uint16_t sequence) {  // on a 16-bit circle
        return static_cast<std::uint16_t>(acknowledged - sequence) < 0x8000;
    };
    while (!unconfirmed.empty() && behind(unconfirmed.front().first)) unconfirmed.pop_front();
}

std::optional<std::vector<std::string>> VoiceServer::Call::missed(std::int64_t acknowledged) const {
    std::vector<std::string> out;
    for (const auto& [sequence, text] : unconfirmed) {
        const auto ahead = static_cast<std::uint16_t>(sequence - static_cast<std::uint16_t>(acknowledged));
        if (acknowledged < 0 || (ahead != 0 && ahead < 0x8000)) out.push_back(text);
    }
    const bool all_needed = out.size() == unconfirmed.size();
    if (overflowed && all_needed && !unconfirmed.empty()) {
        const auto first = unconfirmed.front().first;
        if (acknowledged < 0 || first != static_cast<std::uint16_t>(acknowledged + 1)) return std::nullopt;
    }
    return out;
}

VoiceServer::VoiceServer(SendDatagram send_datagram)
    : send_datagram_{std::move(send_datagram)},
      next_ssrc_{static_cast<std::uint32_t>(base::random_seed() & 0x3FFF'FFFFU) + 1},
      random_{base::random_seed()},
      plain_(2048),
      sealed_(4096) {}
VoiceServer::~VoiceServer() = default;

void VoiceServer::admit(VoiceTicket ticket, VoiceRights rights, std::uint16_t code) {
    const CallKey key{ticket.guild, ticket.user};
    end_call(key, code, "Moved.");
    tickets_.insert_or_assign(key, std::pair{std::move(ticket), rights});
}

void VoiceServer::set_rights(GuildId guild, UserId user, VoiceRights rights) {
    const CallKey key{guild, user};
    if (const auto ticket = tickets_.find(key); ticket != tickets_.end()) ticket->second.second = rights;
    if (const auto call = calls_.find(key); call != calls_.end()) call->second->rights = rights;
}

void VoiceServer::dismiss(GuildId guild, UserId user, std::uint16_t code) {
    tickets_.erase({guild, user});
    end_call({guild, user}, code, "Disconnected.");
}

std::size_t VoiceServer::close(GuildId guild, UserId user, std::uint16_t code, base::Instant now) {
    std::size_t hit = 0;
    for (auto& [number, connection] : connections_) {
        auto* call = call_of(connection);
        if (call == nullptr || connection.closing) continue;
        if ((guild && call->ticket.guild != guild) || (user && call->ticket.user != user)) continue;
        call->connection = 0;
        call->detached_since = now;
        connection.call.reset();
        end(connection, code, "Closed by the sandbox.");
        ++hit;
    }
    return hit;
}

bool VoiceServer::connected(GuildId guild, UserId user) const {
    const auto found = calls_.find({guild, user});
    return found != calls_.end() && found->second->connection != 0;
}

std::string VoiceServer::token_of(GuildId guild, UserId user) const {
    const auto found = tickets_.find({guild, user});
    return found == tickets_.end() ? std::string{} : found->second.first.token;
}

VoiceServer::Call* VoiceServer::call_of(const Connection& connection) {
    if (!connection.call) return nullptr;
    const auto found = calls_.find(*connection.call);
    return found == calls_.end() ? nullptr : found->second.get();
}

VoiceServer::Call* VoiceServer::call_with_ssrc(std::uint32_t ssrc) {
    const auto key = ssrcs_.find(ssrc);
    return key == ssrcs_.end() ? nullptr : calls_.at(key->second).get();
}

template <class Visit>
void VoiceServer::for_others(const Call& call, Visit visit) {
    for (auto& [key, other] : calls_) {
        if (other.get() != &call && other->ticket.channel == call.ticket.channel) visit(*other);
    }
}

void VoiceServer::send(Connection& connection, const Json& message) {
    if (!connection.closing) connection.peer->send(to_text(message));
}

void VoiceServer::send_numbered(Call& call, int op, const Json& data) {
    auto text = call.number(message_of(op, data));
    const auto found = connections_.find(call.connection);
    if (found != connections_.end() && !found->second.closing) found->second.peer->send(std::move(text));
}

void VoiceServer::end(Connection& connection, std::uint16_t code, std::string_view reason) {
    if (connection.closing) return;
    connection.closing = true;
    connection.peer->close(code, std::string{reason});
}

void VoiceServer::end_call(CallKey key, std::uint16_t code, std::string_view reason) {
    const auto found = calls_.find(key);
    if (found == calls_.end()) return;
    const auto call = std::move(found->second);
    calls_.erase(found);
    ssrcs_.erase(call->ssrc);
    ended_[key] = call->check.describe();
    if (const auto connection = connections_.find(call->connection); connection != connections_.end()) {
        connection->second.call.reset();
        end(connection->second, code, reason);
    }
    for_others(*call, [&](Call& other) {
        send_numbered(other, kClientDisconnect, {{"user_id", base::to_string(call->ticket.user)}});
    });
}

std::uint64_t VoiceServer::open(Peer& peer, std::string_view version, base::Instant now) {
    const auto number = next_connection_++;
    auto& connection = connections_[number];
    connection.peer = &peer;
    connection.last_heartbeat = now;
    if (version != "8") {
        end(connection, voice_close::kBadRequest, "Unsupported voice gateway version: use v=8.");
        return number;
    }
    const auto ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(settings.heartbeat_interval).count();
    send(connection, message_of(kHello, {{"v", 8}, {"heartbeat_interval", ms}}));
    return number;
}

void VoiceServer::receive(std::uint64_t number, std::string_view text, base::Instant now) {
    const auto found = connections_.find(number);
    if (found == connections_.end() || found->second.closing) return;
    const auto message = parse_json(text);
    if (!message || !member_of(*message, "op").is_number_integer()) {
        return end(found->second, voice_close::kDecodeError, "Failed to decode payload.");
    }
    handle(number, found->second, number_of(*message, "op"), member_of(*message, "d"), now);
}

void VoiceServer::receive_binary(std::uint64_t number) {
    // Binary messages belong to DAVE, which no call of this server has agreed to.
    const auto found = connections_.find(number);
    if (found != connections_.end()) end(found->second, voice_close::kUnknownOpcode, "No DAVE session.");
}

void VoiceServer::handle(std::uint64_t number, Connection& connection, std::int64_t op, const Json& data,
                         base::Instant now) {
    if (std::ranges::find(kClientOps, op) == kClientOps.end()) {
        return end(connection, voice_close::kUnknownOpcode, "Unknown opcode.");
    }
    if (op == kHeartbeat) return heartbeat(connection, data, now);
    auto* call = call_of(connection);
    if (op == kIdentify || op == kResume) {
        if (call != nullptr)
            return end(connection, voice_close::kAlreadyAuthenticated, "Already authenticated.");
        return op == kIdentify ? identify(number, connection, data, now)
                               : resume(number, connection, data, now);
    }
    if (call == nullptr) return end(connection, voice_close::kNotAuthenticated, "Not authenticated.");
    handle_call(connection, *call, op, data);
}

void VoiceServer::handle_call(Connection& connection, Call& call, std::int64_t op, const Json& data) {
    switch (op) {
        case kSelectProtocol:
            return select_protocol(connection, call, data);
        case kSpeaking:
            return speaking(connection, call, data);
        case kBackendVersion:
            return send_numbered(call, kBackendVersion, {{"voice", "0.0.0"}, {"rtc_worker", "0.0.0"}});
        default:
            return;  // video, sinks, DAVE receipts: nothing to do for audio without DAVE
    }
}

void VoiceServer::heartbeat(Connection& connection, const Json& data, base::Instant now) {
    connection.last_heartbeat = now;
    if (auto* call = call_of(connection)) call->confirm(number_of(data, "seq_ack", -1));
    // Version 8 sends {t, seq_ack}, older ones a bare number; each gets back what it sent.
    send(connection, message_of(kHeartbeatAck, data.is_object() ? Json{{"t", member_of(data, "t")}} : data));
}

void VoiceServer::identify(std::uint64_t number, Connection& connection, const Json& data,
                           base::Instant now) {
    for (const auto* key : {"server_id", "user_id", "session_id", "token"}) {
        if (!member_of(data, key).is_string()) {
            return end(connection, voice_close::kDecodeError,
                       std::string{"Identify needs text in "} + key + ".");
        }
    }
    const CallKey key{id_of<GuildId>(data, "server_id"), id_of<UserId>(data, "user_id")};
    const bool guild_known =
        std::ranges::any_of(tickets_, [&](const auto& t) { return t.first.first == key.first; });
    if (!guild_known) return end(connection, voice_close::kServerNotFound, "Server not found.");
    const auto admitted = tickets_.find(key);
    if (admitted == tickets_.end() || admitted->second.first.token != text_of(data, "token")) {
        return end(connection, voice_close::kAuthenticationFailed, "Authentication failed.");
    }
    const auto& [ticket, rights] = admitted->second;
    if (ticket.session_id != text_of(data, "session_id") || calls_.contains(key)) {
        return end(connection, voice_close::kSessionInvalid, "Session is no longer valid.");
    }
    if (ticket.dave_required && number_of(data, "max_dave_protocol_version") < 1) {
        return end(connection, voice_close::kDaveRequired, "E2EE/DAVE protocol required.");
    }
    auto call = std::make_unique<Call>();
    call->ticket = ticket;
    call->rights = rights;
    call->ssrc = next_ssrc_++;
    call->connection = number;
    call->next_sequence = settings.first_sequence;
    connection.call = key;
    connection.last_heartbeat = now;
    ssrcs_[call->ssrc] = key;
    ready(*calls_.emplace(key, std::move(call)).first->second);
}

void VoiceServer::ready(Call& call) {
    Json modes = Json::array();
    if (settings.offer_gcm) modes.push_back(crypto::name(crypto::TransportMode::aes256_gcm_rtpsize));
    modes.push_back(crypto::name(crypto::TransportMode::xchacha20_poly1305_rtpsize));
    // The heartbeat_interval here is bogus on the real server too: only Hello's counts.
    send_numbered(call, kReady,
                  {{"ssrc", call.ssrc},
                   {"ip", settings.ip},
                   {"port", settings.port},
                   {"modes", modes},
                   {"experiments", Json::array()},
                   {"streams", Json::array()},
                   {"heartbeat_interval", 1}});
    introduce(call);
}

void VoiceServer::introduce(Call& newcomer) {
    Json others = Json::array();
    for_others(newcomer, [&](Call& other) { others.push_back(base::to_string(other.ticket.user)); });
    if (!others.empty()) send_numbered(newcomer, kClientsConnect, {{"user_ids", others}});
    const auto tell = [&](Call& to, const Call& about) {
        const auto user = base::to_string(about.ticket.user);
        send_numbered(to, kClientFlags, {{"user_id", user}, {"flags", 0}});
        send_numbered(to, kClientPlatform, {{"user_id", user}, {"platform", 0}});
    };
    for_others(newcomer, [&](Call& other) {
        tell(newcomer, other);
        if (other.speaking) {
            send_numbered(newcomer, kSpeaking,
                          {{"user_id", base::to_string(other.ticket.user)},
                           {"ssrc", other.ssrc},
                           {"speaking", *other.speaking}});
        }
        send_numbered(other, kClientsConnect, {{"user_ids", {base::to_string(newcomer.ticket.user)}}});
        tell(other, newcomer);
    });
}

void VoiceServer::resume(std::uint64_t number, Connection& connection, const Json& data, base::Instant now) {
    const auto found = std::ranges::find_if(calls_, [&](const auto& entry) {
        const auto& ticket = entry.second->ticket;
        return ticket.guild == id_of<GuildId>(data, "server_id") &&
               ticket.session_id == text_of(data, "session_id") && ticket.token == text_of(data, "token");
    });
    const auto missed =
        found == calls_.end() ? std::nullopt : found->second->missed(number_of(data, "seq_ack", -1));
    if (!missed) return end(connection, voice_close::kSessionInvalid, "Session is no longer valid.");
    auto& call = *found->second;
    if (const auto old = connections_.find(call.connection); old != connections_.end()) {
        old->second.call.reset();
        end(old->second, voice_close::kSessionInvalid, "Session resumed elsewhere.");
    }
    call.connection = number;
    call.detached_since.reset();
    connection.call = found->first;
    connection.last_heartbeat = now;
    if (settings.replay_after_resumed) send(connection, message_of(kResumed, nullptr));
    for (const auto& text : *missed) connection.peer->send(text);
    if (!settings.replay_after_resumed) send(connection, message_of(kResumed, nullptr));
}

void VoiceServer::select_protocol(Connection& connection, Call& call, const Json& data) {
    if (text_of(data, "protocol") != "udp")
        return end(connection, voice_close::kUnknownProtocol, "Unknown protocol.");
    const auto& where = member_of(data, "data");
    const auto mode = crypto::parse_transport_mode(text_of(where, "mode"));
    const bool offered = mode && (settings.offer_gcm || *mode != crypto::TransportMode::aes256_gcm_rtpsize);
    if (!offered) return end(connection, voice_close::kUnknownMode, "Unknown encryption mode.");
    const bool observed = call.observed && text_of(where, "address") == ip_text(*call.observed) &&
                          number_of(where, "port") == call.observed->port;
    if (!observed) {
        return end(connection, voice_close::kBadRequest,
                   "The address is not the one that IP discovery showed.");
    }
    std::array<std::byte, crypto::kTransportKeyBytes> secret{};
    base::fill_random(secret);
    const auto key = crypto::TransportKey::from(secret);
    BASE_ASSERT(key.has_value());
    auto opener = crypto::TransportCipher::create(*mode, *key);
    auto sealer = crypto::TransportCipher::create(*mode, *key, kServerNonces);
    if (!opener || !sealer) return end(connection, 4000, "The cipher could not be made.");
    call.opener.emplace(std::move(*opener));
    call.sealer.emplace(std::move(*sealer));
    call.address = call.observed;
    call.mode = mode;
    call.check.rekeyed();
    Json numbers = Json::array();
    for (const auto byte : secret) numbers.push_back(std::to_integer<int>(byte));
    send_numbered(call, kSessionDescription,
                  {{"mode", crypto::name(*mode)},
                   {"secret_key", numbers},
                   {"dave_protocol_version", 0},
                   {"audio_codec", "opus"},
                   {"video_codec", "H264"},
                   {"media_session_id", random_token()}});
}

void VoiceServer::speaking(Connection& connection, Call& call, const Json& data) {
    const auto bits = number_of(data, "speaking", -1);
    if (bits < 0 || bits > 7 || number_of(data, "ssrc", call.ssrc) != call.ssrc) {
        return end(connection, voice_close::kBadRequest, "Speaking needs 0 to 7 and the own SSRC.");
    }
    call.speaking = static_cast<int>(bits);
    for_others(call, [&](Call& other) {
        send_numbered(
            other, kSpeaking,
            {{"user_id", base::to_string(call.ticket.user)}, {"ssrc", call.ssrc}, {"speaking", bits}});
    });
}

void VoiceServer::closed(std::uint64_t number, base::Instant now) {
    const auto found = connections_.find(number);
    if (found == connections_.end()) return;
    if (auto* call = call_of(found->second)) {
        call->connection = 0;
        call->detached_since = now;
    }
    connections_.erase(found);
}

void VoiceServer::tick(base::Instant now) {
    std::vector<CallKey> over;
    for (auto& [number, connection] : connections_) {
        if (connection.closing || now - connection.last_heartbeat <= patience(settings.heartbeat_interval))
            continue;
        if (connection.call) {
            over.push_back(*connection.call);
        } else {
            end(connection, voice_close::kSessionTimeout, "Session timed out.");
        }
    }
    for (const auto& key : over) end_call(key, voice_close::kSessionTimeout, "Session timed out.");
    over.clear();
    for (const auto& [key, call] : calls_) {
        if (call->detached_since && now - *call->detached_since > kResumeWindow) over.push_back(key);
    }
    for (const auto& key : over) end_call(key, voice_close::kSessionTimeout, "Session timed out.");
}

Json VoiceServer::describe() const {
    Json live = Json::array();
    for (const auto& [key, call] : calls_) {
        Json entry = call->check.describe();
        entry["guild_id"] = base::to_string(key.first);
        entry["user_id"] = base::to_string(key.second);
        entry["channel_id"] = base::to_string(call->ticket.channel);
        entry["ssrc"] = call->ssrc;
        entry["mode"] = call->mode ? Json(crypto::name(*call->mode)) : Json(nullptr);
        entry["connected"] = call->connection != 0;
        entry["speaking"] = call->speaking ? Json(*call->speaking) : Json(nullptr);
        live.push_back(std::move(entry));
    }
    Json past = Json::array();
    for (const auto& [key, counters] : ended_) {
        Json entry = counters;
        entry["guild_id"] = base::to_string(key.first);
        entry["user_id"] = base::to_string(key.second);
        past.push_back(std::move(entry));
    }
    return {{"live", std::move(live)}, {"ended", std::move(past)}};
}

}  // namespace bandstand::sandbox
