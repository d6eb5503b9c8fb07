#include "sandbox/servers/control_api.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "runtime/context.hpp"
#include "sandbox/discord/objects.hpp"

namespace bandstand::sandbox {
namespace {

constexpr std::size_t kMaxUpload = 10U << 20U;  // Discord: 40005 beyond it

std::string content_type_of(const std::string& filename) {
    static const std::map<std::string, std::string> kTypes{
        {"mp3", "audio/mpeg"},  {"flac", "audio/x-flac"},
        {"wav", "audio/x-wav"}, {"m4a", "audio/mp4"},
        {"ogg", "audio/ogg"},   {"opus", "audio/ogg"},
        {"webm", "video/webm"}, {"txt", "text/plain; charset=utf-8"}};
    const auto found = kTypes.find(lower(filename.substr(filename.rfind('.') + 1)));
    return found == kTypes.end() ? std::string{} : found->second;
}

ApiResult<Json> upload(StandIn& here, const http::ServerRequest& request) {
    const auto name = request.query.find("filename");
    const auto filename = name == request.query.end() ? std::string{"file"} : name->second;
    if (request.body.size() > kMaxUpload)
        return refuse({.status = 413, .code = 40005, .message = "Request entity too large"});
    const auto id = std::to_string(here.world.next_id(here.clock.wall_now()));
    std::string safe = filename;
    std::ranges::replace_if(safe, [](char c) { return c == '/' || c == '?' || c == '#' || c == ' '; }, '_');
    const auto url = here.origin + "/cdn/attachments/1/" + id + "/" + safe + "?ex=0&is=0&hm=0";
    Json object{{"id", id},   {"filename", safe}, {"size", request.body.size()},
                {"url", url}, {"proxy_url", url}, {"ephemeral", true}};
    if (const auto type = content_type_of(safe); !type.empty()) object["content_type"] = type;
    here.uploads[id] = {.object = object, .content = request.body};
    return object;
}

Json describe_guild(const World& world, const Guild& guild) {
    Json out{{"id", base::to_string(guild.id)},
             {"name", guild.name},
             {"channels", Json::array()},
             {"members", Json::array()}};
    for (const auto& [id, channel] : guild.channels) {
        Json entry{
            {"id", base::to_string(id)}, {"name", channel.name}, {"type", static_cast<int>(channel.type)}};
        if (channel.is_voice()) entry["status"] = channel.status;
        out["channels"].push_back(std::move(entry));
    }
    for (const auto& [id, member] : guild.members) {
        const auto& user = world.user(id);
        Json entry{{"id", base::to_string(id)}, {"name", user.name}, {"bot", user.bot}, {"voice", nullptr}};
        if (const auto* state = guild.voice_state(id)) {
            entry["voice"] = voice_state_object(world, guild, *state, false);
            entry["voice"]["channel"] = guild.channel(state->channel)->name;
        }
        out["members"].push_back(std::move(entry));
    }
    return out;
}

Json describe(StandIn& here) {
    Json guilds = Json::array();
    for (const auto& [id, guild] : here.world.guilds) guilds.push_back(describe_guild(here.world, guild));
    Json commands = Json::array();
    for (const auto& command : here.world.commands) {
        commands.push_back(
            {{"name", command.name},
             {"bot", here.world.bots.at(command.application).name},
             {"guild_id", command.guild ? Json(base::to_string(command.guild)) : Json(nullptr)}});
    }
    return {{"guilds", guilds},
            {"sessions", here.gateway.describe()},
            {"commands", commands},
            {"voice", here.voice.describe()}};
}

/// "bytes=0-99", "bytes=100-" or "bytes=-50" as [first, last]; nothing if it cannot be had.
std::optional<std::pair<std::size_t, std::size_t>> parse_range(std::string_view text, std::size_t size) {
    if (!text.starts_with("bytes=") || size == 0) return std::nullopt;
    text.remove_prefix(6);
    const auto dash = text.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto read = [](std::string_view digits) -> std::optional<std::size_t> {
        const auto number = base::parse_id<base::UserId>(digits);
        if (!number) return std::nullopt;
        return number->value();
    };
    const auto first = read(text.substr(0, dash));
    const auto last = read(text.substr(dash + 1));
    if (first) {
        if (*first >= size) return std::nullopt;
        return std::pair{*first, std::min(last.value_or(size - 1), size - 1)};
    }
    if (!last || *last == 0) return std::nullopt;
    return std::pair{size - std::min(*last, size), size - 1};
}

http::ServerResponse download(const Upload& upload, const http::ServerRequest& request) {
    http::ServerResponse response{.status = 200, .headers = {}, .body = {}};
    response.headers.set("Content-Type", text_of(upload.object, "content_type", "application/octet-stream"));
    response.headers.set("Accept-Ranges", "bytes");
    const auto wanted = request.headers.get("Range");
    if (!wanted) {
        response.body = upload.content;
        return response;
    }
    const auto size = upload.content.size();
    const auto range = parse_range(*wanted, size);
    if (!range) {
        response.status = 416;
        response.headers.set("Content-Range", "bytes */" + std::to_string(size));
        return response;
    }
    response.status = 206;
    response.headers.set("Content-Range", "bytes " + std::to_string(range->first) + "-" +
                                              std::to_string(range->second) + "/" + std::to_string(size));
    response.body = upload.content.substr(range->first, range->second - range->first + 1);
    return response;
}

runtime::Task<http::ServerResponse> serve_upload(StandIn& here, http::ServerRequest request) {
    const auto found = here.uploads.find(request.params["id"]);
    if (found == here.uploads.end()) co_return http::ServerResponse::text(404, "no such file");
    co_return download(found->second, request);
}

Overwrite read_overwrite(const Json& from) {
    return {.id = id_of<UserId>(from, "id").value(),
            .for_member = number_of(from, "type") == 1,
            .allow = id_of<UserId>(from, "allow").value(),
            .deny = id_of<UserId>(from, "deny").value()};
}

ApiResult<Json> change_channel(StandIn& here, const Json& body) {
    auto guild = named_guild(here, body);
    if (!guild) return std::unexpected{guild.error()};
    auto* channel = here.world.find_channel(**guild, text_of(body, "channel"));
    if (channel == nullptr) return sorry(404, "there is no channel \"" + text_of(body, "channel") + "\"");
    channel->user_limit = static_cast<int>(number_of(body, "user_limit", channel->user_limit));
    channel->bitrate = static_cast<int>(number_of(body, "bitrate", channel->bitrate));
    if (const auto& overwrites = member_of(body, "permission_overwrites"); overwrites.is_array()) {
        channel->overwrites.clear();
        for (const auto& overwrite : overwrites) channel->overwrites.push_back(read_overwrite(overwrite));
    }
    here.guilds.channel_changed(**guild, *channel);
    return channel_object(*channel, here.world);
}

ApiResult<Json> add_channel(StandIn& here, const Json& body) {
    auto guild = named_guild(here, body);
    if (!guild) return std::unexpected{guild.error()};
    const auto type = text_of(body, "type", "text");
    if (type != "text" && type != "voice" && type != "stage")
        return sorry(400, "type must be text, voice or stage");
    const auto kind = type == "text"    ? ChannelType::text
                      : type == "voice" ? ChannelType::voice
                                        : ChannelType::stage;
    const auto& channel = here.guilds.add_channel(**guild, kind, text_of(body, "name", "new"),
                                                  static_cast<int>(number_of(body, "user_limit")));
    return channel_object(channel, here.world);
}

const Bot* named_bot(const World& world, std::string_view name) {
    for (const auto& [id, bot] : world.bots) {
        if (name.empty() || lower(bot.name) == lower(name) || base::to_string(id) == name) return &bot;
    }
    return nullptr;
}

ApiResult<Json> change_bot(StandIn& here, const Json& body) {
    auto guild = named_guild(here, body);
    if (!guild) return std::unexpected{guild.error()};
    const auto* bot = named_bot(here.world, text_of(body, "bot"));
    if (bot == nullptr) return sorry(404, "there is no bot \"" + text_of(body, "bot") + "\"");
    if (flag_of(body, "present", true)) {
        here.guilds.invite(**guild, *bot);
    } else {
        here.guilds.remove_bot(**guild, *bot);
    }
    return Json::object();
}

ApiResult<Json> change_settings(StandIn& here, const Json& body) {
    if (const auto& value = member_of(body, "require_dave"); value.is_boolean())
        here.rooms.require_dave(value);
    auto& voice = here.voice.settings;
    voice.offer_gcm = flag_of(body, "offer_gcm", voice.offer_gcm);
    voice.answer_discovery = flag_of(body, "answer_discovery", voice.answer_discovery);
    voice.replay_after_resumed = flag_of(body, "replay_after_resumed", voice.replay_after_resumed);
    voice.first_sequence =
        static_cast<std::uint16_t>(number_of(body, "first_voice_sequence", voice.first_sequence));
    voice.loss_percent = static_cast<int>(number_of(body, "udp_loss_percent", voice.loss_percent));
    if (const auto ms = number_of(body, "heartbeat_interval_ms"); ms > 0) {
        here.gateway.set_heartbeat_interval(std::chrono::milliseconds{ms});
    }
    if (const auto ms = number_of(body, "voice_heartbeat_interval_ms"); ms > 0) {
        voice.heartbeat_interval = std::chrono::milliseconds{ms};
    }
    for (auto& [id, bot] : here.world.bots) {
        const auto wanted = text_of(body, "bot");
        if (!wanted.empty() && lower(wanted) != lower(bot.name)) continue;
        bot.privileged_intents = static_cast<std::uint64_t>(
            number_of(body, "privileged_intents", static_cast<std::int64_t>(bot.privileged_intents)));
        bot.recommended_shards =
            static_cast<int>(number_of(body, "recommended_shards", bot.recommended_shards));
        bot.max_concurrency =
            std::max(1, static_cast<int>(number_of(body, "max_concurrency", bot.max_concurrency)));
        bot.sharding_required = flag_of(body, "sharding_required", bot.sharding_required);
        bot.identifies_left = static_cast<int>(number_of(body, "identifies_left", bot.identifies_left));
    }
    return Json::object();
}

}  // namespace

std::unexpected<ApiError> sorry(int status, std::string why) {
    return refuse({.status = status, .code = 0, .message = std::move(why)});
}

ApiResult<Guild*> named_guild(StandIn& stand_in, const Json& body) {
    const auto name = text_of(body, "guild");
    if (name.empty()) return &stand_in.world.guilds.begin()->second;
    if (auto* guild = stand_in.world.find_guild(name)) return guild;
    std::string known;
    for (const auto& [id, guild] : stand_in.world.guilds) known += (known.empty() ? "" : ", ") + guild.name;
    return sorry(404, "there is no guild \"" + name + "\"; there are: " + known);
}

ApiResult<UserId> named_member(StandIn& stand_in, const Guild& guild, const Json& body, const char* key) {
    const auto name = text_of(body, key);
    if (const auto* user = stand_in.world.find_member(guild, name)) return user->id;
    std::string known;
    for (const auto& [id, member] : guild.members) {
        if (!stand_in.world.user(id).bot) known += (known.empty() ? "" : ", ") + stand_in.world.user(id).name;
    }
    return sorry(404, "there is no member \"" + name + "\" in " + guild.name + "; there are: " + known);
}

ApiResult<Channel*> named_channel(StandIn& stand_in, Guild& guild, const Json& body, bool voice) {
    const auto name = text_of(body, "channel", voice ? "Stage" : "general");
    auto* channel = stand_in.world.find_channel(guild, name);
    if (channel != nullptr && channel->is_voice() == voice) return channel;
    std::string known;
    for (const auto& [id, each] : guild.channels) {
        if (each.is_voice() == voice) known += (known.empty() ? "" : ", ") + each.name;
    }
    return sorry(404, "there is no " + std::string{voice ? "voice" : "text"} + " channel \"" + name +
                          "\" in " + guild.name + "; there are: " + known);
}

ControlApi::ControlApi(StandIn& stand_in, http::Server& server) : stand_in_{stand_in}, server_{server} {
    add_world_controls(*this);
    add_voice_controls(*this);
    add_fault_controls(*this);
    add_interaction_controls(*this);
}

void ControlApi::add(std::string method, std::string path, Action act) {
    const auto shared = std::make_shared<const Action>(std::move(act));
    server_.route(std::move(method), std::move(path), [this, shared](http::ServerRequest request) {
        return handle(*shared, std::move(request));
    });
}

void ControlApi::add_quick(std::string method, std::string path, QuickAction act) {
    const auto shared = std::make_shared<const QuickAction>(std::move(act));
    const auto run = [](std::shared_ptr<const QuickAction> quick, Json body,
                        http::ServerRequest request) -> runtime::Task<ApiResult<Json>> {
        co_return (*quick)(body, request);
    };
    add(std::move(method), std::move(path), [shared, run](Json body, http::ServerRequest request) {
        return run(shared, std::move(body), std::move(request));
    });
}

runtime::Task<http::ServerResponse> ControlApi::handle(const Action& act, http::ServerRequest request) {
    const auto type = request.headers.get("Content-Type").value_or("");
    Json body = Json::object();
    if (!request.body.empty() && type.starts_with("application/json")) {
        auto parsed = parse_json(request.body);
        if (!parsed || !parsed->is_object()) {
            co_return http::ServerResponse::json(400, R"({"error":"the body must be a JSON object"})");
        }
        body = std::move(*parsed);
    }
    for (const auto& [key, value] : request.query) body.emplace(key, value);
    auto result = co_await act(std::move(body), std::move(request));
    if (result) co_return http::ServerResponse::json(200, to_text(*result));
    Json error = result.error().errors.is_object() ? result.error().errors : Json::object();
    error["error"] = result.error().message;
    co_return http::ServerResponse::json(result.error().status, to_text(error));
}

void add_world_controls(ControlApi& api) {
    auto& here = api.stand_in();
    api.add_quick("GET", "/state",
                  [&here](const Json&, const auto&) { return ApiResult<Json>{describe(here)}; });
    api.add_quick("POST", "/guilds", [&here](const Json& body, const auto&) {
        return ApiResult<Json>{
            describe_guild(here.world, here.guilds.create(text_of(body, "name", "New guild")))};
    });
    api.add_quick("POST", "/guilds/available", [&here](const Json& body, const auto&) -> ApiResult<Json> {
        auto guild = named_guild(here, body);
        if (!guild) return std::unexpected{guild.error()};
        here.guilds.set_available(**guild, flag_of(body, "available", true));
        return Json::object();
    });
    api.add_quick("POST", "/bots", [&here](const Json& body, const auto&) { return change_bot(here, body); });
    api.add_quick("POST", "/channels",
                  [&here](const Json& body, const auto&) { return add_channel(here, body); });
    api.add_quick("PATCH", "/channels",
                  [&here](const Json& body, const auto&) { return change_channel(here, body); });
    api.add_quick("DELETE", "/channels", [&here](const Json& body, const auto&) -> ApiResult<Json> {
        auto guild = named_guild(here, body);
        if (!guild) return std::unexpected{guild.error()};
        const auto* channel = here.world.find_channel(**guild, text_of(body, "channel"));
        if (channel == nullptr) return sorry(404, "there is no channel \"" + text_of(body, "channel") + "\"");
        here.guilds.remove_channel(**guild, channel->id);
        return Json::object();
    });
    api.add_quick("POST", "/members", [&here](const Json& body, const auto&) -> ApiResult<Json> {
        auto guild = named_guild(here, body);
        if (!guild) return std::unexpected{guild.error()};
        const auto name = text_of(body, "name");
        if (name.empty()) return sorry(400, "a member needs a name");
        return member_object(here.world, **guild, here.guilds.add_member(**guild, name));
    });
    api.add_quick("POST", "/settings",
                  [&here](const Json& body, const auto&) { return change_settings(here, body); });
    api.add_quick("POST", "/uploads",
                  [&here](const Json&, const auto& request) { return upload(here, request); });
}

void serve_uploads(http::Server& server, StandIn& stand_in) {
    server.route(
        "GET", "/cdn/attachments/{channel}/{id}/{filename}",
        [&stand_in](http::ServerRequest request) { return serve_upload(stand_in, std::move(request)); });
}

}  // namespace bandstand::sandbox
