// What the routes of the REST API do. Paths stand below /api/v10 (discord-rest section 3).

#include <algorithm>
#include <chrono>
#include <utility>

#include "sandbox/discord/form.hpp"
#include "sandbox/discord/objects.hpp"
#include "sandbox/servers/rest_api.hpp"

namespace bandstand::sandbox {
namespace {

using std::chrono::seconds;

// Sizes as observed on Discord; clients must take them from the headers, never from here.
const RouteLimit kUnlimited{};
RouteLimit limit(std::string group, int count, int window_s) {
    return {.group = std::move(group), .limit = count, .window = seconds{window_s}};
}

RestAnswer created(Json body) {
    return {.status = 201, .body = std::move(body)};
}
RestAnswer done() {
    return {.status = 204, .body = nullptr};
}

template <class T>
ApiResult<RestAnswer> pass_on(ApiResult<T>& failed) {
    return std::unexpected{std::move(failed).error()};
}

ApiResult<RestAnswer> json_or_error(ApiResult<Json> result) {
    if (!result) return pass_on(result);
    return RestAnswer{.body = std::move(*result)};
}
ApiResult<RestAnswer> done_or_error(ApiResult<void> result) {
    if (!result) return pass_on(result);
    return done();
}

Json gateway_bot(const StandIn& stand_in, const Bot& bot) {
    return {{"url", stand_in.gateway.url()},
            {"shards", bot.recommended_shards},
            {"session_start_limit",
             {{"total", 1000},
              {"remaining", bot.identifies_left},
              {"reset_after", 86'400'000},
              {"max_concurrency", bot.max_concurrency}}}};
}

/// The user that {user} names; "@me" is the bot.
UserId user_in(const RestCall& call) {
    return call.param("user") == "@me" ? call.bot->user() : call.id<UserId>("user");
}

ApiResult<RestAnswer> open_direct_channel(StandIn& stand_in, const RestCall& call) {
    FormErrors errors;
    const Form form{call.body, errors};
    const auto recipient = form.snowflake("recipient_id", true);
    if (auto refusal = errors.refusal()) return refuse(std::move(*refusal));
    auto& world = stand_in.world;
    const UserId user{*recipient};
    if (!world.users.contains(user) || world.user(user).bot) {
        return refuse({.status = 400, .code = 50033, .message = "Invalid Recipient(s)"});
    }
    for (const auto& [id, channel] : world.direct_channels) {
        if (channel.recipients == std::vector{call.bot->user(), user}) {
            return RestAnswer{.body = channel_object(channel, world)};
        }
    }
    Channel channel;
    channel.id = ChannelId{world.next_id(stand_in.clock.wall_now())};
    channel.type = ChannelType::direct;
    channel.recipients = {call.bot->user(), user};
    const auto& kept = world.direct_channels.emplace(channel.id, std::move(channel)).first->second;
    return RestAnswer{.body = channel_object(kept, world)};
}

ApiResult<RestAnswer> list_messages(StandIn& stand_in, const RestCall& call) {
    auto channel = channel_of(stand_in, call);
    if (!channel) return pass_on(channel);
    if (auto allowed = stand_in.messages.may_read(*call.bot, **channel); !allowed) return pass_on(allowed);
    const auto wanted = base::parse_id<UserId>(call.query("limit"));
    Json out = Json::array();
    const auto most = std::clamp<std::uint64_t>(wanted ? wanted->value() : 50, 1, 100);
    for (const auto* message : stand_in.world.messages_in((*channel)->id, most)) {
        if (!message->ephemeral_for) out.push_back(message_object(stand_in.world, *message));
    }
    return RestAnswer{.body = std::move(out)};
}

ApiResult<RestAnswer> set_voice_status(StandIn& stand_in, const RestCall& call) {
    auto channel = channel_of(stand_in, call);
    if (!channel) return pass_on(channel);
    FormErrors errors;
    const auto status = Form{call.body, errors}.text("status", {.max = 500});
    if (auto refusal = errors.refusal()) return refuse(std::move(*refusal));
    auto& held = **channel;
    const auto rights = stand_in.world.permissions(held, call.bot->user(), stand_in.clock.wall_now());
    const auto* guild = stand_in.world.guild(held.guild);
    const auto* state = guild == nullptr ? nullptr : guild->voice_state(call.bot->user());
    const bool inside = state != nullptr && state->channel == held.id;
    const auto needed = permission::kSetVoiceChannelStatus | (inside ? 0 : permission::kManageChannels);
    if (!allows(rights, needed)) return missing_permissions();
    held.status = status.value_or("");
    return done();
}

/// Whose commands: {app} must be the caller, {guild} (if any) one it is in.
ApiResult<GuildId> command_scope(StandIn& stand_in, const RestCall& call) {
    if (call.id<ApplicationId>("app") != call.bot->id) {
        return refuse({.status = 403,
                       .code = 20012,
                       .message = "You are not authorized to perform this action on "
                                  "this application"});
    }
    if (call.param("guild").empty()) return GuildId{};
    auto guild = guild_of(stand_in, call);
    if (!guild) return missing_access();
    return (*guild)->id;
}

ApiResult<RestAnswer> send_message(StandIn& stand_in, const RestCall& call) {
    auto channel = channel_of(stand_in, call);
    if (!channel) return pass_on(channel);
    auto sent = stand_in.messages.create(*call.bot, **channel, call.body);
    if (!sent) return pass_on(sent);
    return RestAnswer{.body = message_object(stand_in.world, **sent)};
}

ApiResult<RestAnswer> edit_message(StandIn& stand_in, const RestCall& call) {
    auto channel = channel_of(stand_in, call);
    if (!channel) return pass_on(channel);
    auto edited = stand_in.messages.edit(*call.bot, (*channel)->id, call.id<MessageId>("message"), call.body);
    if (!edited) return pass_on(edited);
    return RestAnswer{.body = message_object(stand_in.world, **edited)};
}

ApiResult<RestAnswer> voice_state(StandIn& stand_in, const RestCall& call) {
    auto guild = guild_of(stand_in, call);
    if (!guild) return pass_on(guild);
    const auto* state = (*guild)->voice_state(user_in(call));
    if (state == nullptr) return unknown(kUnknownVoiceState, "Voice State");
    return RestAnswer{.body = voice_state_object(stand_in.world, **guild, *state, true)};
}

}  // namespace

void add_identity_routes(RestApi& api) {
    auto& here = api.stand_in();
    const auto self = [&here](RestCall& call) -> ApiResult<RestAnswer> {
        return RestAnswer{.body = user_object(here.world.user(call.bot->user()))};
    };
    const auto application = [&here](RestCall& call) -> ApiResult<RestAnswer> {
        return RestAnswer{.body = application_object(here.world, *call.bot)};
    };
    api.add({"GET", "/gateway", kUnlimited, "", true, [&here](RestCall&) -> ApiResult<RestAnswer> {
                 return RestAnswer{.body = {{"url", here.gateway.url()}}};
             }});
    api.add({"GET", "/gateway/bot", limit("gateway", 2, 5), "", false,
             [&here](RestCall& call) -> ApiResult<RestAnswer> {
                 return RestAnswer{.body = gateway_bot(here, *call.bot)};
             }});
    api.add({"GET", "/users/@me", kUnlimited, "", false, self});
    api.add({"GET", "/applications/@me", kUnlimited, "", false, application});
    api.add({"GET", "/oauth2/applications/@me", kUnlimited, "", false, application});
    api.add({"POST", "/users/@me/channels", limit("dm", 10, 10), "", false,
             [&here](RestCall& call) { return open_direct_channel(here, call); }});
    api.add({"DELETE", "/users/@me/guilds/{guild}", kUnlimited, "guild", false,
             [&here](RestCall& call) -> ApiResult<RestAnswer> {
                 auto guild = guild_of(here, call);
                 if (!guild) return pass_on(guild);
                 here.guilds.remove_bot(**guild, *call.bot);
                 return done();
             }});
}

void add_guild_routes(RestApi& api) {
    auto& here = api.stand_in();
    const auto in_guild = [&here](auto act) {
        return [&here, act](RestCall& call) -> ApiResult<RestAnswer> {
            auto guild = guild_of(here, call);
            if (!guild) return pass_on(guild);
            return act(**guild, call);
        };
    };
    api.add({"GET", "/guilds/{guild}", kUnlimited, "guild", false, in_guild([](Guild& guild, RestCall&) {
                 return ApiResult<RestAnswer>{RestAnswer{.body = guild_object(guild)}};
             })});
    api.add({"GET", "/guilds/{guild}/channels", kUnlimited, "guild", false,
             in_guild([&here](Guild& guild, RestCall&) {
                 Json out = Json::array();
                 for (const auto& [id, channel] : guild.channels)
                     out.push_back(channel_object(channel, here.world));
                 return ApiResult<RestAnswer>{RestAnswer{.body = std::move(out)}};
             })});
    api.add(
        {"GET", "/guilds/{guild}/roles", kUnlimited, "guild", false, in_guild([](Guild& guild, RestCall&) {
             Json out = Json::array();
             for (const auto& [id, role] : guild.roles) out.push_back(role_object(role));
             return ApiResult<RestAnswer>{RestAnswer{.body = std::move(out)}};
         })});
    api.add({"GET", "/guilds/{guild}/members/{user}", limit("member", 5, 1), "guild", false,
             in_guild([&here](Guild& guild, RestCall& call) -> ApiResult<RestAnswer> {
                 const auto user = user_in(call);
                 if (!here.world.users.contains(user)) return unknown(kUnknownUser, "User");
                 const auto* member = guild.member(user);
                 if (member == nullptr) return unknown(kUnknownMember, "Member");
                 return RestAnswer{.body = member_object(here.world, guild, *member)};
             })});
    api.add({"PATCH", "/guilds/{guild}/members/{user}", limit("edit-member", 10, 10), "guild", false,
             in_guild([&here](Guild& guild, RestCall& call) -> ApiResult<RestAnswer> {
                 auto member = here.guilds.modify_member(*call.bot, guild, user_in(call), call.body);
                 if (!member) return pass_on(member);
                 return RestAnswer{.body = member_object(here.world, guild, **member)};
             })});
    for (const bool has : {true, false}) {
        api.add({has ? "PUT" : "DELETE", "/guilds/{guild}/members/{user}/roles/{role}",
                 limit("member-role", 10, 10), "guild", false,
                 in_guild([&here, has](Guild& guild, RestCall& call) {
                     return done_or_error(here.guilds.set_role(*call.bot, guild, call.id<UserId>("user"),
                                                               call.id<RoleId>("role"), has));
                 })});
    }
    api.add({"GET", "/guilds/{guild}/voice-states/{user}", kUnlimited, "guild", false,
             [&here](RestCall& call) { return voice_state(here, call); }});
    api.add({"PATCH", "/guilds/{guild}/voice-states/{user}", limit("voice-state", 10, 10), "guild", false,
             in_guild([&here](Guild& guild, RestCall& call) {
                 return done_or_error(
                     here.rooms.modify_state(guild, call.bot->user(), user_in(call), call.body));
             })});
}

void add_channel_routes(RestApi& api) {
    auto& here = api.stand_in();
    api.add({"GET", "/channels/{channel}", kUnlimited, "channel", false,
             [&here](RestCall& call) -> ApiResult<RestAnswer> {
                 auto channel = channel_of(here, call);
                 if (!channel) return pass_on(channel);
                 return RestAnswer{.body = channel_object(**channel, here.world)};
             }});
    api.add({"GET", "/channels/{channel}/messages", limit("read-messages", 5, 1), "channel", false,
             [&here](RestCall& call) { return list_messages(here, call); }});
    api.add({"POST", "/channels/{channel}/messages", limit("send-message", 5, 5), "channel", false,
             [&here](RestCall& call) { return send_message(here, call); }});
    api.add({"GET", "/channels/{channel}/messages/{message}", limit("read-messages", 5, 1), "channel", false,
             [&here](RestCall& call) -> ApiResult<RestAnswer> {
                 auto channel = channel_of(here, call);
                 if (!channel) return pass_on(channel);
                 auto message = here.messages.get(*call.bot, **channel, call.id<MessageId>("message"));
                 if (!message) return pass_on(message);
                 return RestAnswer{.body = message_object(here.world, **message)};
             }});
    api.add({"PATCH", "/channels/{channel}/messages/{message}", limit("edit-message", 5, 5), "channel", false,
             [&here](RestCall& call) { return edit_message(here, call); }});
    api.add({"DELETE", "/channels/{channel}/messages/{message}", limit("delete-message", 5, 1), "channel",
             false, [&here](RestCall& call) -> ApiResult<RestAnswer> {
                 auto channel = channel_of(here, call);
                 if (!channel) return pass_on(channel);
                 return done_or_error(
                     here.messages.remove(*call.bot, **channel, call.id<MessageId>("message")));
             }});
    api.add({"PUT", "/channels/{channel}/voice-status", limit("voice-status", 5, 10), "channel", false,
             [&here](RestCall& call) { return set_voice_status(here, call); }});
}

void add_command_routes(RestApi& api) {
    auto& here = api.stand_in();
    for (const auto* scope :
         {"/applications/{app}/commands", "/applications/{app}/guilds/{guild}/commands"}) {
        const std::string path{scope};
        const auto scoped = [&here](auto act) {
            return [&here, act](RestCall& call) -> ApiResult<RestAnswer> {
                auto guild = command_scope(here, call);
                if (!guild) return pass_on(guild);
                return act(*guild, call);
            };
        };
        api.add({"GET", path, limit("commands", 20, 20), "guild", false,
                 scoped([&here](GuildId guild, RestCall& call) {
                     return ApiResult<RestAnswer>{RestAnswer{.body = here.guilds.commands(*call.bot, guild)}};
                 })});
        api.add({"PUT", path, limit("commands-overwrite", 10, 60), "guild", false,
                 scoped([&here](GuildId guild, RestCall& call) {
                     return json_or_error(here.guilds.overwrite_commands(*call.bot, guild, call.body));
                 })});
        api.add({"POST", path, limit("commands", 20, 20), "guild", false,
                 scoped([&here](GuildId guild, RestCall& call) -> ApiResult<RestAnswer> {
                     bool is_new = false;
                     auto command = here.guilds.put_command(*call.bot, guild, call.body, is_new);
                     if (!command) return pass_on(command);
                     return is_new ? created(std::move(*command)) : RestAnswer{.body = std::move(*command)};
                 })});
        api.add({"DELETE", path + "/{command}", limit("commands", 20, 20), "guild", false,
                 scoped([&here](GuildId guild, RestCall& call) {
                     return done_or_error(
                         here.guilds.remove_command(*call.bot, guild, call.id<CommandId>("command")));
                 })});
    }
}

void add_interaction_routes(RestApi& api) {
    auto& here = api.stand_in();
    const auto per_token = limit("webhook", 5, 2);
    api.add({"POST", "/interactions/{id}/{token}/callback", limit("callback", 5, 2), "id", true,
             [&here](RestCall& call) -> ApiResult<RestAnswer> {
                 auto answered =
                     here.interactions.answer(call.id<InteractionId>("id"), call.param("token"), call.body);
                 if (!answered) return pass_on(answered);
                 return call.query_flag("with_response") ? RestAnswer{.body = std::move(*answered)} : done();
             }});
    api.add({"POST", "/webhooks/{app}/{token}", per_token, "app,token", true, [&here](RestCall& call) {
                 return json_or_error(here.interactions.follow_up(call.id<ApplicationId>("app"),
                                                                  call.param("token"), call.body));
             }});
    const std::string one = "/webhooks/{app}/{token}/messages/{message}";
    api.add({"GET", one, per_token, "app,token", true, [&here](RestCall& call) {
                 return json_or_error(here.interactions.message(call.id<ApplicationId>("app"),
                                                                call.param("token"), call.param("message")));
             }});
    api.add({"PATCH", one, per_token, "app,token", true, [&here](RestCall& call) {
                 return json_or_error(here.interactions.edit(
                     call.id<ApplicationId>("app"), call.param("token"), call.param("message"), call.body));
             }});
    api.add({"DELETE", one, per_token, "app,token", true, [&here](RestCall& call) {
                 return done_or_error(here.interactions.remove(call.id<ApplicationId>("app"),
                                                               call.param("token"), call.param("message")));
             }});
}

}  // namespace bandstand::sandbox
