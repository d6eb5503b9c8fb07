#include "sandbox/discord/slash_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "sandbox/discord/form.hpp"
#include "sandbox/discord/objects.hpp"

namespace bandstand::sandbox {
namespace {

enum OptionType : std::int64_t {
    kSub = 1,
    kGroup = 2,
    kString = 3,
    kInteger = 4,
    kBoolean = 5,
    kUser = 6,
    kChannel = 7,
    kRole = 8,
    kMentionable = 9,
    kNumber = 10,
    kAttachment = 11,
};

template <class... Parts>
std::unexpected<base::Error> bad(const Parts&... parts) {
    return base::fail(base::ErrorKind::invalid_argument, kBadOption, parts...);
}

const Json* option_named(const Json& options, std::string_view name) {
    if (!options.is_array()) return nullptr;
    for (const auto& option : options) {
        if (text_of(option, "name") == name) return &option;
    }
    return nullptr;
}

std::string names_of(const Json& options) {
    std::string out;
    for (const auto& option : options) out += (out.empty() ? "" : ", ") + text_of(option, "name");
    return out;
}

std::string_view take_word(std::string_view& text) {
    text = trimmed(text);
    const auto end = std::min(text.find(' '), text.size());
    const auto word = text.substr(0, end);
    text.remove_prefix(end);
    return word;
}

struct Given {
    std::string name;
    std::string value;
};

/// Splits "query:johann sebastian position:2" at the names of known options.
base::Result<std::vector<Given>> split(std::string_view text, const Json& options) {
    std::vector<Given> given;
    while (!(text = trimmed(text)).empty()) {
        const auto word = text.substr(0, text.find(' '));
        const auto colon = word.find(':');
        const bool starts =
            colon != std::string_view::npos && option_named(options, word.substr(0, colon)) != nullptr;
        if (starts) {
            given.push_back({std::string{word.substr(0, colon)}, std::string{word.substr(colon + 1)}});
        } else if (!given.empty()) {
            given.back().value += " " + std::string{word};
        } else if (options.size() == 1) {
            given.push_back({text_of(options[0], "name"), std::string{word}});
        } else {
            return bad("\"" + std::string{word} + "\" belongs to no option; write name:value with one of:",
                       names_of(options));
        }
        text.remove_prefix(word.size());
    }
    for (auto& option : given) option.value = std::string{trimmed(option.value)};
    return given;
}

class Reading {
public:
    Reading(const World& world, const Guild& guild, std::vector<Json> attachments, bool completing)
        : world_{world}, guild_{guild}, attachments_{std::move(attachments)}, completing_{completing} {}

    base::Result<Json> level(std::string_view text, const Json& definitions);
    Json resolved = Json::object();

private:
    base::Result<Json> value_of(const Json& definition, const std::string& text);
    base::Result<Json> text_value(const Json& definition, const std::string& text) const;
    base::Result<Json> number_value(const Json& definition, const std::string& text, bool whole) const;
    base::Result<Json> entity(std::int64_t type, const std::string& text);
    base::Result<Json> attachment(const std::string& name);
    base::Result<Json> values(std::string_view text, const Json& definitions);
    base::Result<void> require(Json& out, const Json& definitions);

