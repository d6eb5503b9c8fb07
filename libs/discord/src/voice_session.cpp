#include "discord/voice_session.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "voice_close.hpp"
#include "voice_discovery.hpp"
#include "voice_messages.hpp"

namespace bandstand::discord {
namespace {

using namespace std::chrono_literals;
using base::Duration;
using base::Instant;
using voice::Actions;
using voice_wire::Credentials;

constexpr Duration kJoinTimeout = 15s;       // both gateway events; no answer is how Discord says no
constexpr Duration kHandshakeTimeout = 15s;  // each of: websocket to op 2, op 1 to op 4, Resume to Resumed
constexpr Duration kGatewayGrace = 8s;       // after 4014/4022, for the gateway's word on it
constexpr Duration kServerSearch = 60s;      // endpoint null: Discord looks for another server
constexpr Duration kDiscoveryPeriod = 1s;
constexpr int kDiscoveryTries = 10;
constexpr Duration kKeepalivePeriod = 5s;
constexpr Duration kLongestHeartbeat = 5s;  // a dead link shows after three of them
constexpr int kMissedHeartbeats = 2;
constexpr Duration kStableAfter = 30s;  // of Ready: from then on, failures count anew
constexpr std::array<Duration, 5> kRejoinDelays{1s, 3s, 5s, 7s, 9s};
constexpr std::array<Duration, 2> kResumeDelays{0s, 1s};

constexpr std::uint16_t kCloseNormal = 1000;
constexpr std::uint16_t kCloseUndecodable = 4002;
constexpr std::uint16_t kCloseDeadLink = 4900;  // of our own, from the range left to applications

/// "host:port" of what the gateway calls an endpoint, or nothing if it cannot be one.
std::optional<std::string> host_and_port(std::string endpoint) {
    constexpr std::string_view kScheme = "wss://";
    if (endpoint.starts_with(kScheme)) endpoint.erase(0, kScheme.size());
    while (endpoint.ends_with('/')) endpoint.pop_back();
    const auto allowed = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
               c == '-' || c == '_' || c == ':' || c == '[' || c == ']';
    };
    if (endpoint.empty() || endpoint.size() > 255 || !std::ranges::all_of(endpoint, allowed))
        return std::nullopt;
    return endpoint;
}

std::optional<crypto::TransportMode> choose_mode(const std::vector<crypto::TransportMode>& offered) {
    // AES has instructions in every server's CPU: a third of XChaCha's price.
    for (const auto wanted :
         {crypto::TransportMode::aes256_gcm_rtpsize, crypto::TransportMode::xchacha20_poly1305_rtpsize}) {
        if (std::ranges::find(offered, wanted) != offered.end()) return wanted;
    }
    return std::nullopt;
}

}  // namespace

/// The state behind VoiceSession. Every public function appends to `out_` and ends in take().
class VoiceSession::Machine {
public:
    explicit Machine(VoiceIntent intent) : intent_{intent}, channel_{intent.channel} {}

    void join(base::ChannelId channel, Instant now);
    void leave();
    void on_own_state(base::ChannelId channel, std::string session_id, Instant now);
    void on_server(std::string token, std::string endpoint, Instant now);
    void on_ws_open(Instant now);
    void on_ws_text(std::string_view text, Instant now);
    void on_ws_binary(base::ByteView bytes, Instant now);
    void on_ws_closed(std::uint16_t code, std::string_view detail, Instant now);
    void on_datagram(base::ByteView bytes, Instant now);
    void on_udp_failed(std::string_view detail, Instant now);
    void on_timer(Instant now);
    void set_speaking(bool speaking);

    bool ready() const { return phase_ == Phase::ready; }
    bool ended() const { return phase_ == Phase::ended; }
    const std::set<base::UserId>& users() const { return users_; }

    /// What there is to do, the timer last.
    Actions take();

private:
    enum class Phase {
        ended,
        waiting,         // asked the main gateway to join; its two events are to come
        serverless,      // endpoint null: the gateway will name another server
        opening,         // a websocket for Identify
        identifying,     // Identify sent
        discovering,     // asking for our address over UDP
        selecting,       // Select Protocol sent
        ready,           // audio may flow
        resume_pause,    // before the next try to resume
        resume_opening,  // a websocket for Resume
        resuming,        // Resume sent
        held,            // closed with 4014 or 4022: the gateway will tell what it was
        rejoin_pause,    // before the next full join
    };
    struct Server {
        std::string token;
        std::string endpoint;
    };
    struct Heartbeat {
        Duration interval;
        Instant next;
        int unanswered = 0;
    };
    /// What op 2 gave.
    struct Transport {
        std::uint32_t ssrc;
        std::string ip;
        std::uint16_t port;
        crypto::TransportMode mode;
    };

