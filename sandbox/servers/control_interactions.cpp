// Commands, buttons, modals and messages of the control API: acts as a member and waits for the bot.

#include <algorithm>
#include <chrono>
#include <utility>

#include "sandbox/discord/objects.hpp"
#include "sandbox/discord/render.hpp"
#include "sandbox/discord/slash_text.hpp"
#include "sandbox/servers/control_api.hpp"

namespace bandstand::sandbox {
namespace {

double ms_between(base::Instant from, base::Instant to) {
    return std::chrono::duration<double, std::milli>(to - from).count();
}

Json message_or_null(const World& world, MessageId id) {
    const auto found = world.messages.find(id);
    return found == world.messages.end() ? Json(nullptr) : message_object(world, found->second);
}

Json describe(const World& world, const Interaction& interaction) {
    const auto us =
        std::chrono::duration_cast<std::chrono::microseconds>(interaction.sent_at.time_since_epoch());
    const auto type = interaction.answered_with;
    Json out{{"interaction_id", base::to_string(interaction.id)},
             {"sent_at_us", us.count()},
             {"ack_ms", ms_between(interaction.at, interaction.answered_at)},
             {"callback_type", static_cast<int>(*type)},
             {"deferred", type == CallbackType::deferred_message || type == CallbackType::deferred_update},
             {"ephemeral", interaction.ephemeral},
             {"answered_ms", nullptr},
             {"message", message_or_null(world, interaction.original)},
             {"followups", Json::array()}};
    if (interaction.shown_at) out["answered_ms"] = ms_between(interaction.at, *interaction.shown_at);
    for (const auto id : interaction.followups) out["followups"].push_back(message_or_null(world, id));
    if (!interaction.choices.is_null()) out["choices"] = interaction.choices;
    if (!interaction.modal.is_null()) out["modal"] = interaction.modal;
    out["text"] = render_message(out["message"]);
    for (const auto& followup : out["followups"]) {
        out["text"] = out["text"].get<std::string>() + "\n" + render_message(followup);
    }
    return out;
}

/// Waits for the first answer, and after a deferral for something to see, at most `patience`.
runtime::Task<ApiResult<Json>> outcome(StandIn& here, InteractionId id, base::Duration patience) {
    const auto* interaction = here.interactions.find(id);
    const auto begun = interaction->at;
    const auto bot = here.world.bots.at(interaction->application).name;
    while (!interaction->answered_with && here.clock.now() < begun + kAnswerWindow) {
        co_await here.answered.wait_until(begun + kAnswerWindow);
        interaction = here.interactions.find(id);
    }
    if (!interaction->answered_with) {
        co_return sorry(504, bot + " did not respond within 3 s: is the gateway service running and ready?");
    }
    const auto deadline = begun + patience;
    while (interaction != nullptr && !interaction->shown_at && here.clock.now() < deadline) {
        co_await here.answered.wait_until(deadline);
        interaction = here.interactions.find(id);
    }
    if (interaction == nullptr) co_return sorry(410, "the interaction is too old");
    co_return describe(here.world, *interaction);
}

base::Duration patience(const Json& body, std::int64_t usual_ms) {
    return std::chrono::milliseconds{
        std::clamp<std::int64_t>(number_of(body, "wait_ms", usual_ms), 0, 60'000)};
}

struct Place {
    Guild* guild;
    Channel* channel;
    UserId user;
};
ApiResult<Place> place(StandIn& here, const Json& body) {
    auto guild = named_guild(here, body);
    if (!guild) return std::unexpected{guild.error()};
    auto user = named_member(here, **guild, body);
    if (!user) return std::unexpected{user.error()};
    auto channel = named_channel(here, **guild, body, false);
    if (!channel) return std::unexpected{channel.error()};
    return Place{.guild = *guild, .channel = *channel, .user = *user};
}

ApiResult<const Command*> named_command(StandIn& here, const Place& at, const std::string& name,
                                        const std::string& bot) {
    ApplicationId application;
    for (const auto& [id, each] : here.world.bots) {
        if (!bot.empty() && lower(each.name) == lower(bot)) application = id;
    }
    if (!bot.empty() && !application) return sorry(404, "there is no bot \"" + bot + "\"");
    const auto* command = here.guilds.find_command(*at.guild, name, application);
    if (command == nullptr) {
        std::string known;
        for (const auto& each : here.world.commands) known += " /" + each.name;
        return sorry(404, "no bot in " + at.guild->name + " has a command /" + name +
                              (known.empty() ? "; none is registered: is the gateway service running?"
                                             : "; there are:" + known));
    }
    if (here.gateway.session_for(UserId{command->application.value()}, at.guild->id) == nullptr) {
        return sorry(
            503, here.world.bots.at(command->application).name + " is offline: start the gateway service");
    }
    return command;
}

ApiResult<void> may_use(StandIn& here, const Place& at, const Command& command) {
    const auto rights = here.world.permissions(*at.channel, at.user, here.clock.wall_now());
    if (!allows(rights, permission::kUseApplicationCommands))
        return sorry(403, "you may not use commands here");
    const auto needed = member_of(command.definition, "default_member_permissions");
    if (!needed.is_string()) return {};
    const auto bits = base::parse_id<UserId>(needed.get<std::string>()).value_or(UserId{}).value();
    const bool admin = rights == permission::kAll;
    if (!admin && (bits == 0 || !allows(rights, bits))) return sorry(403, "you may not use /" + command.name);
    return {};
}

ApiResult<std::vector<Json>> attached(StandIn& here, const Json& body) {
    std::vector<Json> out;
    const auto& ids = member_of(body, "attachments");
    for (std::size_t i = 0; ids.is_array() && i < ids.size(); ++i) {
        const auto found = here.uploads.find(ids[i].is_string() ? ids[i].get<std::string>() : "");
        if (found == here.uploads.end()) return sorry(404, "there is no such upload: " + to_text(ids[i]));
        out.push_back(found->second.object);
    }
    return out;
}

/// The checks of Discord's client, then INTERACTION_CREATE.
ApiResult<InteractionId> start_command(StandIn& here, const Json& body) {
    auto at = place(here, body);
    if (!at) return std::unexpected{at.error()};
    const auto text = text_of(body, "text");
    auto name = slash_name(text);
    if (!name) return sorry(400, name.error().detail());
    auto command = named_command(here, *at, *name, text_of(body, "bot"));
    if (!command) return std::unexpected{command.error()};
    if (auto allowed = may_use(here, *at, **command); !allowed) return std::unexpected{allowed.error()};
    auto files = attached(here, body);
    if (!files) return std::unexpected{files.error()};
    const bool completing = flag_of(body, "complete");
    auto call = read_slash(text, **command, here.world, *at->guild, *files, completing);
    if (!call) return sorry(400, call.error().detail());
    const Deed deed{.guild = at->guild->id,
                    .channel = at->channel->id,
                    .user = at->user,
                    .application = (*command)->application};
    return here.interactions.use_command(deed, **command, std::move(call->options), std::move(call->resolved),
                                         completing);
}

runtime::Task<ApiResult<Json>> use_command(StandIn& here, Json body) {
    auto id = start_command(here, body);
    if (!id) co_return std::unexpected{id.error()};
    co_return co_await outcome(here, *id, patience(body, 15'000));
}

ApiResult<InteractionId> start_component(StandIn& here, const Json& body) {
    auto guild = named_guild(here, body);
    if (!guild) return std::unexpected{guild.error()};
    auto user = named_member(here, **guild, body);
    if (!user) return std::unexpected{user.error()};
    const auto target = text_of(body, "target");
    for (auto it = here.world.messages.rbegin(); it != here.world.messages.rend(); ++it) {
        const auto& message = it->second;
        const bool visible = message.guild == (*guild)->id && (*guild)->channel(message.channel) != nullptr &&
                             (!message.ephemeral_for || message.ephemeral_for == *user);
        const auto* component = visible ? find_component(message.components, target) : nullptr;
        if (component == nullptr || !here.world.bots.contains(ApplicationId{message.author.value()}))
            continue;
        if (flag_of(*component, "disabled"))
            return sorry(409, "\"" + target + "\" is disabled on the newest message that has it");
        const Deed deed{.guild = (*guild)->id,
                        .channel = message.channel,
                        .user = *user,
                        .application = ApplicationId{message.author.value()}};
        const auto& values = member_of(body, "values");
        return here.interactions.use_component(deed, message, *component, values);
    }
    return sorry(404, "no message in " + (*guild)->name + " has a button \"" + target + "\"");
}

runtime::Task<ApiResult<Json>> use_component(StandIn& here, Json body) {
    auto id = start_component(here, body);
    if (!id) co_return std::unexpected{id.error()};
    co_return co_await outcome(here, *id, patience(body, 2'000));
}

runtime::Task<ApiResult<Json>> send_modal(StandIn& here, Json body) {
    const auto* opener = here.interactions.find(id_of<InteractionId>(body, "interaction_id"));
    if (opener == nullptr || opener->modal.is_null())
        co_return sorry(404, "this interaction was not answered with a modal");
    if (here.world.channel(opener->channel) == nullptr) co_return sorry(410, "its channel is gone");
    const auto id = here.interactions.send_modal(*opener, member_of(body, "values"));
    co_return co_await outcome(here, id, patience(body, 15'000));
}

ApiResult<Json> read_messages(StandIn& here, const Json& body) {
    auto guild = named_guild(here, body);
    if (!guild) return std::unexpected{guild.error()};
    auto channel = named_channel(here, **guild, body, false);
    if (!channel) return std::unexpected{channel.error()};
    UserId reader;
    if (!text_of(body, "as").empty()) {
        auto user = named_member(here, **guild, body);
        if (!user) return std::unexpected{user.error()};
        reader = *user;
    }
    Json out = Json::array();
    for (const auto* message : here.world.messages_in((*channel)->id, 50)) {
        if (message->ephemeral_for && reader && message->ephemeral_for != reader) continue;
        auto object = message_object(here.world, *message);
        object["text"] = render_message(object);
        out.push_back(std::move(object));
    }
    return Json{{"messages", std::move(out)}};
}

ApiResult<Json> write_message(StandIn& here, const Json& body) {
    auto at = place(here, body);
    if (!at) return std::unexpected{at.error()};
    const auto content = text_of(body, "content");
    if (content.empty() || count_characters(content) > 2000)
        return sorry(400, "a message has 1 to 2000 characters");
    return message_object(here.world, here.messages.write(*at->channel, at->user, content));
}

}  // namespace

void add_interaction_controls(ControlApi& api) {
    auto& here = api.stand_in();
    api.add("POST", "/interactions/command",
            [&here](Json body, const http::ServerRequest&) { return use_command(here, std::move(body)); });
    api.add("POST", "/interactions/component",
            [&here](Json body, const http::ServerRequest&) { return use_component(here, std::move(body)); });
    api.add("POST", "/interactions/modal",
            [&here](Json body, const http::ServerRequest&) { return send_modal(here, std::move(body)); });
    api.add_quick("GET", "/messages",
                  [&here](const Json& body, const auto&) { return read_messages(here, body); });
    api.add_quick("POST", "/messages",
                  [&here](const Json& body, const auto&) { return write_message(here, body); });
}

}  // namespace bandstand::sandbox