    const World& world_;
    const Guild& guild_;
    std::vector<Json> attachments_;
    bool completing_;
};

base::Result<Json> Reading::text_value(const Json& definition, const std::string& text) const {
    const auto& choices = member_of(definition, "choices");
    if (choices.is_array() && !choices.empty()) {
        for (const auto& choice : choices) {
            if (text_of(choice, "name") == text || text_of(choice, "value") == text)
                return choice.at("value");
        }
        return bad(text_of(definition, "name"), "must be one of:", names_of(choices));
    }
    const auto length = static_cast<std::int64_t>(count_characters(text));
    const auto max = std::min<std::int64_t>(number_of(definition, "max_length", 6000), 6000);
    if (length < number_of(definition, "min_length") || length > max) {
        return bad(text_of(definition, "name"), "must have", number_of(definition, "min_length"), "to", max,
                   "characters");
    }
    return Json(text);
}

base::Result<Json> Reading::number_value(const Json& definition, const std::string& text, bool whole) const {
    const auto name = text_of(definition, "name");
    double value = 0;
    std::int64_t integer = 0;
    const auto* end = text.data() + text.size();
    const auto parsed =
        whole ? std::from_chars(text.data(), end, integer) : std::from_chars(text.data(), end, value);
    if (parsed.ec != std::errc{} || parsed.ptr != end) {
        return bad(name, whole ? "must be a whole number, not" : "must be a number, not", "\"" + text + "\"");
    }
    if (whole) value = static_cast<double>(integer);
    const auto& min = member_of(definition, "min_value");
    const auto& max = member_of(definition, "max_value");
    if ((min.is_number() && value < min.get<double>()) || (max.is_number() && value > max.get<double>())) {
        return bad(name, "must be between", min.is_number() ? min.dump() : "-2^53", "and",
                   max.is_number() ? max.dump() : "2^53");
    }
    return whole ? Json(integer) : Json(value);
}

base::Result<Json> Reading::entity(std::int64_t type, const std::string& text) {
    const auto wanted = lower(text.starts_with('@') || text.starts_with('#') ? text.substr(1) : text);
    if (type == kUser || type == kMentionable) {
        if (const auto* user = world_.find_member(guild_, wanted)) {
            const auto id = base::to_string(user->id);
            resolved["users"][id] = user_object(*user);
            resolved["members"][id] = member_object(world_, guild_, *guild_.member(user->id));
            resolved["members"][id].erase("user");
            return Json(id);
        }
    }
    if (type == kRole || type == kMentionable) {
        for (const auto& [id, role] : guild_.roles) {
            if (lower(role.name) != wanted && base::to_string(id) != wanted) continue;
            resolved["roles"][base::to_string(id)] = role_object(role);
            return Json(base::to_string(id));
        }
    }
    if (type == kChannel) {
        for (const auto& [id, channel] : guild_.channels) {
            if (lower(channel.name) != wanted && base::to_string(id) != wanted) continue;
            resolved["channels"][base::to_string(id)] = channel_object(channel, world_);
            return Json(base::to_string(id));
        }
    }
    return bad("nothing here is called", "\"" + text + "\"");
}

base::Result<Json> Reading::attachment(const std::string& name) {
    for (auto it = attachments_.begin(); it != attachments_.end(); ++it) {
        if (!name.empty() && text_of(*it, "filename") != name) continue;
        const auto id = text_of(*it, "id");
        resolved["attachments"][id] = *it;
        attachments_.erase(it);
        return Json(id);
    }
    return bad("no file", name.empty() ? std::string{"is"} : "\"" + name + "\" is", "attached");
}

base::Result<Json> Reading::value_of(const Json& definition, const std::string& text) {
    const auto type = number_of(definition, "type");
    switch (type) {
        case kString:
            return text_value(definition, text);
        case kInteger:
            return number_value(definition, text, true);
        case kNumber:
            return number_value(definition, text, false);
        case kBoolean:
            if (lower(text) == "true") return Json(true);
            if (lower(text) == "false") return Json(false);
            return bad(text_of(definition, "name"), "must be true or false");
        case kAttachment:
            return attachment(text);
        default:
            return entity(type, text);
    }
}

base::Result<void> Reading::require(Json& out, const Json& definitions) {
    for (const auto& definition : definitions) {
        const auto name = text_of(definition, "name");
        if (option_named(out, name) != nullptr) continue;
        if (number_of(definition, "type") == kAttachment && !attachments_.empty()) {
            auto value = attachment("");
            if (!value) return std::unexpected{std::move(value).error()};
            out.push_back({{"name", name}, {"type", kAttachment}, {"value", *value}});
        } else if (flag_of(definition, "required")) {
            return bad("the option", name, "is required");
        }
    }
    if (!attachments_.empty()) return bad("this command takes no file");
    return {};
}

base::Result<Json> Reading::values(std::string_view text, const Json& definitions) {
    auto given = split(text, definitions);
    if (!given) return std::unexpected{std::move(given).error()};
    Json out = Json::array();
    for (const auto& [name, value] : *given) {
        const auto& definition = *option_named(definitions, name);
        if (option_named(out, name) != nullptr) return bad("the option", name, "is given twice");
        const bool focused = completing_ && &name == &given->back().name;
        if (focused && !flag_of(definition, "autocomplete"))
            return bad("the option", name, "offers no completion");
        auto read = focused ? base::Result<Json>{value} : value_of(definition, value);
        if (!read) return std::unexpected{std::move(read).error()};
        out.push_back({{"name", name}, {"type", member_of(definition, "type")}, {"value", *read}});
        if (focused) out.back()["focused"] = true;
    }
    if (completing_) {
        if (out.empty()) return bad("there is no option to complete; write name:");
        return out;
    }
    if (auto complete = require(out, definitions); !complete)
        return std::unexpected{std::move(complete).error()};
    return out;
}

base::Result<Json> Reading::level(std::string_view text, const Json& definitions) {
    const bool nested =
        definitions.is_array() && !definitions.empty() && number_of(definitions[0], "type") <= kGroup;
    if (!nested) return values(text, definitions.is_array() ? definitions : Json::array());
    const auto word = take_word(text);
    const auto* chosen = option_named(definitions, word);
    if (chosen == nullptr) return bad("choose one of:", names_of(definitions));
    auto below = level(text, member_of(*chosen, "options"));
    if (!below) return std::unexpected{std::move(below).error()};
    return Json::array({{{"name", word}, {"type", member_of(*chosen, "type")}, {"options", *below}}});
}

}  // namespace

base::Result<std::string> slash_name(std::string_view text) {
    text = trimmed(text);
    if (!text.starts_with('/')) {
        return base::fail(base::ErrorKind::invalid_argument, kNotACommand,
                          "a command begins with a slash, as in: /play query:bach");
    }
    text.remove_prefix(1);
    return std::string{take_word(text)};
}

base::Result<SlashCall> read_slash(std::string_view text, const Command& command, const World& world,
                                   const Guild& guild, const std::vector<Json>& attachments,
                                   bool completing) {
    text = trimmed(text);
    take_word(text);
    Reading reading{world, guild, attachments, completing};
    auto options = reading.level(text, member_of(command.definition, "options"));
    if (!options) return std::unexpected{std::move(options).error()};
    return SlashCall{.options = std::move(*options), .resolved = std::move(reading.resolved)};
}

}  // namespace bandstand::sandbox