    bool connected() const {
        return phase_ == Phase::ready || phase_ == Phase::resume_pause || phase_ == Phase::resume_opening ||
               phase_ == Phase::resuming;
    }
    bool identified() const {  // the websocket carries a session
        return phase_ == Phase::identifying || phase_ == Phase::discovering || phase_ == Phase::selecting ||
               phase_ == Phase::ready || phase_ == Phase::resuming;
    }
    bool handshaking() const {
        return phase_ == Phase::opening || phase_ == Phase::identifying || phase_ == Phase::discovering ||
               phase_ == Phase::selecting;
    }

    void emit(voice::Action action) { out_.push_back(std::move(action)); }
    void send(std::string text) { emit(voice::SendText{std::move(text)}); }
    void enter(Phase phase, std::optional<Instant> deadline) {
        phase_ = phase;
        deadline_ = deadline;
    }

    void ask_gateway(Instant now);
    void connect(Instant now);
    void open_socket();
    void enter_ready(Instant now);
    void handle(const voice_wire::Hello& hello, Instant now);
    void handle(const voice_wire::Ready& ready, Instant now);
    void handle(const voice_wire::SessionDescription& description, Instant now);
    void handle(const voice_wire::Speaking& speaking, Instant now);
    void handle(const voice_wire::ClientsConnect& connect, Instant now);
    void handle(const voice_wire::ClientDisconnect& disconnect, Instant now);
    void handle(const voice_wire::HeartbeatRequest& request, Instant now);
    void handle(const voice_wire::HeartbeatAck& ack, Instant now);
    void handle(const voice_wire::Resumed& resumed, Instant now);
    void handle(const voice_wire::Other&, Instant) {}

    void close_socket(std::uint16_t code, std::string reason);
    void drop_transport(base::Reason reason, std::string_view detail);
    void misunderstood(std::string_view detail, Instant now);
    void resume_or_rejoin(base::Reason reason, std::string detail, Instant now);
    void open_resume(Instant now);
    void rejoin(base::Reason reason, std::string detail, Instant now);
    void rejoin_at_most(int times, int& so_far, base::Reason reason, std::string detail, Instant now);
    void give_up(base::Reason reason, std::string detail);
    void finish();

    void send_heartbeat(Instant now);
    void heartbeat_due(Instant now);
    void datagram_due(Instant now);
    void deadline_passed(Instant now);

    VoiceIntent intent_;       // its channel is where we want to be
    base::ChannelId channel_;  // where we are, as far as the gateway has told
    Phase phase_ = Phase::ended;
    Actions out_;

    // From the main gateway; forgotten when we ask it anew, because neither outlives a join.
    std::optional<std::string> session_id_;
    std::optional<Server> server_;
    // What the voice websocket was opened with; a resume presents the same.
    Credentials credentials_;
    std::string endpoint_;

    bool socket_ = false;     // a websocket is open or being opened
    bool udp_ = false;        // a UDP socket is open
    bool announced_ = false;  // Ready was given and neither Lost nor GaveUp since
    bool speaking_ = false;
    int last_sequence_ = -1;
    std::optional<Transport> transport_;
    std::optional<TransportParams> params_;
    std::set<base::UserId> users_;
    int discovery_tries_ = 0;
    std::uint32_t keepalives_ = 0;

    std::optional<Instant> deadline_;  // of the phase
    std::optional<Heartbeat> heartbeat_;
    std::optional<Instant> next_datagram_;
    std::optional<Instant> stable_at_;
    std::optional<Instant> armed_;  // what the driver's timer is set to

    // Failures since the connection was last stable: what limits them.
    int rejoins_ = 0;
    int resumes_ = 0;
    int misunderstandings_ = 0;
    int rejections_ = 0;
};

Actions VoiceSession::Machine::take() {
    std::optional<Instant> next;
    const auto consider = [&next](const std::optional<Instant>& at) {
        if (at && (!next || *at < *next)) next = at;
    };
    consider(deadline_);
    consider(next_datagram_);
    consider(stable_at_);
    if (heartbeat_) consider(heartbeat_->next);
    if (next && next != armed_) emit(voice::SetTimer{*next});
    if (next) armed_ = next;
    return std::exchange(out_, {});
}

