#include "sandbox/discord/gateway.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "sandbox/discord/intents.hpp"
#include "sandbox/discord/objects.hpp"

namespace bandstand::sandbox {
namespace {

enum Op : std::int64_t {
    kHeartbeat = 1,
    kIdentify = 2,
    kPresence = 3,
    kVoiceState = 4,
    kResume = 6,
    kReconnect = 7,
    kRequestMembers = 8,
    kInvalidSession = 9,
    kHello = 10,
    kHeartbeatAck = 11,
    kRequestSounds = 31,
    kRequestChannelInfo = 43,
};
constexpr std::array kClientOps{kHeartbeat, kIdentify,       kPresence,      kVoiceState,
                                kResume,    kRequestMembers, kRequestSounds, kRequestChannelInfo};

constexpr base::Duration kListGap = std::chrono::seconds{30};  // op 8 for all members of one guild
constexpr std::size_t kChunk = 1000;

/// Discord's own patience beyond the interval is not documented; half an interval is what clients survive.
base::Duration patience(base::Duration interval) {
    return interval + interval / 2;
}

std::optional<Shard> read_shard(const Json& data) {
    const auto& shard = member_of(data, "shard");
    if (shard.is_null()) return Shard{};
    if (!shard.is_array() || shard.size() != 2 || !shard[0].is_number_unsigned() ||
        !shard[1].is_number_unsigned()) {
        return std::nullopt;
    }
    return Shard{.id = shard[0].get<std::uint64_t>(), .count = shard[1].get<std::uint64_t>(), .given = true};
}

/// What a bot without MESSAGE_CONTENT sees of other people's messages.
Json without_content(Json message) {
    if (message.contains("content")) message["content"] = "";
    for (const auto* key : {"embeds", "attachments", "components"}) {
        if (message.contains(key)) message[key] = Json::array();
    }
    return message;
}

}  // namespace

std::string random_token() {
    std::array<std::byte, 16> bytes{};
    base::fill_random(bytes);
    return base::to_hex(bytes);
}

Gateway::Gateway(World& world, GatewayHandlers handlers) : world_{world}, handlers_{std::move(handlers)} {}

std::uint64_t Gateway::open(Peer& peer, std::string_view version, std::string_view encoding,
                            base::Instant now) {
    const auto number = next_connection_++;
    auto& connection = connections_[number];
    connection.peer = &peer;
    connection.last_heartbeat = now;
    if (version != "10" || encoding != "json") {
        end(connection, gateway_close::kInvalidApiVersion,
            "Invalid API version or encoding: use v=10&encoding=json.");
        return number;
    }
    send(connection, kHello,
         {{"heartbeat_interval",
           std::chrono::duration_cast<std::chrono::milliseconds>(heartbeat_interval_).count()}});
    return number;
}

void Gateway::send(Connection& connection, int op, const Json& data) {
    if (connection.closing) return;
    connection.peer->send(to_text(Json{{"t", nullptr}, {"s", nullptr}, {"op", op}, {"d", data}}));
}

void Gateway::end(Connection& connection, std::uint16_t code, std::string_view reason) {
    if (connection.closing) return;
    connection.closing = true;
    connection.peer->close(code, std::string{reason});
}

bool Gateway::over_send_limit(Connection& connection, base::Instant now) {
    auto& sends = connection.sends;
    while (!sends.empty() && now - sends.front() >= kSendWindow) sends.pop_front();
    sends.push_back(now);
    return sends.size() > kMaxSends;
}

void Gateway::receive(std::uint64_t number, std::string_view payload, base::Instant now) {
    const auto found = connections_.find(number);
    if (found == connections_.end() || found->second.closing) return;
    auto& connection = found->second;
    if (over_send_limit(connection, now))
        return end(connection, gateway_close::kRateLimited, "You are being rate limited.");
    const auto message = payload.size() > kMaxPayload ? std::nullopt : parse_json(payload);
    if (!message || !member_of(*message, "op").is_number_integer()) {
        return end(connection, gateway_close::kDecodeError, "Error while decoding payload.");
    }
    handle(number, connection, number_of(*message, "op"), member_of(*message, "d"), now);
}

void Gateway::handle(std::uint64_t number, Connection& connection, std::int64_t op, const Json& data,
                     base::Instant now) {
    if (std::ranges::find(kClientOps, op) == kClientOps.end()) {
        return end(connection, gateway_close::kUnknownOpcode, "Unknown opcode.");
    }
    if (op == kHeartbeat) {  // also before Identify: discord.py does
        connection.last_heartbeat = now;
        if (!connection.drop_acks) send(connection, kHeartbeatAck, nullptr);
        return;
    }
    auto* session = session_of(connection);
    if (op == kIdentify || op == kResume) {
        if (session != nullptr)
            return end(connection, gateway_close::kAlreadyAuthenticated, "Already authenticated.");
        return op == kIdentify ? identify(number, connection, data, now)
                               : resume(number, connection, data, now);
    }
    if (session == nullptr) return end(connection, gateway_close::kNotAuthenticated, "Not authenticated.");
    if (!data.is_object())
        return end(connection, gateway_close::kDecodeError, "Error while decoding payload.");
    if (op == kVoiceState) voice_state(*session, data);
    if (op == kRequestMembers) request_members(*session, data, now);
}

std::optional<std::uint16_t> Gateway::refusal(Bot& bot, const Shard& shard, std::int64_t intents,
                                              base::Instant now) {
    const auto bits = static_cast<std::uint64_t>(intents);
    if (intents < 0 || (bits & ~intent::kKnown) != 0) return gateway_close::kInvalidIntents;
    if ((bits & intent::kPrivileged & ~bot.privileged_intents) != 0) return gateway_close::kDisallowedIntents;
    if (shard.count == 0 || shard.id >= shard.count) return gateway_close::kInvalidShard;
    const auto guilds = std::ranges::count_if(world_.guilds, [&](const auto& entry) {
        return shard.owns(entry.first) && entry.second.member(bot.user()) != nullptr;
    });
    const bool too_few =
        bot.sharding_required && shard.count < static_cast<std::uint64_t>(bot.recommended_shards);
    if (too_few || static_cast<std::size_t>(guilds) > kMaxGuildsPerShard)
        return gateway_close::kShardingRequired;
    if (bot.identifies_left <= 0) return gateway_close::kAuthenticationFailed;  // Discord resets the token
    const std::pair ticket{bot.id, shard.id % static_cast<std::uint64_t>(bot.max_concurrency)};
    const auto last = identified_.find(ticket);
    if (last != identified_.end() && now - last->second < kIdentifyGap) return 0;
    identified_[ticket] = now;
    --bot.identifies_left;
    return std::nullopt;
}

void Gateway::identify(std::uint64_t number, Connection& connection, const Json& data, base::Instant now) {
    const auto shard = read_shard(data);
    if (!member_of(data, "token").is_string() || !member_of(data, "intents").is_number_integer() ||
        !member_of(data, "properties").is_object()) {
        return end(connection, gateway_close::kDecodeError, "Error while decoding payload.");
    }
    const auto* known = world_.bot_with_token(text_of(data, "token"));
    if (known == nullptr)
        return end(connection, gateway_close::kAuthenticationFailed, "Authentication failed.");
    if (!shard) return end(connection, gateway_close::kInvalidShard, "Invalid shard.");
    auto& bot = world_.bots.at(known->id);
    if (const auto code = refusal(bot, *shard, number_of(data, "intents"), now)) {
        if (*code == 0) return send(connection, kInvalidSession, false);
        return end(connection, *code,
                   *code == gateway_close::kDisallowedIntents ? "Disallowed intent(s)."
                   : *code == gateway_close::kInvalidIntents  ? "Invalid intent(s)."
                                                              : "Refused.");
    }
    GatewaySession session;
    session.id = random_token();
    session.bot = bot.id;
    session.shard = *shard;
    session.intents = static_cast<std::uint64_t>(number_of(data, "intents"));
    session.connection = number;
    connection.session = session.id;
    greet(sessions_.emplace(session.id, std::move(session)).first->second, bot);
}

void Gateway::greet(GatewaySession& session, const Bot& bot) {
    Json guilds = Json::array();
    for (const auto& [id, guild] : world_.guilds) {
        if (session.shard.owns(id) && guild.member(bot.user()) != nullptr) {
            guilds.push_back({{"id", base::to_string(id)}, {"unavailable", true}});
        }
    }
    Json ready{{"v", 10},
               {"user", user_object(world_.user(bot.user()))},
               {"guilds", guilds},
               {"session_id", session.id},
               {"session_type", "normal"},
               {"resume_gateway_url", url_},
               {"private_channels", Json::array()},
               {"application", {{"id", base::to_string(bot.id)}, {"flags", 0}}}};
    if (session.shard.given) ready["shard"] = {session.shard.id, session.shard.count};
    push(session, "READY", ready);
    if (!session.wants(intent::kGuilds)) return;
    for (const auto& [id, guild] : world_.guilds) {
        if (!session.shard.owns(id) || guild.member(bot.user()) == nullptr) continue;
        push(session, "GUILD_CREATE",
             guild_create_object(world_, guild, bot.user(), session.wants(intent::kGuildPresences)));
    }
}

void Gateway::resume(std::uint64_t number, Connection& connection, const Json& data, base::Instant now) {
    if (!member_of(data, "token").is_string() || !member_of(data, "session_id").is_string() ||
        !member_of(data, "seq").is_number_integer()) {
        return end(connection, gateway_close::kDecodeError, "Error while decoding payload.");
    }
    const auto* bot = world_.bot_with_token(text_of(data, "token"));
    if (bot == nullptr)
        return end(connection, gateway_close::kAuthenticationFailed, "Authentication failed.");
    const auto found = sessions_.find(text_of(data, "session_id"));
    if (found == sessions_.end() || found->second.bot != bot->id)
        return send(connection, kInvalidSession, false);
    auto& session = found->second;
    const auto seq = number_of(data, "seq");
    if (seq < 0 || seq > session.sequence())
        return end(connection, gateway_close::kInvalidSeq, "Invalid seq.");
    const auto missed = session.after(seq);
    if (!missed) {
        lose(session.id);
        return send(connection, kInvalidSession, false);
    }
    if (const auto old = connections_.find(session.connection); old != connections_.end()) {
        old->second.session.clear();
        end(old->second, 4000, "Session resumed elsewhere.");
    }
    session.connection = number;
    session.detached_since.reset();
    connection.session = session.id;
    connection.last_heartbeat = now;
    for (const auto& payload : *missed) connection.peer->send(payload);
    push(session, "RESUMED", Json::object());
}

void Gateway::voice_state(const GatewaySession& session, const Json& data) {
    const auto guild = id_of<GuildId>(data, "guild_id");
    if (!session.shard.owns(guild)) return;
    handlers_.voice_state(session, guild, id_of<ChannelId>(data, "channel_id"), flag_of(data, "self_mute"),
                          flag_of(data, "self_deaf"));
}

void Gateway::request_members(GatewaySession& session, const Json& data, base::Instant now) {
    const auto* guild = world_.guild(id_of<GuildId>(data, "guild_id"));
    if (guild == nullptr || !session.shard.owns(guild->id) ||
        guild->member(UserId{session.bot.value()}) == nullptr) {
        return;
    }
    const auto& ids = member_of(data, "user_ids");
    const auto query = lower(text_of(data, "query"));
    const bool whole = ids.is_null() && query.empty();
    if (whole && !session.wants(intent::kGuildMembers)) return;
    auto& last = listed_[{session.id, guild->id}];
    if (whole && last != base::Instant{} && now - last < kListGap) {
        return push(
            session, "RATE_LIMITED",
            {{"opcode", 8},
             {"retry_after", std::chrono::duration<double>(kListGap - (now - last)).count()},
             {"meta", {{"guild_id", base::to_string(guild->id)}, {"nonce", member_of(data, "nonce")}}}});
    }
    if (whole) last = now;
    Json members = Json::array();
    for (const auto& [id, member] : guild->members) {
        const auto named = ids.is_array() ? std::ranges::find(ids, Json(base::to_string(id))) != ids.end()
                                          : ids == base::to_string(id);
        const bool wanted = ids.is_null() ? lower(world_.user(id).name).starts_with(query) : named;
        if (wanted && members.size() < (whole ? kChunk : 100))
            members.push_back(member_object(world_, *guild, member));
    }
    push(session, "GUILD_MEMBERS_CHUNK",
         {{"guild_id", base::to_string(guild->id)},
          {"members", members},
          {"chunk_index", 0},
          {"chunk_count", 1},
          {"not_found", Json::array()},
          {"nonce", member_of(data, "nonce")}});
}

void Gateway::closed(std::uint64_t number, std::uint16_t code, base::Instant now) {
    const auto found = connections_.find(number);
    if (found == connections_.end()) return;
    const auto session_id = found->second.session;
    connections_.erase(found);
    const auto session = sessions_.find(session_id);
    if (session == sessions_.end()) return;
    if (code == 1000 || code == 1001) return lose(session_id);  // the client is done with it
    detach(session->second, now);
}

void Gateway::detach(GatewaySession& session, base::Instant now) {
    session.connection = 0;
    session.detached_since = now;
}

void Gateway::lose(const std::string& session_id) {
    const auto found = sessions_.find(session_id);
    if (found == sessions_.end()) return;
    const auto session = std::move(found->second);
    sessions_.erase(found);
    std::erase_if(listed_, [&](const auto& entry) { return entry.first.first == session_id; });
    if (handlers_.session_lost) handlers_.session_lost(session);
}

void Gateway::tick(base::Instant now) {
    std::vector<std::string> lost;
    for (auto& [number, connection] : connections_) {
        if (connection.closing || now - connection.last_heartbeat <= patience(heartbeat_interval_)) continue;
        if (!connection.session.empty()) lost.push_back(std::exchange(connection.session, {}));
        end(connection, gateway_close::kSessionTimedOut, "Session timed out.");
    }
    for (const auto& [id, session] : sessions_) {
        if (session.detached_since && now - *session.detached_since > kResumeWindow) lost.push_back(id);
    }
    for (const auto& id : lost) lose(id);
}

void Gateway::dispatch(const Event& event) {
    for (auto& [id, session] : sessions_) {
        if (hears(session, event)) deliver(session, event);
    }
}

bool Gateway::hears(const GatewaySession& session, const Event& event) const {
    const UserId bot{session.bot.value()};
    if (event.only && event.only != bot) return false;
    if (event.guild ? !session.shard.owns(event.guild) : session.shard.id != 0) return false;
    if (event.regardless != bot && !session.wants(event.intent)) return false;
    if (!event.guild) return true;
    const auto* guild = world_.guild(event.guild);
    // A bot that was just removed still hears GUILD_DELETE: such events name it in `only`.
    if (event.only) return true;
    if (guild == nullptr || guild->member(bot) == nullptr) return false;
    const auto* channel = event.channel ? guild->channel(event.channel) : nullptr;
    return channel == nullptr || permissions_in(*guild, *channel, *guild->member(bot)) != 0;
}

void Gateway::deliver(GatewaySession& session, const Event& event) {
    const bool message = event.type == "MESSAGE_CREATE" || event.type == "MESSAGE_UPDATE";
    const UserId author = id_of<UserId>(member_of(event.data, "author"), "id");
    const auto mention = "<@" + base::to_string(session.bot) + ">";
    const bool sees_content = !message || session.wants(intent::kMessageContent) || !event.guild ||
                              author.value() == session.bot.value() ||
                              text_of(event.data, "content").find(mention) != std::string::npos;
    push(session, event.type, sees_content ? event.data : without_content(event.data));
}

void Gateway::push(GatewaySession& session, std::string_view type, const Json& data) {
    const auto& payload = session.append(type, data);
    const auto found = connections_.find(session.connection);
    if (found != connections_.end() && !found->second.closing) found->second.peer->send(payload);
}

GatewaySession* Gateway::session_of(const Connection& connection) {
    const auto found = sessions_.find(connection.session);
    return found == sessions_.end() ? nullptr : &found->second;
}

std::vector<Gateway::Connection*> Gateway::hit(const GatewayTarget& target) {
    std::vector<Connection*> found;
    for (auto& [number, connection] : connections_) {
        const auto* session = session_of(connection);
        if (session == nullptr || connection.closing) continue;
        const bool this_bot = !target.bot || target.bot.value() == session->bot.value();
        if (this_bot && (!target.shard || *target.shard == session->shard.id)) found.push_back(&connection);
    }
    return found;
}

std::size_t Gateway::reconnect(GatewayTarget target) {
    const auto found = hit(target);
    for (auto* connection : found) send(*connection, kReconnect, nullptr);
    return found.size();
}

std::size_t Gateway::invalidate(GatewayTarget target, bool resumable) {
    const auto found = hit(target);
    for (auto* connection : found) {
        const auto session = resumable ? connection->session : std::exchange(connection->session, {});
        send(*connection, kInvalidSession, resumable);
        if (!resumable) lose(session);
    }
    return found.size();
}

std::size_t Gateway::close(GatewayTarget target, std::uint16_t code, base::Instant now) {
    const auto found = hit(target);
    const bool forgets = code == gateway_close::kNotAuthenticated || code == gateway_close::kInvalidSeq ||
                         code == gateway_close::kSessionTimedOut || code == 1000;
    for (auto* connection : found) {
        const auto session_id = std::exchange(connection->session, {});
        end(*connection, code, "Closed by the sandbox.");
        if (forgets) {
            lose(session_id);
        } else if (const auto session = sessions_.find(session_id); session != sessions_.end()) {
            detach(session->second, now);
        }
    }
    return found.size();
}

std::size_t Gateway::request_heartbeat(GatewayTarget target) {
    const auto found = hit(target);
    for (auto* connection : found) send(*connection, kHeartbeat, nullptr);
    return found.size();
}

std::size_t Gateway::drop_acks(GatewayTarget target, bool drop) {
    const auto found = hit(target);
    for (auto* connection : found) connection->drop_acks = drop;
    return found.size();
}

Json Gateway::describe() const {
    Json out = Json::array();
    for (const auto& [id, session] : sessions_) {
        out.push_back({{"session_id", id},
                       {"bot", world_.bots.at(session.bot).name},
                       {"shard", {session.shard.id, session.shard.count}},
                       {"connected", session.connection != 0},
                       {"sequence", session.sequence()},
                       {"intents", session.intents}});
    }
    return out;
}

const GatewaySession* Gateway::session_for(UserId bot, GuildId guild) const {
    for (const auto& [id, session] : sessions_) {
        if (session.bot.value() == bot.value() && session.shard.owns(guild)) return &session;
    }
    return nullptr;
}

}  // namespace bandstand::sandbox
