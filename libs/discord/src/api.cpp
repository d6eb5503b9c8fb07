#include "discord/api.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace bandstand::discord {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using base::to_string;

constexpr base::Duration kEditWithin = 20s;
constexpr std::size_t kMaxCommands = 200;

std::unexpected<base::Error> bad_answer(std::string_view what) {
    return base::fail(base::ErrorKind::internal, kBadAnswer, what);
}

std::string text_of(const Json& json, const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::uint64_t number_of(const Json& json, const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

base::Result<Json> object(base::Result<std::string> body, std::string_view what) {
    if (!body) return std::unexpected(std::move(body).error().during(what));
    auto json = Json::parse(*body, nullptr, false);
    if (json.is_discarded()) return bad_answer(what);
    return json;
}

base::Result<MessageId> message_id(base::Result<std::string> body, std::string_view what) {
    auto json = object(std::move(body), what);
    if (!json) return std::unexpected(std::move(json).error());
    const auto id = json->is_object() ? base::parse_id<MessageId>(text_of(*json, "id")) : std::nullopt;
    if (!id) return bad_answer(what);
    return *id;
}

base::Result<std::vector<RegisteredCommand>> commands_of(base::Result<std::string> body,
                                                         std::string_view what) {
    auto json = object(std::move(body), what);
    if (!json) return std::unexpected(std::move(json).error());
    if (!json->is_array() || json->size() > kMaxCommands) return bad_answer(what);
    std::vector<RegisteredCommand> commands;
    for (const auto& entry : *json) {
        if (!entry.is_object()) return bad_answer(what);
        commands.push_back({text_of(entry, "id"), text_of(entry, "version"), text_of(entry, "name")});
    }
    return commands;
}

// An interaction's token is the major parameter of its webhook: each has limits of its own.
Route webhook_route(std::string method, ApplicationId application, const std::string& token,
                    std::string_view rest) {
    const auto major = to_string(application) + '/' + token;
    return {.method = std::move(method),
            .path_template = std::string{"/webhooks/{application}/{token}"}.append(rest),
            .major = major,
            .path = std::string{"/webhooks/"}.append(major).append(rest),
            .interaction = true};
}

Route channel_route(std::string method, ChannelId channel, std::string_view template_rest,
                    std::string_view rest) {
    return {.method = std::move(method),
            .path_template = std::string{"/channels/{channel}"}.append(template_rest),
            .major = to_string(channel),
            .path = std::string{"/channels/"}.append(to_string(channel)).append(rest)};
}

Route plain_route(std::string method, std::string path_template, std::string path) {
    return {.method = std::move(method),
            .path_template = std::move(path_template),
            .major = {},
            .path = std::move(path)};
}

}  // namespace

runtime::Task<base::Result<GatewayBot>> Api::gateway_bot() {
    auto json = object(co_await rest_.request(plain_route("GET", "/gateway/bot", "/gateway/bot"), {}, {}),
                       "gateway/bot");
    if (!json) co_return std::unexpected(std::move(json).error());
    if (!json->is_object()) co_return bad_answer("gateway/bot");
    const auto found = json->find("session_start_limit");
    const auto limit = found != json->end() && found->is_object() ? *found : Json::object();
    GatewayBot bot;
    bot.url = text_of(*json, "url");
    bot.shards =
        static_cast<std::uint32_t>(std::clamp<std::uint64_t>(number_of(*json, "shards"), 1, 100'000));
    bot.session_start_limit = {
        .total = static_cast<std::uint32_t>(std::min<std::uint64_t>(number_of(limit, "total"), 10'000'000)),
        .remaining =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(number_of(limit, "remaining"), 10'000'000)),
        .reset_after =
            std::chrono::milliseconds{std::min<std::uint64_t>(number_of(limit, "reset_after"), 172'800'000)},
        .max_concurrency = static_cast<std::uint32_t>(
            std::clamp<std::uint64_t>(number_of(limit, "max_concurrency"), 1, 1'000))};
    if (!bot.url.starts_with("ws://") && !bot.url.starts_with("wss://"))
        co_return bad_answer("gateway/bot without url");
    co_return bot;
}

runtime::Task<base::Result<User>> Api::current_user() {
    auto json =
        object(co_await rest_.request(plain_route("GET", "/users/@me", "/users/@me"), {}, {}), "users/@me");
    if (!json) co_return std::unexpected(std::move(json).error());
    const auto id = json->is_object() ? base::parse_id<UserId>(text_of(*json, "id")) : std::nullopt;
    if (!id) co_return bad_answer("users/@me");
    co_return User{.id = *id, .name = text_of(*json, "username"), .bot = true};
}

runtime::Task<base::Result<std::vector<RegisteredCommand>>> Api::global_commands(ApplicationId application) {
    auto route = plain_route("GET", "/applications/:id/commands",
                             "/applications/" + to_string(application) + "/commands");
    co_return commands_of(co_await rest_.request(std::move(route), {}, {}), "list commands");
}

runtime::Task<base::Result<std::vector<RegisteredCommand>>> Api::overwrite_global_commands(
    ApplicationId application, std::vector<CommandDefinition> commands) {
    auto route = plain_route("PUT", "/applications/:id/commands",
                             "/applications/" + to_string(application) + "/commands");
    co_return commands_of(co_await rest_.request(std::move(route), to_json(commands), {}),
                          "register commands");
}

runtime::Task<base::Result<void>> Api::answer_interaction(InteractionId interaction, std::string token,
                                                          Callback callback, base::Duration within) {
    auto body = to_json(callback);
    if (!body) co_return std::unexpected(std::move(body).error().during("answer interaction"));
    Route route{.method = "POST",
                .path_template = "/interactions/:id/{token}/callback",
                .major = token,
                .path = "/interactions/" + to_string(interaction) + '/' + token + "/callback",
                .interaction = true};
    // A repeat is harmless: Discord says 40060 if the first one arrived.
    auto answer = co_await rest_.request(std::move(route), *std::move(body), {.deadline = within});
    if (!answer && answer.error().reason() == kAlreadyAcknowledged) co_return base::ok();
    if (!answer) co_return std::unexpected(std::move(answer).error().during("answer interaction"));
    co_return base::ok();
}

runtime::Task<base::Result<MessageId>> Api::edit_original(ApplicationId application, std::string token,
                                                          OutgoingMessage message) {
    auto body = to_json(message);
    if (!body) co_return std::unexpected(std::move(body).error().during("edit answer"));
    auto route = webhook_route("PATCH", application, token, "/messages/@original");
    co_return message_id(
        co_await rest_.request(std::move(route), *std::move(body), {.deadline = kEditWithin}), "edit answer");
}

runtime::Task<base::Result<MessageId>> Api::follow_up(ApplicationId application, std::string token,
                                                      OutgoingMessage message) {
    auto body = to_json(message);
    if (!body) co_return std::unexpected(std::move(body).error().during("follow up"));
    auto route = webhook_route("POST", application, token, "");
    co_return message_id(co_await rest_.request(std::move(route), *std::move(body),
                                                {.deadline = kEditWithin, .repeat_on_failure = false}),
                         "follow up");
}

runtime::Task<base::Result<MessageId>> Api::create_message(ChannelId channel, OutgoingMessage message,
                                                           std::string nonce) {
    auto body = to_json(message);
    if (!body) co_return std::unexpected(std::move(body).error().during("send message"));
    auto json = Json::parse(*body);
    json["nonce"] = nonce;
    json["enforce_nonce"] = true;
    auto route = channel_route("POST", channel, "/messages", "/messages");
    co_return message_id(co_await rest_.request(std::move(route), json.dump(), {.deadline = kEditWithin}),
                         "send message");
}

runtime::Task<base::Result<void>> Api::edit_message(ChannelId channel, MessageId id,
                                                    OutgoingMessage message) {
    auto body = to_json(message);
    if (!body) co_return std::unexpected(std::move(body).error().during("edit message"));
    auto route = channel_route("PATCH", channel, "/messages/:id", "/messages/" + to_string(id));
    auto answer = co_await rest_.request(std::move(route), *std::move(body), {.deadline = kEditWithin});
    if (!answer) co_return std::unexpected(std::move(answer).error().during("edit message"));
    co_return base::ok();
}

runtime::Task<base::Result<void>> Api::unsuppress(GuildId guild, ChannelId channel) {
    Route route{.method = "PATCH",
                .path_template = "/guilds/{guild}/voice-states/@me",
                .major = to_string(guild),
                .path = "/guilds/" + to_string(guild) + "/voice-states/@me"};
    const Json body{{"channel_id", to_string(channel)}, {"suppress", false}};
    auto answer = co_await rest_.request(std::move(route), body.dump(), {.deadline = kEditWithin});
    if (!answer) co_return std::unexpected(std::move(answer).error().during("become a speaker"));
    co_return base::ok();
}

}  // namespace bandstand::discord