// ---- what the main gateway and our user say

void VoiceSession::Machine::join(base::ChannelId channel, Instant now) {
    intent_.channel = channel;
    if (connected()) return emit(voice::JoinWanted{channel});  // a move: Discord may refuse it, we stay then
    close_socket(kCloseNormal, "joining anew");
    finish();
    rejoins_ = resumes_ = misunderstandings_ = rejections_ = 0;
    channel_ = channel;
    ask_gateway(now);
}

void VoiceSession::Machine::leave() {
    close_socket(kCloseNormal, "leaving");
    finish();
}

void VoiceSession::Machine::ask_gateway(Instant now) {
    session_id_.reset();
    server_.reset();
    emit(voice::JoinWanted{intent_.channel});
    enter(Phase::waiting, now + kJoinTimeout);
}

void VoiceSession::Machine::on_own_state(base::ChannelId channel, std::string session_id, Instant now) {
    if (ended()) return;
    if (!channel) {
        // Before its answer to a join, this is the farewell of an earlier connection.
        if (phase_ == Phase::rejoin_pause || (phase_ == Phase::waiting && !session_id_)) return;
        return give_up(kVoiceKicked,
                       "removed from the voice channel: by a moderator, or the channel is gone");
    }
    if (channel != channel_) {
        channel_ = intent_.channel = channel;
        emit(voice::Moved{channel});
    }
    session_id_ = std::move(session_id);
    const bool outdated = handshaking() && credentials_.session_id != *session_id_;
    if (server_ && (phase_ == Phase::waiting || outdated)) connect(now);
}

void VoiceSession::Machine::on_server(std::string token, std::string endpoint, Instant now) {
    if (ended()) return;
    if (endpoint.empty()) {
        server_.reset();
        if (phase_ == Phase::serverless) return;
        close_socket(kCloseNormal, "the server is being replaced");
        drop_transport(kVoiceServerGone, "Discord is looking for another voice server");
        return enter(Phase::serverless, now + kServerSearch);
    }
    auto address = host_and_port(std::move(endpoint));
    if (!address) return misunderstood("the gateway named a voice server whose address is none", now);
    const bool repeated = server_ && token == credentials_.token && *address == endpoint_;
    if (repeated && phase_ != Phase::waiting) return;
    server_ = Server{std::move(token), std::move(*address)};
    if (session_id_) {
        connect(now);
    } else if (phase_ != Phase::waiting) {
        enter(Phase::waiting, now + kJoinTimeout);
    }
}

// ---- the handshake

void VoiceSession::Machine::connect(Instant now) {
    drop_transport(kVoiceServerChanged, "Discord named another voice server");
    credentials_ = Credentials{intent_.guild, intent_.user, *session_id_, server_->token};
    endpoint_ = server_->endpoint;
    last_sequence_ = -1;
    users_ = {intent_.user};
    open_socket();
    enter(Phase::opening, now + kHandshakeTimeout);
}

void VoiceSession::Machine::open_socket() {
    socket_ = true;
    heartbeat_.reset();
    emit(voice::ConnectWs{"wss://" + endpoint_ + "/?v=" + std::to_string(kVoiceVersion)});
}

void VoiceSession::Machine::on_ws_open(Instant now) {
    if (phase_ == Phase::opening) {
        send(voice_wire::identify(credentials_));
        phase_ = Phase::identifying;
    } else if (phase_ == Phase::resume_opening) {
        send(voice_wire::resume(credentials_, last_sequence_));
        phase_ = Phase::resuming;
    } else {
        return;
    }
    // Until Hello names a shorter interval: a server without Hello must not go unwatched.
    heartbeat_ = Heartbeat{kLongestHeartbeat, now + kLongestHeartbeat};
}

void VoiceSession::Machine::on_ws_text(std::string_view text, Instant now) {
    if (!identified()) return;
    const auto message = voice_wire::parse(text);
    if (!message) return misunderstood(message.error().detail(), now);
    if (message->sequence) last_sequence_ = *message->sequence;
    std::visit([&](const auto& body) { handle(body, now); }, message->body);
}

// Sequence number (2), opcode (1), body. All binary opcodes are of DAVE, which we do not announce: only the
// sequence number concerns us.
void VoiceSession::Machine::on_ws_binary(base::ByteView bytes, Instant now) {
    if (!identified()) return;
    if (bytes.size() < 3) return misunderstood("a binary message shorter than its header", now);
    last_sequence_ = base::read_be<std::uint16_t>(bytes);
}

