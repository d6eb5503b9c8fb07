#include "sandbox/discord/message_rules.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace bandstand::sandbox {
namespace {

constexpr std::size_t kMaxContent = 2000;
constexpr std::size_t kMaxEmbeds = 10;
constexpr std::size_t kMaxEmbedTotal = 6000;
constexpr std::int64_t kSuppressEmbeds = 1 << 2;
constexpr std::int64_t kEphemeral = 1 << 6;
constexpr std::int64_t kSuppressNotifications = 1 << 12;
constexpr std::int64_t kComponentsV2 = 1 << 15;

std::size_t length(const std::optional<std::string>& text) {
    return text ? count_characters(*text) : 0;
}

std::size_t check_fields(const Form& embed) {
    std::size_t characters = 0;
    for (const auto& field : embed.objects("fields", 0, 25, false)) {
        characters += length(field.text("name", {.max = 256, .required = true, .trim = true}));
        characters += length(field.text("value", {.max = 1024, .required = true, .trim = true}));
        (void)field.flag("inline");
    }
    return characters;
}

/// Checks one embed; returns the characters that count for the sum of a message.
std::size_t check_embed(const Form& embed) {
    std::size_t characters = length(embed.text("title", {.max = 256, .trim = true}));
    characters += length(embed.text("description", {.max = 4096, .trim = true}));
    (void)embed.url("url", false);
    (void)embed.number("color", {.min = 0, .max = 0xFFFFFF});
    if (const auto time = embed.text("timestamp", {.max = 64});
        time && (time->size() < 10 || (*time)[4] != '-')) {
        embed.error("timestamp", "DATE_TIME_TYPE_PARSE", "Could not parse " + *time + ". Should be ISO8601.");
    }
    if (const auto footer = embed.object("footer")) {
        characters += length(footer->text("text", {.max = 2048, .required = true, .trim = true}));
        (void)footer->url("icon_url", true);
    }
    if (const auto author = embed.object("author")) {
        characters += length(author->text("name", {.max = 256, .required = true, .trim = true}));
        (void)author->url("url", false);
        (void)author->url("icon_url", true);
    }
    for (const auto* key : {"image", "thumbnail"}) {
        if (const auto picture = embed.object(key)) (void)picture->url("url", true);
    }
    characters += check_fields(embed);
    return characters;
}

Json read_embeds(const Form& form) {
    std::size_t characters = 0;
    Json kept = Json::array();
    for (const auto& embed : form.objects("embeds", 0, kMaxEmbeds, false)) {
        characters += check_embed(embed);
        Json stored = embed.value();
        stored["type"] = "rich";
        const bool shows = std::ranges::any_of(
            std::array{"title", "description", "fields", "author", "footer", "image", "thumbnail"},
            [&](const char* key) { return embed.has(key); });
        if (!shows) embed.error("description", "BASE_TYPE_REQUIRED", "This field is required");
        kept.push_back(std::move(stored));
    }
    if (characters > kMaxEmbedTotal) {
        form.error("embeds", "MAX_EMBED_SIZE_EXCEEDED",
                   "Embed size exceeds maximum size of " + std::to_string(kMaxEmbedTotal));
    }
    return kept;
}

void check_mention_list(const Form& mentions, std::string_view key, bool parsed_too) {
    const auto& list = member_of(mentions.value(), key);
    if (list.is_null()) return;
    if (!list.is_array())
        return mentions.error(key, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType");
    if (list.size() > 100) mentions.error(key, "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.");
    if (!list.empty() && parsed_too) {
        mentions.error("", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                       "parse:[\"" + std::string{key} + "\"] and " + std::string{key} +
                           ": [ids...] are mutually exclusive.");
    }
}

void check_allowed_mentions(const Form& form) {
    const auto mentions = form.object("allowed_mentions");
    if (!mentions) return;
    bool users = false;
    bool roles = false;
    const auto& parse = member_of(mentions->value(), "parse");
    if (!parse.is_null() && !parse.is_array()) {
        mentions->error("parse", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType");
    }
    for (std::size_t i = 0; parse.is_array() && i < parse.size(); ++i) {
        users = users || parse[i] == "users";
        roles = roles || parse[i] == "roles";
        if (parse[i] != "users" && parse[i] != "roles" && parse[i] != "everyone") {
            mentions->error("parse." + std::to_string(i), "BASE_TYPE_CHOICES",
                            "Value must be one of ('users', 'roles', 'everyone').");
        }
    }
    check_mention_list(*mentions, "users", users);
    check_mention_list(*mentions, "roles", roles);
    (void)mentions->flag("replied_user");
}

std::int64_t allowed_flags(MessageUse use) {
    switch (use) {
        case MessageUse::channel:
            return kSuppressEmbeds | kSuppressNotifications | kComponentsV2;
        case MessageUse::interaction:
            return kSuppressEmbeds | kSuppressNotifications | kComponentsV2 | kEphemeral;
        // An edit may repeat EPHEMERAL; it changes nothing.
        case MessageUse::edit:
            return kSuppressEmbeds | kComponentsV2 | kEphemeral;
    }
    return 0;
}

std::optional<std::int64_t> read_flags(const Form& form, MessageUse use) {
    auto flags = form.number("flags", {.min = 0, .max = std::int64_t{1} << 31});
    if (flags && (*flags & ~allowed_flags(use)) != 0) {
        form.error(
            "flags", "MESSAGE_INVALID_FLAGS",
            "These flags cannot be set on this message: " + std::to_string(*flags & ~allowed_flags(use)));
        return std::nullopt;
    }
    return flags;
}

void refuse_classic_parts(const Form& form) {
    for (const auto* key : {"content", "embeds", "poll", "sticker_ids"}) {
        const auto& part = member_of(form.value(), key);
        const bool filled = part.is_string() ? !part.get_ref<const std::string&>().empty() : !part.empty();
        if (filled) {
            form.error(key, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                       std::string{"The '"} + key +
                           "' field cannot be used when using MessageFlags.IS_COMPONENTS_V2");
        }
    }
}

}  // namespace

bool MessageDraft::empty() const {
    return (!content || trimmed(*content).empty()) && (!embeds || embeds->empty()) &&
           (!components || components->empty());
}

MessageDraft read_message(const Form& form, MessageUse use, bool v2_already) {
    MessageDraft draft;
    draft.flags = read_flags(form, use);
    const bool v2 = v2_already || (draft.flags.value_or(0) & kComponentsV2) != 0;
    const auto& body = form.value();
    if (v2) refuse_classic_parts(form);
    if (body.contains("content")) draft.content = form.text("content", {.max = kMaxContent}).value_or("");
    if (body.contains("embeds")) draft.embeds = read_embeds(form);
    if (body.contains("components")) draft.components = read_components(form, v2);
    draft.nonce = form.text("nonce", {.max = 25}).value_or("");
    draft.enforce_nonce = form.flag("enforce_nonce").value_or(false);
    (void)form.flag("tts");
    check_allowed_mentions(form);
    return draft;
}

ApiResult<MessageDraft> parse_message(const Json& body, MessageUse use, bool v2_already) {
    if (!body.is_object())
        return refuse({.status = 400, .code = 50109, .message = "The request body contains invalid JSON."});
    FormErrors errors;
    auto draft = read_message(Form{body, errors}, use, v2_already);
    if (auto refusal = errors.refusal()) return refuse(std::move(*refusal));
    if (use != MessageUse::edit && draft.empty()) {
        return refuse({.status = 400, .code = 50006, .message = "Cannot send an empty message"});
    }
    return draft;
}

}  // namespace bandstand::sandbox
