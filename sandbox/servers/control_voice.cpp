// Voice and faults of the control API.

#include <chrono>
#include <utility>

#include "runtime/context.hpp"
#include "sandbox/servers/control_api.hpp"

namespace bandstand::sandbox {
namespace {

struct Who {
    Guild* guild;
    UserId user;
};
ApiResult<Who> who(StandIn& here, const Json& body, const char* key) {
    auto guild = named_guild(here, body);
    if (!guild) return std::unexpected{guild.error()};
    auto user = named_member(here, **guild, body, key);
    if (!user) return std::unexpected{user.error()};
    return Who{.guild = *guild, .user = *user};
}

ApiResult<Json> join(StandIn& here, const Json& body) {
    auto member = who(here, body, "as");
    if (!member) return std::unexpected{member.error()};
    auto channel = named_channel(here, *member->guild, body, true);
    if (!channel) return std::unexpected{channel.error()};
    auto ticket = here.rooms.member_joins(*member->guild, member->user, **channel, flag_of(body, "self_mute"),
                                          flag_of(body, "self_deaf"));
    if (ticket) {
        (*ticket)["channel"] = (*channel)->name;
        (*ticket)["ca_file"] = here.ca_file;
    }
    return ticket;
}

ApiResult<Json> leave(StandIn& here, const Json& body, const char* key) {
    auto member = who(here, body, key);
    if (!member) return std::unexpected{member.error()};
    return Json{{"left", here.rooms.leave(*member->guild, member->user)}};
}

ApiResult<Json> move(StandIn& here, const Json& body) {
    auto member = who(here, body, "user");
    if (!member) return std::unexpected{member.error()};
    auto channel = named_channel(here, *member->guild, body, true);
    if (!channel) return std::unexpected{channel.error()};
    auto moved = here.rooms.move(*member->guild, member->user, **channel);
    if (!moved) return std::unexpected{moved.error()};
    return Json::object();
}

/// mute, deaf: by the server; suppress: back to the audience of a stage, or out of it.
ApiResult<Json> silence(StandIn& here, const Json& body) {
    auto found = who(here, body, "user");
    if (!found) return std::unexpected{found.error()};
    auto* member = found->guild->member(found->user);
    member->mute = flag_of(body, "mute", member->mute);
    member->deaf = flag_of(body, "deaf", member->deaf);
    const auto state = found->guild->voice_states.find(found->user);
    if (state != found->guild->voice_states.end()) {
        state->second.suppress = flag_of(body, "suppress", state->second.suppress);
    }
    here.guilds.member_changed(*found->guild, found->user);
    return Json::object();
}

/// Region change, server replaced: endpoint null, and after `null_ms` a new one.
runtime::Task<ApiResult<Json>> replace_server(StandIn& here, Json body) {
    auto guild = named_guild(here, body);
    if (!guild) co_return std::unexpected{guild.error()};
    auto channel = named_channel(here, **guild, body, true);
    if (!channel) co_return std::unexpected{channel.error()};
    const auto guild_id = (*guild)->id;
    const auto channel_id = (*channel)->id;
    if (const auto region = text_of(body, "region"); !region.empty()) {
        (*channel)->rtc_region = region;
        here.guilds.channel_changed(**guild, **channel);
    }
    const auto hit = here.rooms.lose_endpoint(**guild, channel_id);
    const auto pause = number_of(body, "null_ms", 500);
    if (pause < 0) co_return Json{{"hit", hit}};  // and it never comes back
    co_await runtime::sleep_for(std::chrono::milliseconds{pause});
    if (auto* still = here.world.guild(guild_id)) here.rooms.restore_endpoint(*still, channel_id);
    co_return Json{{"hit", hit}};
}

ApiResult<Json> gateway_fault(StandIn& here, const Json& body) {
    GatewayTarget target;
    if (const auto name = text_of(body, "bot"); !name.empty()) {
        for (const auto& [id, bot] : here.world.bots) {
            if (lower(bot.name) == lower(name)) target.bot = bot.user();
        }
        if (!target.bot) return sorry(404, "there is no bot \"" + name + "\"");
    }
    if (const auto shard = number_of(body, "shard", -1); shard >= 0)
        target.shard = static_cast<std::uint64_t>(shard);
    const auto action = text_of(body, "action");
    std::size_t hit = 0;
    if (action == "reconnect") {
        hit = here.gateway.reconnect(target);
    } else if (action == "invalid_session") {
        hit = here.gateway.invalidate(target, flag_of(body, "resumable"));
    } else if (action == "close") {
        hit = here.gateway.close(target, static_cast<std::uint16_t>(number_of(body, "code", 4000)),
                                 here.clock.now());
    } else if (action == "heartbeat") {
        hit = here.gateway.request_heartbeat(target);
    } else if (action == "drop_acks") {
        hit = here.gateway.drop_acks(target, flag_of(body, "drop", true));
    } else {
        return sorry(400, "action must be reconnect, invalid_session, close, heartbeat or drop_acks");
    }
    return Json{{"hit", hit}};
}

ApiResult<Json> rest_fault(StandIn& here, const Json& body) {
    RestFault fault{.method = text_of(body, "method"),
                    .path = text_of(body, "path"),
                    .times = static_cast<int>(number_of(body, "times", 1)),
                    .status = static_cast<int>(number_of(body, "status")),
                    .delay = std::chrono::milliseconds{number_of(body, "delay_ms")},
                    .retry_after = std::chrono::milliseconds{number_of(body, "retry_after_ms", 1000)},
                    .scope = text_of(body, "scope", "user")};
    if (fault.path.empty()) return sorry(400, "name a part of the path, such as \"/callback\"");
    if (fault.status != 0 && (fault.status < 400 || fault.status > 599))
        return sorry(400, "status must be 400 to 599");
    here.faults.push_back(std::move(fault));
    return Json::object();
}

ApiResult<Json> voice_fault(StandIn& here, const Json& body) {
    GuildId guild_id;
    UserId user;
    if (!text_of(body, "guild").empty()) {
        auto guild = named_guild(here, body);
        if (!guild) return std::unexpected{guild.error()};
        guild_id = (*guild)->id;
        if (!text_of(body, "user").empty()) {
            auto member = named_member(here, **guild, body, "user");
            if (!member) return std::unexpected{member.error()};
            user = *member;
        }
    }
    const auto code = number_of(body, "code", voice_close::kServerCrashed);
    if (code < 1000 || code > 4999) return sorry(400, "code must be 1000 to 4999");
    return Json{
        {"hit", here.voice.close(guild_id, user, static_cast<std::uint16_t>(code), here.clock.now())}};
}

}  // namespace

void add_voice_controls(ControlApi& api) {
    auto& here = api.stand_in();
    api.add_quick("POST", "/voice/join", [&here](const Json& body, const auto&) { return join(here, body); });
    api.add_quick("POST", "/voice/leave",
                  [&here](const Json& body, const auto&) { return leave(here, body, "as"); });
    api.add_quick("POST", "/voice/kick",
                  [&here](const Json& body, const auto&) { return leave(here, body, "user"); });
    api.add_quick("POST", "/voice/move", [&here](const Json& body, const auto&) { return move(here, body); });
    api.add_quick("POST", "/voice/mute",
                  [&here](const Json& body, const auto&) { return silence(here, body); });
    api.add("POST", "/voice/replace-server",
            [&here](Json body, const http::ServerRequest&) { return replace_server(here, std::move(body)); });
    api.add_quick("GET", "/voice/streams",
                  [&here](const Json&, const auto&) { return ApiResult<Json>{here.voice.describe()}; });
}

void add_fault_controls(ControlApi& api) {
    auto& here = api.stand_in();
    api.add_quick("POST", "/faults/gateway",
                  [&here](const Json& body, const auto&) { return gateway_fault(here, body); });
    api.add_quick("POST", "/faults/rest",
                  [&here](const Json& body, const auto&) { return rest_fault(here, body); });
    api.add_quick("POST", "/faults/voice",
                  [&here](const Json& body, const auto&) { return voice_fault(here, body); });
}

}  // namespace bandstand::sandbox
