#include "sandbox/discord/interaction_desk.hpp"

#include <algorithm>
#include <utility>

#include "sandbox/discord/objects.hpp"

namespace bandstand::sandbox {
namespace {

constexpr std::int64_t kAttachmentSizeLimit = 10 << 20;

/// What a modal's form sends back: the layout it came in, with `values` filled in.
Json filled_in(const Json& layout, const Json& values) {
    Json out = Json::array();
    for (const auto& part : layout) {
        Json sent{{"type", member_of(part, "type")}, {"id", number_of(part, "id", 1)}};
        const auto fill = [&](const Json& input) {
            const auto id = text_of(input, "custom_id");
            return Json{{"type", member_of(input, "type")},
                        {"id", number_of(input, "id", 2)},
                        {"custom_id", id},
                        {"value", text_of(values, id, text_of(input, "value"))}};
        };
        if (part.contains("component")) sent["component"] = fill(part["component"]);
        for (const auto& child : part.value("components", Json::array()))
            sent["components"].push_back(fill(child));
        out.push_back(std::move(sent));
    }
    return out;
}

}  // namespace

InteractionDesk::InteractionDesk(World& world, Gateway& gateway, Messages& messages, const base::Clock& clock)
    : world_{world}, gateway_{gateway}, messages_{messages}, clock_{clock} {}

Interaction InteractionDesk::begin(const Deed& deed, InteractionType type) {
    Interaction interaction;
    interaction.id = InteractionId{world_.next_id(clock_.wall_now())};
    interaction.token = "aW50ZXJhY3Rpb246" + random_token() + random_token();
    interaction.application = deed.application;
    interaction.type = type;
    interaction.guild = deed.guild;
    interaction.channel = deed.channel;
    interaction.user = deed.user;
    return interaction;
}

InteractionId InteractionDesk::send(Interaction interaction, Json data, const Message* carrier) {
    const auto* guild = world_.guild(interaction.guild);
    const auto* channel = world_.channel(interaction.channel);
    const auto guild_id = base::to_string(interaction.guild);
    const UserId bot{interaction.application.value()};
    const auto now = clock_.wall_now();
    const auto member_rights = std::to_string(world_.permissions(*channel, interaction.user, now));
    Json payload{{"id", base::to_string(interaction.id)},
                 {"application_id", base::to_string(interaction.application)},
                 {"type", static_cast<int>(interaction.type)},
                 {"data", std::move(data)},
                 {"guild_id", guild_id},
                 {"guild", {{"id", guild_id}, {"locale", "en-US"}, {"features", Json::array()}}},
                 {"channel_id", base::to_string(interaction.channel)},
                 {"channel", channel_object(*channel, world_)},
                 {"member", member_object(world_, *guild, *guild->member(interaction.user))},
                 {"token", interaction.token},
                 {"version", 1},
                 {"app_permissions", std::to_string(world_.permissions(*channel, bot, now))},
                 {"locale", "en-US"},
                 {"guild_locale", "en-US"},
                 {"entitlements", Json::array()},
                 {"authorizing_integration_owners", {{"0", guild_id}}},
                 {"context", 0},
                 {"attachment_size_limit", kAttachmentSizeLimit}};
    payload["channel"]["permissions"] = member_rights;
    payload["member"]["permissions"] = member_rights;
    if (carrier != nullptr) payload["message"] = message_object(world_, *carrier);
    interaction.at = clock_.now();
    interaction.sent_at = now;
    const auto id = interaction.id;
    const auto guild_key = interaction.guild;
    interactions_.add(std::move(interaction));
    gateway_.dispatch(
        {.type = "INTERACTION_CREATE", .data = std::move(payload), .guild = guild_key, .only = bot});
    return id;
}

InteractionId InteractionDesk::use_command(const Deed& deed, const Command& command, Json options,
                                           Json resolved, bool completing) {
    auto interaction = begin(deed, completing ? InteractionType::autocomplete : InteractionType::command);
    interaction.name = command.name;
    Json data{{"id", base::to_string(command.id)},
              {"name", command.name},
              {"type", command.type},
              {"options", std::move(options)}};
    if (command.guild) data["guild_id"] = base::to_string(command.guild);
    if (!resolved.empty()) data["resolved"] = std::move(resolved);
    return send(std::move(interaction), std::move(data), nullptr);
}

InteractionId InteractionDesk::use_component(const Deed& deed, const Message& carrier, const Json& component,
                                             const Json& values) {
    auto interaction = begin(deed, InteractionType::component);
    interaction.carrier = carrier.id;
    Json data{{"custom_id", member_of(component, "custom_id")},
              {"component_type", member_of(component, "type")},
              {"id", member_of(component, "id")}};
    if (!values.is_null()) data["values"] = values;
    return send(std::move(interaction), std::move(data), &carrier);
}

InteractionId InteractionDesk::send_modal(const Interaction& opener, const Json& values) {
    const Deed deed{.guild = opener.guild,
                    .channel = opener.channel,
                    .user = opener.user,
                    .application = opener.application};
    auto interaction = begin(deed, InteractionType::modal);
    interaction.from_component = static_cast<bool>(opener.carrier);
    interaction.carrier = opener.carrier;
    Json data{{"custom_id", member_of(opener.modal, "custom_id")},
              {"components", filled_in(member_of(opener.modal, "components"), values)}};
    const auto carrier = world_.messages.find(opener.carrier);
    return send(std::move(interaction), std::move(data),
                carrier == world_.messages.end() ? nullptr : &carrier->second);
}

Message InteractionDesk::reply(const Interaction& interaction, std::int64_t flags) {
    auto message = messages_.blank(interaction.channel, UserId{interaction.application.value()});
    message.type = interaction.type == InteractionType::command ? 20 : 0;
    message.application = interaction.application;
    message.flags = flags & kFlagEphemeral;
    if (message.flags != 0) message.ephemeral_for = interaction.user;
    message.interaction = {{"id", base::to_string(interaction.id)},
                           {"type", static_cast<int>(interaction.type)},
                           {"name", interaction.name},
                           {"user", user_object(world_.user(interaction.user))}};
    return message;
}

void InteractionDesk::changed(Interaction& interaction, bool visible) {
    if (visible && !interaction.shown_at) interaction.shown_at = clock_.now();
    on_change_();
}

ApiResult<void> InteractionDesk::carry_out(Interaction& interaction, const Callback& callback) {
    switch (callback.type) {
        case CallbackType::message:
            interaction.original = messages_.store(reply(interaction, callback.flags), callback.draft).id;
            interaction.ephemeral = (callback.flags & kFlagEphemeral) != 0;
            break;
        case CallbackType::deferred_message: {
            auto waiting = reply(interaction, callback.flags);
            waiting.flags |= kFlagLoading;
            interaction.ephemeral = static_cast<bool>(waiting.ephemeral_for);
            interaction.original = messages_.store(std::move(waiting), {}).id;
            interaction.loading = true;
            break;
        }
        case CallbackType::deferred_update:
            interaction.original = interaction.carrier;
            break;
        case CallbackType::update_message: {
            const auto carrier = world_.messages.find(interaction.carrier);
            if (carrier == world_.messages.end()) return unknown(kUnknownMessage, "Message");
            auto edited = messages_.apply(carrier->second, callback.draft);
            if (!edited) return std::unexpected{std::move(edited).error()};
            interaction.original = interaction.carrier;
            break;
        }
        case CallbackType::autocomplete:
            interaction.choices = callback.choices;
            break;
        case CallbackType::modal:
            interaction.modal = callback.modal;
            break;
    }
    return {};
}

ApiResult<Json> InteractionDesk::answer(InteractionId id, std::string_view token, const Json& body) {
    auto found = interactions_.awaiting_answer(id, token, clock_.now());
    if (!found) return std::unexpected{std::move(found).error()};
    auto& interaction = **found;
    const auto carrier = world_.messages.find(interaction.carrier);
    const bool v2 = carrier != world_.messages.end() && (carrier->second.flags & kFlagComponentsV2) != 0;
    auto callback = parse_callback(body, interaction, v2);
    if (!callback) return std::unexpected{std::move(callback).error()};
    if (auto done = carry_out(interaction, *callback); !done) return std::unexpected{std::move(done).error()};
    interaction.answered_with = callback->type;
    interaction.answered_at = clock_.now();
    const bool has_message =
        callback->type == CallbackType::message || callback->type == CallbackType::update_message;
    const bool deferred =
        callback->type == CallbackType::deferred_message || callback->type == CallbackType::deferred_update;
    changed(interaction, !deferred);
    Json out{{"interaction", {{"id", base::to_string(id)}, {"type", static_cast<int>(interaction.type)}}},
             {"resource", {{"type", static_cast<int>(callback->type)}}}};
    if (interaction.original) {
        out["interaction"]["response_message_id"] = base::to_string(interaction.original);
        out["interaction"]["response_message_loading"] = interaction.loading;
        out["interaction"]["response_message_ephemeral"] = interaction.ephemeral;
    }
    if (has_message)
        out["resource"]["message"] = message_object(world_, world_.messages.at(interaction.original));
    return out;
}

ApiResult<Message*> InteractionDesk::find_message(Interaction& interaction, std::string_view which) {
    const auto id =
        which == "@original" ? std::optional{interaction.original} : base::parse_id<MessageId>(which);
    const auto found = id ? world_.messages.find(*id) : world_.messages.end();
    const bool own = id && (*id == interaction.original ||
                            std::ranges::find(interaction.followups, *id) != interaction.followups.end());
    if (!own || found == world_.messages.end()) return unknown(kUnknownMessage, "Message");
    return &found->second;
}

ApiResult<Json> InteractionDesk::message(ApplicationId application, std::string_view token,
                                         std::string_view which) {
    auto interaction = interactions_.answered(application, token, clock_.now());
    if (!interaction) return std::unexpected{std::move(interaction).error()};
    auto found = find_message(**interaction, which);
    if (!found) return std::unexpected{std::move(found).error()};
    return message_object(world_, **found);
}

ApiResult<Json> InteractionDesk::edit(ApplicationId application, std::string_view token,
                                      std::string_view which, const Json& body) {
    auto interaction = interactions_.answered(application, token, clock_.now());
    if (!interaction) return std::unexpected{std::move(interaction).error()};
    auto found = find_message(**interaction, which);
    if (!found) return std::unexpected{std::move(found).error()};
    auto draft = parse_message(body, MessageUse::edit, ((*found)->flags & kFlagComponentsV2) != 0);
    if (!draft) return std::unexpected{std::move(draft).error()};
    auto edited = messages_.apply(**found, *draft);
    if (!edited) return std::unexpected{std::move(edited).error()};
    if ((*found)->id == (*interaction)->original) (*interaction)->loading = false;
    changed(**interaction, true);
    return message_object(world_, **edited);
}

ApiResult<void> InteractionDesk::remove(ApplicationId application, std::string_view token,
                                        std::string_view which) {
    auto interaction = interactions_.answered(application, token, clock_.now());
    if (!interaction) return std::unexpected{std::move(interaction).error()};
    auto found = find_message(**interaction, which);
    if (!found) return std::unexpected{std::move(found).error()};
    messages_.erase((*found)->id);
    changed(**interaction, true);
    return {};
}

ApiResult<Json> InteractionDesk::follow_up(ApplicationId application, std::string_view token,
                                           const Json& body) {
    auto interaction = interactions_.answered(application, token, clock_.now());
    if (!interaction) return std::unexpected{std::move(interaction).error()};
    auto draft = parse_message(body, MessageUse::interaction);
    if (!draft) return std::unexpected{std::move(draft).error()};
    auto& held = **interaction;
    const auto waiting = world_.messages.find(held.original);
    if (std::exchange(held.loading, false) && waiting != world_.messages.end()) {
        // Compatibility: the first one after a deferral fills the waiting message.
        auto filled = messages_.apply(waiting->second, *draft);
        if (!filled) return std::unexpected{std::move(filled).error()};
        changed(held, true);
        return message_object(world_, **filled);
    }
    const auto& sent = messages_.store(reply(held, draft->flags.value_or(0)), *draft);
    held.followups.push_back(sent.id);
    changed(held, true);
    return message_object(world_, sent);
}

}  // namespace bandstand::sandbox