void VoiceSession::Machine::handle(const voice_wire::Hello& hello, Instant now) {
    const auto interval = std::min(hello.heartbeat_interval, kLongestHeartbeat);
    if (interval >= heartbeat_->interval) return;
    heartbeat_ = Heartbeat{interval, now + interval};
}

void VoiceSession::Machine::handle(const voice_wire::Ready& ready, Instant now) {
    if (phase_ != Phase::identifying) return;
    const auto mode = choose_mode(ready.modes);
    if (!mode) return give_up(kVoiceNoCommonMode, "the voice server offers no encryption mode that we know");
    transport_ = Transport{ready.ssrc, ready.ip, ready.port, *mode};
    udp_ = true;
    emit(voice::OpenUdp{ready.ip, ready.port});
    enter(Phase::discovering, std::nullopt);
    discovery_tries_ = 0;
    datagram_due(now);
}

void VoiceSession::Machine::on_datagram(base::ByteView bytes, Instant now) {
    if (phase_ != Phase::discovering) return;
    const auto external = parse_discovery_answer(bytes, transport_->ssrc);
    if (!external) return;
    next_datagram_.reset();
    send(voice_wire::select_protocol(external->ip, external->port, transport_->mode));
    enter(Phase::selecting, now + kHandshakeTimeout);
}

void VoiceSession::Machine::handle(const voice_wire::SessionDescription& description, Instant now) {
    if (phase_ != Phase::selecting && phase_ != Phase::ready && phase_ != Phase::resuming) return;
    // Repeated, by a resume: a sender that started its nonces anew under the same key would give it away.
    if (params_ && params_->mode == description.mode && params_->key == description.key) return;
    params_ = TransportParams{description.mode,
                              description.key,
                              transport_->ssrc,
                              transport_->ip,
                              transport_->port,
                              channel_,
                              description.dave_protocol_version};
    if (phase_ == Phase::selecting) {
        next_datagram_ = now + kKeepalivePeriod;
        enter_ready(now);
    }
    announced_ = true;
    emit(voice::Ready{*params_});
}

void VoiceSession::Machine::enter_ready(Instant now) {
    enter(Phase::ready, std::nullopt);
    stable_at_ = now + kStableAfter;
    send(voice_wire::speaking(speaking_, transport_->ssrc));  // at least once, or the server takes no packet
}

void VoiceSession::Machine::handle(const voice_wire::Resumed&, Instant now) {
    if (phase_ != Phase::resuming) return;
    enter_ready(now);
    emit(voice::Resumed{});
}

void VoiceSession::Machine::set_speaking(bool speaking) {
    if (speaking == speaking_) return;
    speaking_ = speaking;
    if (ready()) send(voice_wire::speaking(speaking_, transport_->ssrc));
}

void VoiceSession::Machine::handle(const voice_wire::Speaking& speaking, Instant) {
    emit(voice::Speaking{speaking.user, speaking.ssrc, speaking.flags});
}

void VoiceSession::Machine::handle(const voice_wire::ClientsConnect& connect, Instant) {
    for (const auto user : connect.users) {
        if (users_.size() == voice_wire::kMaxUsers) return;
        users_.insert(user);
    }
}

void VoiceSession::Machine::handle(const voice_wire::ClientDisconnect& disconnect, Instant) {
    users_.erase(disconnect.user);
    emit(voice::UserLeft{disconnect.user});
}

// ---- how connections end

void VoiceSession::Machine::on_ws_closed(std::uint16_t code, std::string_view detail, Instant now) {
    if (!socket_) return;
    socket_ = false;
    heartbeat_.reset();
    const auto meaning = close_meaning(code);
    auto what = describe_close(code, detail);
    switch (meaning.reaction) {
        case CloseReaction::resume:
            return resume_or_rejoin(meaning.reason, std::move(what), now);
        case CloseReaction::rejoin:
            return rejoin(meaning.reason, std::move(what), now);
        case CloseReaction::rejoin_twice:
            return rejoin_at_most(2, rejections_, meaning.reason, std::move(what), now);
        case CloseReaction::rejoin_once:
            return rejoin_at_most(1, misunderstandings_, meaning.reason, std::move(what), now);
        case CloseReaction::await_gateway:
            drop_transport(meaning.reason, what);
            return enter(Phase::held, now + kGatewayGrace);
        case CloseReaction::give_up:
            return give_up(meaning.reason, std::move(what));
    }
}

