#include "discord/gateway_payload.hpp"

#include <memory>
#include <utility>

#include "discord/transport_compression.hpp"
#include "json_view.hpp"
#include "model_parsing.hpp"

namespace bandstand::discord {
namespace {

constexpr base::Reason kBadPayload{"discord.bad_payload"};
constexpr std::size_t kMaxGuildsOfShard = 10'000;  // Discord closes with 4011 above 2500
constexpr std::size_t kMaxNesting = 64;

std::unexpected<base::Error> bad(std::string_view what) {
    return base::fail(base::ErrorKind::invalid_argument, kBadPayload, what);
}

using ParsedEvent = std::optional<Event>;  // nothing: an id that it cannot do without is missing

ParsedEvent parse_ready(JsonView d) {
    Ready ready;
    ready.user = parse_user(d["user"]).value_or(User{});
    ready.application = d["application"]["id"].id<ApplicationId>();
    ready.session_id = d["session_id"].text(512);
    ready.resume_url = d["resume_gateway_url"].text(2'048);
    d["guilds"].each(kMaxGuildsOfShard, [&](JsonView guild) {
        if (const auto id = guild["id"].id<GuildId>()) ready.guilds.push_back(id);
    });
    if (!ready.user.id || !ready.application || ready.session_id.empty()) return std::nullopt;
    return ready;
}

ParsedEvent parse_guild_event(std::string_view name, JsonView d) {
    auto guild = parse_guild(d);
    if (!guild) return std::nullopt;
    if (name == "GUILD_DELETE") return GuildDelete{guild->id, guild->unavailable};
    if (name == "GUILD_UPDATE") return GuildUpdate{*std::move(guild)};
    return GuildCreate{*std::move(guild)};
}

ParsedEvent parse_role_event(std::string_view name, JsonView d) {
    const auto guild = d["guild_id"].id<GuildId>();
    if (!guild) return std::nullopt;
    if (name == "GUILD_ROLE_DELETE") return RoleDeleted{guild, d["role_id"].id<RoleId>()};
    auto role = parse_role(d["role"]);
    if (!role) return std::nullopt;
    return RoleChanged{guild, *std::move(role)};
}

ParsedEvent parse_channel_event(std::string_view name, JsonView d) {
    auto channel = parse_channel(d, GuildId{});
    if (!channel) return std::nullopt;
    if (!channel->guild) return OtherEvent{std::string{name}};  // a direct message
    if (name == "CHANNEL_DELETE") return ChannelDeleted{channel->guild, channel->id};
    return ChannelChanged{*std::move(channel)};
}

ParsedEvent parse_member_event(JsonView d) {
    MemberChanged changed{d["guild_id"].id<GuildId>(), parse_member(d)};
    if (!changed.guild || !changed.member.user.id) return std::nullopt;
    return changed;
}

ParsedEvent parse_voice_server(JsonView d) {
    VoiceServerChanged changed{d["guild_id"].id<GuildId>(), d["token"].text(1'024), d["endpoint"].text(512)};
    if (!changed.guild) return std::nullopt;
    return changed;
}

ParsedEvent parse_event(std::string_view name, JsonView d) {
    if (name == "READY") return parse_ready(d);
    if (name == "RESUMED") return Resumed{};
    if (name == "GUILD_CREATE" || name == "GUILD_UPDATE" || name == "GUILD_DELETE")
        return parse_guild_event(name, d);
    if (name.starts_with("GUILD_ROLE_")) return parse_role_event(name, d);
    if (name == "CHANNEL_CREATE" || name == "CHANNEL_UPDATE" || name == "CHANNEL_DELETE")
        return parse_channel_event(name, d);
    if (name == "GUILD_MEMBER_UPDATE") return parse_member_event(d);
    if (name == "VOICE_SERVER_UPDATE") return parse_voice_server(d);
    if (name == "VOICE_STATE_UPDATE") {
        auto state = parse_voice_state(d, GuildId{});
        // A call in a direct message has no guild.
        if (!state) return d["user_id"].exists() ? ParsedEvent{OtherEvent{std::string{name}}} : std::nullopt;
        return VoiceStateChanged{*std::move(state)};
    }
    if (name == "INTERACTION_CREATE") {
        auto interaction = parse_interaction(d);
        if (!interaction) return std::nullopt;
        return InteractionCreated{*std::move(interaction)};
    }
    return OtherEvent{std::string{name.substr(0, 64)}};
}

base::Result<GatewayPayload> parse_dispatch(JsonView root) {
    const auto name = root["t"].string();
    const auto sequence = root["s"].integer();
    if (!name || !sequence || *sequence < 0) return bad("dispatch without t or s");
    auto event = parse_event(*name, root["d"]);
    if (!event) return bad(*name);
    return Dispatch{*sequence, std::string{name->substr(0, 64)}, *std::move(event)};
}

base::Result<GatewayPayload> parse_hello(JsonView d) {
    const auto interval_ms = d["heartbeat_interval"].integer().value_or(0);
    if (interval_ms < 100 || interval_ms > 600'000) return bad("hello without a sensible heartbeat_interval");
    return Hello{std::chrono::milliseconds{interval_ms}};
}

}  // namespace

struct GatewayParser::State {
    simdjson::dom::parser parser{kMaxGatewayDocument};
};

GatewayParser::GatewayParser() : state_{std::make_unique<State>()} {}
GatewayParser::~GatewayParser() = default;
GatewayParser::GatewayParser(GatewayParser&&) noexcept = default;
GatewayParser& GatewayParser::operator=(GatewayParser&&) noexcept = default;

base::Result<GatewayPayload> GatewayParser::parse(std::string_view json) {
    // The nesting limit takes effect when the parser grows, so it is set together with the size.
    const auto needed = std::max<std::size_t>(json.size(), 4'096);
    if (state_->parser.capacity() < needed &&
        state_->parser.allocate(std::min(needed * 2, kMaxGatewayDocument), kMaxNesting) !=
            simdjson::SUCCESS) {
        return bad("document too large");
    }
    simdjson::dom::element element;
    if (state_->parser.parse(json.data(), json.size()).get(element) != simdjson::SUCCESS)
        return bad("no valid JSON");
    const JsonView root{element};
    const auto opcode = root["op"].integer();
    if (!opcode) return bad("no op");
    switch (*opcode) {
        case 0:
            return parse_dispatch(root);
        case 1:
            return HeartbeatRequested{};
        case 7:
            return ReconnectRequested{};
        case 9:
            return InvalidSession{root["d"].is(false)};
        case 10:
            return parse_hello(root["d"]);
        case 11:
            return HeartbeatAcknowledged{};
        default:
            return UnknownOpcode{*opcode};
    }
}

}  // namespace bandstand::discord
