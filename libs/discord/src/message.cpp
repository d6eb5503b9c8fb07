#include "discord/message.hpp"

#include <nlohmann/json.hpp>

namespace bandstand::discord {
namespace {

using Json = nlohmann::json;

constexpr base::Reason kMessageTooLarge{"discord.message_too_large"};
constexpr int kEphemeralFlag = 1 << 6;

// Text from files may be no valid UTF-8: a replacement character is better than no answer.
std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

struct Limit {
    std::string_view what;
    std::size_t size;
    std::size_t most;
};

base::Result<void> within_limits(const OutgoingMessage& message) {
    std::vector<Limit> limits{{"content", count_characters(message.content), kMaxContent},
                              {"embeds", message.embeds.size(), 10},
                              {"buttons", message.buttons.size(), 5}};
    std::size_t total = 0;
    for (const auto& embed : message.embeds) {
        const std::vector<Limit> texts{
            {"embed title", count_characters(embed.title), kMaxEmbedTitle},
            {"embed description", count_characters(embed.description), kMaxEmbedDescription},
            {"embed footer", count_characters(embed.footer), kMaxFooter}};
        for (const auto& text : texts) total += text.size;
        limits.insert(limits.end(), texts.begin(), texts.end());
        limits.push_back({"embed fields", embed.fields.size(), kMaxEmbedFields});
        for (const auto& field : embed.fields) {
            limits.push_back({"field name", count_characters(field.name), kMaxFieldName});
            limits.push_back({"field value", count_characters(field.value), kMaxFieldValue});
            total += count_characters(field.name) + count_characters(field.value);
        }
    }
    limits.push_back({"text of all embeds", total, kMaxEmbedTotal});
    for (const auto& button : message.buttons) {
        limits.push_back({"button label", count_characters(button.label), kMaxButtonLabel});
        limits.push_back({"custom_id", count_characters(button.custom_id), kMaxCustomId});
    }
    for (const auto& limit : limits) {
        if (limit.size > limit.most) {
            return base::fail(base::ErrorKind::invalid_argument, kMessageTooLarge, limit.what, limit.size,
                              "of at most", limit.most);
        }
    }
    return base::ok();
}

Json embed_json(const Embed& embed) {
    Json out = Json::object();
    if (!embed.title.empty()) out["title"] = embed.title;
    if (!embed.url.empty()) out["url"] = embed.url;
    if (!embed.description.empty()) out["description"] = embed.description;
    if (embed.color != 0) out["color"] = embed.color;
    if (!embed.footer.empty()) out["footer"] = {{"text", embed.footer}};
    for (const auto& field : embed.fields) {
        out["fields"].push_back({{"name", field.name}, {"value", field.value}, {"inline", field.in_line}});
    }
    return out;
}

Json button_json(const Button& button) {
    Json out{{"type", 2}, {"style", static_cast<int>(button.style)}, {"custom_id", button.custom_id}};
    if (!button.label.empty()) out["label"] = button.label;
    if (!button.emoji.empty()) out["emoji"] = {{"name", button.emoji}};
    if (button.disabled) out["disabled"] = true;
    return out;
}

Json message_json(const OutgoingMessage& message) {
    Json out{{"content", message.content},
             {"embeds", Json::array()},
             {"components", Json::array()},
             {"allowed_mentions", {{"parse", Json::array()}}}};
    for (const auto& embed : message.embeds) out["embeds"].push_back(embed_json(embed));
    if (!message.buttons.empty()) {
        Json row{{"type", 1}, {"components", Json::array()}};
        for (const auto& button : message.buttons) row["components"].push_back(button_json(button));
        out["components"].push_back(std::move(row));
    }
    if (message.ephemeral) out["flags"] = kEphemeralFlag;
    return out;
}

Json option_json(const OptionDefinition& option) {
    Json out{
        {"type", static_cast<int>(option.type)}, {"name", option.name}, {"description", option.description}};
    if (option.required) out["required"] = true;
    if (option.autocomplete) out["autocomplete"] = true;
    if (option.min) out["min_value"] = *option.min;
    if (option.max) out["max_value"] = *option.max;
    if (option.max_length) out["max_length"] = *option.max_length;
    return out;
}

bool starts_character(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

}  // namespace

base::Result<std::string> to_json(const OutgoingMessage& message) {
    if (auto fits = within_limits(message); !fits) return std::unexpected(std::move(fits).error());
    return dump(message_json(message));
}

std::size_t count_characters(std::string_view text) {
    std::size_t count = 0;
    for (const char byte : text) count += starts_character(byte) ? 1 : 0;
    return count;
}

std::string shorten(std::string_view text, std::size_t limit) {
    if (count_characters(text) <= limit) return std::string{text};
    if (limit == 0) return {};
    std::size_t kept = 0;
    std::size_t end = 0;
    while (end < text.size()) {
        if (starts_character(text[end])) {
            if (kept == limit - 1) break;
            ++kept;
        }
        ++end;
    }
    return std::string{text.substr(0, end)} + "…";
}

std::string escape_markdown(std::string_view text) {
    constexpr std::string_view kSpecial = R"(\*_~`|[]<>)";
    std::string out;
    out.reserve(text.size() + 8);
    for (const char byte : text) {
        if (static_cast<unsigned char>(byte) < 0x20U) {
            out += ' ';  // a title is one line
            continue;
        }
        if (kSpecial.contains(byte)) out += '\\';
        out += byte;
    }
    return out;
}

std::string to_json(const std::vector<CommandDefinition>& commands) {
    Json out = Json::array();
    for (const auto& command : commands) {
        Json entry{{"type", 1},
                   {"name", command.name},
                   {"description", command.description},
                   {"contexts", {0}},
                   {"integration_types", {0}}};
        for (const auto& option : command.options) entry["options"].push_back(option_json(option));
        out.push_back(std::move(entry));
    }
    return dump(out);
}

base::Result<std::string> to_json(const Callback& callback) {
    Json out{{"type", static_cast<int>(callback.type)}};
    switch (callback.type) {
        case CallbackType::deferred_message:
            if (callback.message.ephemeral) out["data"] = {{"flags", kEphemeralFlag}};
            break;
        case CallbackType::deferred_update:
            break;
        case CallbackType::message:
        case CallbackType::update_message:
            if (auto fits = within_limits(callback.message); !fits)
                return std::unexpected(std::move(fits).error());
            out["data"] = message_json(callback.message);
            break;
        case CallbackType::autocomplete:
            out["data"] = {{"choices", Json::array()}};
            for (const auto& choice : callback.choices) {
                if (out["data"]["choices"].size() == kMaxChoices) break;
                out["data"]["choices"].push_back(
                    {{"name", shorten(choice.name, kMaxChoiceText)}, {"value", choice.value}});
            }
            break;
    }
    return dump(out);
}

}  // namespace bandstand::discord