void VoiceSession::Machine::on_udp_failed(std::string_view detail, Instant now) {
    if (!udp_) return;
    close_socket(kCloseNormal, "no UDP");
    rejoin(kVoiceUdpBlocked, base::join("no UDP socket to the voice server:", detail), now);
}

void VoiceSession::Machine::misunderstood(std::string_view detail, Instant now) {
    close_socket(kCloseUndecodable, "failed to decode");
    rejoin_at_most(1, misunderstandings_, kVoiceProtocol, std::string{detail}, now);
}

void VoiceSession::Machine::resume_or_rejoin(base::Reason reason, std::string detail, Instant now) {
    if (!connected() || resumes_ == static_cast<int>(kResumeDelays.size())) {
        return rejoin(reason, std::move(detail), now);
    }
    if (ready()) emit(voice::Resuming{});
    stable_at_.reset();
    const auto delay = kResumeDelays.at(static_cast<std::size_t>(resumes_++));
    if (delay == Duration::zero()) return open_resume(now);
    enter(Phase::resume_pause, now + delay);
}

void VoiceSession::Machine::open_resume(Instant now) {
    open_socket();
    enter(Phase::resume_opening, now + kHandshakeTimeout);
}

void VoiceSession::Machine::rejoin(base::Reason reason, std::string detail, Instant now) {
    if (rejoins_ == static_cast<int>(kRejoinDelays.size())) {
        return give_up(reason, base::join(detail, "(after", rejoins_, "tries to join again)"));
    }
    drop_transport(reason, detail);
    enter(Phase::rejoin_pause, now + kRejoinDelays.at(static_cast<std::size_t>(rejoins_++)));
}

void VoiceSession::Machine::rejoin_at_most(int times, int& so_far, base::Reason reason, std::string detail,
                                           Instant now) {
    if (so_far == times) return give_up(reason, base::join(detail, "(again, after a fresh join)"));
    ++so_far;
    rejoin(reason, std::move(detail), now);
}

void VoiceSession::Machine::give_up(base::Reason reason, std::string detail) {
    close_socket(kCloseNormal, "giving up");
    finish();
    emit(voice::GaveUp{reason, std::move(detail)});
}

void VoiceSession::Machine::close_socket(std::uint16_t code, std::string reason) {
    heartbeat_.reset();
    if (std::exchange(socket_, false)) emit(voice::CloseWs{code, std::move(reason)});
}

// Forgets all that came with the voice server's op 2 and later, and says so if it was in use.
void VoiceSession::Machine::drop_transport(base::Reason reason, std::string_view detail) {
    transport_.reset();
    params_.reset();
    next_datagram_.reset();
    stable_at_.reset();
    if (std::exchange(announced_, false)) emit(voice::Lost{reason, std::string{detail}});
    if (std::exchange(udp_, false)) emit(voice::CloseUdp{});
}

void VoiceSession::Machine::finish() {
    announced_ = false;  // GaveUp, or our user, says it all: no Lost before it
    drop_transport(kVoiceDisconnected, {});
    session_id_.reset();
    server_.reset();
    users_.clear();
    enter(Phase::ended, std::nullopt);
}

// ---- time

void VoiceSession::Machine::on_timer(Instant now) {
    armed_.reset();
    if (stable_at_ && *stable_at_ <= now) {
        stable_at_.reset();
        rejoins_ = resumes_ = misunderstandings_ = rejections_ = 0;
    }
    if (heartbeat_ && heartbeat_->next <= now) heartbeat_due(now);
    if (next_datagram_ && *next_datagram_ <= now) datagram_due(now);
    if (deadline_ && *deadline_ <= now) deadline_passed(now);
}

void VoiceSession::Machine::send_heartbeat(Instant now) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
    send(voice_wire::heartbeat(ms, last_sequence_));
}

void VoiceSession::Machine::heartbeat_due(Instant now) {
    if (heartbeat_->unanswered == kMissedHeartbeats) {
        close_socket(kCloseDeadLink, "heartbeats unanswered");
        return resume_or_rejoin(kVoiceConnectionLost, "the voice server stopped answering heartbeats", now);
    }
    ++heartbeat_->unanswered;
    heartbeat_->next = now + heartbeat_->interval;
    send_heartbeat(now);
}

void VoiceSession::Machine::handle(const voice_wire::HeartbeatRequest&, Instant now) {
    send_heartbeat(now);
}

void VoiceSession::Machine::handle(const voice_wire::HeartbeatAck&, Instant) {
    heartbeat_->unanswered = 0;
}

