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

#include "base/clock.hpp"
#include "sandbox/discord/gateway_session.hpp"
#include "sandbox/discord/world.hpp"

namespace bandstand::sandbox {

/// The other end of one websocket.
class Peer {
public:
    virtual ~Peer() = default;
    virtual void send(std::string payload) = 0;
    /// Nothing is sent after it.
    virtual void close(std::uint16_t code, std::string reason) = 0;
};

/// Something that happened, and which bots hear of it.
struct Event {
    std::string type;
    Json data;
    GuildId guild{};           ///< none: shard 0
    std::uint64_t intent = 0;  ///< any of these bits; 0 = no intent needed
    ChannelId channel{};       ///< only bots that can view it
    UserId only{};             ///< only this bot
    UserId regardless{};       ///< this bot hears of it without the intent
};

/// What the gateway asks of the rest of the stand-in.
struct GatewayHandlers {
    /// Op 4 of a session: the bot wants to be in `channel` (none = leave).
    std::function<void(const GatewaySession&, GuildId, ChannelId, bool self_mute, bool self_deaf)>
        voice_state;
    /// The session is gone for good: its voice connections end.
    std::function<void(const GatewaySession&)> session_lost;
};

/// Which connections a fault hits.
struct GatewayTarget {
    UserId bot{};  ///< none = all
    std::optional<std::uint64_t> shard{};
};

/// The main gateway without its sockets: every connection's state, the sessions that can be resumed, and who
/// hears what (discord-gateway, discord-standin section 4). `now` is always passed.
class Gateway {
public:
    static constexpr std::size_t kMaxPayload = 4096;
    static constexpr std::size_t kMaxSends = 120;  ///< per kSendWindow
    static constexpr base::Duration kSendWindow = std::chrono::seconds{60};
    /// One Identify per ticket key in this time. Discord says 5 s; a little less forgives the client's clock.
    static constexpr base::Duration kIdentifyGap = std::chrono::milliseconds{4'950};
    /// So long a session waits for a resume.
    static constexpr base::Duration kResumeWindow = std::chrono::seconds{180};
    static constexpr std::size_t kMaxGuildsPerShard = 2'500;

    Gateway(World& world, GatewayHandlers handlers);

    void set_url(std::string url) { url_ = std::move(url); }
    const std::string& url() const { return url_; }
    void set_heartbeat_interval(base::Duration interval) { heartbeat_interval_ = interval; }

    /// A websocket opened with these query values. Sends Hello, or closes 4012. Returns its number.
    std::uint64_t open(Peer& peer, std::string_view version, std::string_view encoding, base::Instant now);
    void receive(std::uint64_t connection, std::string_view payload, base::Instant now);
    /// The client closed, or the connection was lost (code 0). `peer` is not used after it.
    void closed(std::uint64_t connection, std::uint16_t code, base::Instant now);
    /// Closes connections whose heartbeats stopped, forgets sessions that nobody resumed. Call every second.
    void tick(base::Instant now);

    void dispatch(const Event& event);

    // Faults; each returns how many connections it hit.
    std::size_t reconnect(GatewayTarget target);                   ///< op 7
    std::size_t invalidate(GatewayTarget target, bool resumable);  ///< op 9
    std::size_t close(GatewayTarget target, std::uint16_t code, base::Instant now);
    std::size_t request_heartbeat(GatewayTarget target);  ///< op 1
    std::size_t drop_acks(GatewayTarget target, bool drop);

    /// Of every session: {bot, shard, session_id, connected, sequence, intents}.
    Json describe() const;
    /// A connected session of this bot for this guild.
    const GatewaySession* session_for(UserId bot, GuildId guild) const;

private:
    struct Connection {
        Peer* peer = nullptr;
        std::string session;  // empty = not identified
        base::Instant last_heartbeat;
        std::deque<base::Instant> sends;
        bool drop_acks = false;
        bool closing = false;
    };

    void send(Connection& connection, int op, const Json& data);
    void end(Connection& connection, std::uint16_t code, std::string_view reason);
    bool over_send_limit(Connection& connection, base::Instant now);
    void handle(std::uint64_t number, Connection& connection, std::int64_t op, const Json& data,
                base::Instant now);
    void identify(std::uint64_t number, Connection& connection, const Json& data, base::Instant now);
    /// Why this Identify is refused: a close code, 0 = op 9, or nothing.
    std::optional<std::uint16_t> refusal(Bot& bot, const Shard& shard, std::int64_t intents,
                                         base::Instant now);
    void greet(GatewaySession& session, const Bot& bot);
    void resume(std::uint64_t number, Connection& connection, const Json& data, base::Instant now);
    void voice_state(const GatewaySession& session, const Json& data);
    void request_members(GatewaySession& session, const Json& data, base::Instant now);
    void detach(GatewaySession& session, base::Instant now);
    void lose(const std::string& session_id);
    void deliver(GatewaySession& session, const Event& event);
    bool hears(const GatewaySession& session, const Event& event) const;
    void push(GatewaySession& session, std::string_view type, const Json& data);
    std::vector<Connection*> hit(const GatewayTarget& target);
    GatewaySession* session_of(const Connection& connection);

    World& world_;
    GatewayHandlers handlers_;
    std::string url_;
    base::Duration heartbeat_interval_ = std::chrono::milliseconds{41'250};
    std::uint64_t next_connection_ = 1;
    std::map<std::uint64_t, Connection> connections_;
    std::map<std::string, GatewaySession> sessions_;
    std::map<std::pair<ApplicationId, std::uint64_t>, base::Instant> identified_;  // by ticket key
    std::map<std::pair<std::string, GuildId>, base::Instant> listed_;              // op 8 for a whole guild
};

/// 32 hex digits from the system's generator: session ids, tokens.
std::string random_token();

}  // namespace bandstand::sandbox
