#include "sandbox/discord/interactions.hpp"

#include <algorithm>
#include <initializer_list>
#include <utility>

namespace bandstand::sandbox {
namespace {

/// Tokens are remembered for a while after they died, so that their use is told apart from an unknown one.
constexpr base::Duration kRemembered = kTokenLife * 2;

std::optional<std::int64_t> callback_type(const Form& form, const Interaction& interaction) {
    const bool on_message = interaction.type == InteractionType::component ||
                            (interaction.type == InteractionType::modal && interaction.from_component);
    switch (interaction.type) {
        case InteractionType::ping:
            return form.choice("type", {1}, true);
        case InteractionType::autocomplete:
            return form.choice("type", {8}, true);
        case InteractionType::command:
            return form.choice("type", {4, 5, 9}, true);
        case InteractionType::component:
            return form.choice("type", {4, 5, 6, 7, 9}, true);
        case InteractionType::modal:
            return on_message ? form.choice("type", {4, 5, 6, 7}, true) : form.choice("type", {4, 5}, true);
    }
    return std::nullopt;
}

Json read_choices(const Form& data) {
    for (const auto& choice : data.objects("choices", 0, 25, true)) {
        (void)choice.text("name", {.min = 1, .max = 100, .required = true});
        const auto& value = member_of(choice.value(), "value");
        if (value.is_string()) {
            (void)choice.text("value", {.min = 1, .max = 100, .required = true});
        } else if (!value.is_number()) {
            choice.error("value", "BASE_TYPE_REQUIRED", "This field is required");
        }
    }
    return member_of(data.value(), "choices");
}

void read_data(const Form& data, bool carrier_is_v2, Callback& callback) {
    switch (callback.type) {
        case CallbackType::message:
            callback.draft = read_message(data, MessageUse::interaction);
            break;
        case CallbackType::update_message:
            callback.draft = read_message(data, MessageUse::edit, carrier_is_v2);
            break;
        case CallbackType::deferred_message:
        case CallbackType::deferred_update:
            break;  // only `flags` counts
        case CallbackType::autocomplete:
            callback.choices = read_choices(data);
            break;
        case CallbackType::modal:
            check_modal(data);
            callback.modal = data.value();
            break;
    }
    callback.flags = data.number("flags", {.min = 0, .max = std::int64_t{1} << 31}).value_or(0);
}

}  // namespace

ApiResult<Callback> parse_callback(const Json& body, const Interaction& interaction, bool carrier_is_v2) {
    if (!body.is_object()) {
        return refuse({.status = 400, .code = 50109, .message = "The request body contains invalid JSON."});
    }
    FormErrors errors;
    const Form form{body, errors};
    Callback callback;
    if (const auto type = callback_type(form, interaction)) {
        callback.type = static_cast<CallbackType>(*type);
        const bool needs_data = callback.type == CallbackType::message ||
                                callback.type == CallbackType::autocomplete ||
                                callback.type == CallbackType::modal;
        if (const auto data = form.object("data")) {
            read_data(*data, carrier_is_v2, callback);
        } else if (needs_data) {
            form.error("data", "BASE_TYPE_REQUIRED", "This field is required");
        }
    }
    if (auto refusal = errors.refusal()) return refuse(std::move(*refusal));
    if (callback.type == CallbackType::message && callback.draft.empty()) {
        return refuse({.status = 400, .code = 50006, .message = "Cannot send an empty message"});
    }
    return callback;
}

Interaction& Interactions::add(Interaction interaction) {
    const auto id = interaction.id;
    return by_id_.insert_or_assign(id, std::move(interaction)).first->second;
}

Interaction* Interactions::find(InteractionId id) {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : &found->second;
}

ApiResult<Interaction*> Interactions::awaiting_answer(InteractionId id, std::string_view token,
                                                      base::Instant now) {
    auto* interaction = find(id);
    if (interaction == nullptr || interaction->token != token)
        return unknown(kUnknownInteraction, "interaction");
    if (interaction->answered_with) {
        return refuse(
            {.status = 400, .code = 40060, .message = "Interaction has already been acknowledged."});
    }
    if (now - interaction->at > kAnswerWindow) return unknown(kUnknownInteraction, "interaction");
    return interaction;
}

ApiResult<Interaction*> Interactions::answered(ApplicationId application, std::string_view token,
                                               base::Instant now) {
    const auto found =
        std::ranges::find_if(by_id_, [&](const auto& entry) { return entry.second.token == token; });
    if (found == by_id_.end() || found->second.application != application || !found->second.answered_with) {
        return unknown(kUnknownWebhook, "Webhook");
    }
    if (now - found->second.at > kTokenLife) {
        return refuse({.status = 401, .code = 50027, .message = "Invalid Webhook Token"});
    }
    return &found->second;
}

void Interactions::expire(base::Instant now) {
    std::erase_if(by_id_, [&](const auto& entry) { return now - entry.second.at > kRemembered; });
}

}  // namespace bandstand::sandbox