void VoiceSession::Machine::datagram_due(Instant now) {
    if (phase_ != Phase::discovering) {
        next_datagram_ = now + kKeepalivePeriod;
        if (!speaking_) emit(voice::SendDatagram{keepalive(keepalives_++)});
        return;
    }
    if (discovery_tries_ == kDiscoveryTries) {
        close_socket(kCloseNormal, "no answer over UDP");
        return rejoin(kVoiceUdpBlocked,
                      "the voice server does not answer over UDP: a firewall between us may block it", now);
    }
    ++discovery_tries_;
    next_datagram_ = now + kDiscoveryPeriod;
    emit(voice::SendDatagram{discovery_request(transport_->ssrc)});
}

void VoiceSession::Machine::deadline_passed(Instant now) {
    constexpr std::string_view kTooSlow = "the voice server did not finish the handshake within 15 s";
    switch (phase_) {
        case Phase::waiting: {
            std::string detail =
                "Discord did not answer within 15 s: the channel may be full, gone, or closed to us";
            if (rejoins_ == 0) return give_up(kVoiceJoinTimeout, std::move(detail));
            return rejoin(kVoiceJoinTimeout, std::move(detail), now);
        }
        case Phase::serverless:
            return rejoin(kVoiceServerGone, "Discord found no voice server within a minute", now);
        case Phase::opening:
        case Phase::identifying:
        case Phase::selecting:
            close_socket(kCloseNormal, "handshake timed out");
            return rejoin(kVoiceHandshakeTimeout, std::string{kTooSlow}, now);
        case Phase::resume_pause:
            return open_resume(now);
        case Phase::resume_opening:
        case Phase::resuming:
            close_socket(kCloseNormal, "resume timed out");
            return resume_or_rejoin(kVoiceHandshakeTimeout, std::string{kTooSlow}, now);
        case Phase::held:
            return give_up(kVoiceDisconnected,
                           "Discord ended the voice connection and named no other server");
        case Phase::rejoin_pause:
            return ask_gateway(now);
        case Phase::ended:
        case Phase::discovering:
        case Phase::ready:
            break;  // these have no deadline
    }
}

// ---- the public face

VoiceSession::VoiceSession(VoiceIntent intent) : machine_{std::make_unique<Machine>(intent)} {}
VoiceSession::VoiceSession(VoiceSession&&) noexcept = default;
VoiceSession& VoiceSession::operator=(VoiceSession&&) noexcept = default;
VoiceSession::~VoiceSession() = default;

Actions VoiceSession::join(base::ChannelId channel, Instant now) {
    machine_->join(channel, now);
    return machine_->take();
}
Actions VoiceSession::leave() {
    machine_->leave();
    return machine_->take();
}
Actions VoiceSession::on_own_state(base::ChannelId channel, std::string session_id, Instant now) {
    machine_->on_own_state(channel, std::move(session_id), now);
    return machine_->take();
}
Actions VoiceSession::on_server(std::string token, std::string endpoint, Instant now) {
    machine_->on_server(std::move(token), std::move(endpoint), now);
    return machine_->take();
}
Actions VoiceSession::on_ws_open(Instant now) {
    machine_->on_ws_open(now);
    return machine_->take();
}
Actions VoiceSession::on_ws_text(std::string_view text, Instant now) {
    machine_->on_ws_text(text, now);
    return machine_->take();
}
Actions VoiceSession::on_ws_binary(base::ByteView bytes, Instant now) {
    machine_->on_ws_binary(bytes, now);
    return machine_->take();
}
Actions VoiceSession::on_ws_closed(std::uint16_t code, std::string_view detail, Instant now) {
    machine_->on_ws_closed(code, detail, now);
    return machine_->take();
}
Actions VoiceSession::on_datagram(base::ByteView bytes, Instant now) {
    machine_->on_datagram(bytes, now);
    return machine_->take();
}
Actions VoiceSession::on_udp_failed(std::string_view detail, Instant now) {
    machine_->on_udp_failed(detail, now);
    return machine_->take();
}
Actions VoiceSession::on_timer(Instant now) {
    machine_->on_timer(now);
    return machine_->take();
}
Actions VoiceSession::set_speaking(bool speaking) {
    machine_->set_speaking(speaking);
    return machine_->take();
}
bool VoiceSession::ready() const {
    return machine_->ready();
}
bool VoiceSession::ended() const {
    return machine_->ended();
}
const std::set<base::UserId>& VoiceSession::users() const {
    return machine_->users();
}

}  // namespace bandstand::discord
