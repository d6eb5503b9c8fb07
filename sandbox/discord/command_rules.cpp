#include "sandbox/discord/command_rules.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sandbox/discord/form.hpp"

namespace bandstand::sandbox {
namespace {

constexpr std::int64_t kChatInput = 1;
constexpr std::size_t kMaxOptions = 25;
constexpr std::size_t kMaxCommandText = 8000;
constexpr std::size_t kMaxChatInput = 100;
constexpr std::size_t kMaxContextMenu = 15;
constexpr std::int64_t kSafeInteger = std::int64_t{1} << 53;

enum OptionType : std::int64_t {
    kSub = 1,
    kGroup = 2,
    kString = 3,
    kInteger = 4,
    kNumber = 10,
    kAttachment = 11
};

char32_t next_code_point(std::string_view text, std::size_t& at) {
    const auto lead = static_cast<unsigned char>(text[at++]);
    if (lead < 0x80) return lead;
    const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    char32_t value = lead & (0x3FU >> static_cast<unsigned>(more));
    for (int i = 0; i < more && at < text.size(); ++i) {
        value = (value << 6U) | (static_cast<unsigned char>(text[at++]) & 0x3FU);
    }
    return value;
}

bool is_name_character(char32_t c) {
    if (c < 0x80)
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '\'';
    const bool symbol = c < 0xC0 || (c >= 0x2000 && c < 0x2C00) || (c >= 0x3000 && c < 0x3040) ||
                        (c >= 0xD800 && c < 0xF900) || (c >= 0x1F000 && c < 0x20000);
    return !symbol;
}

void name_rule(const Form& form, std::string_view key) {
    const auto name = form.text(key, {.min = 1, .max = 32, .required = true});
    if (name && !is_command_name(*name)) {
        form.error(key, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid");
    }
}

void check_localizations(const Form& form, std::string_view key, std::size_t max) {
    const auto map = form.object(key);
    if (!map) return;
    for (const auto& [locale, text] : map->value().items()) (void)map->text(locale, {.min = 1, .max = max});
}

std::size_t longest(const Json& object, std::string_view key, std::string_view localized) {
    std::size_t most = count_characters(text_of(object, key));
    const auto& map = member_of(object, localized);
    if (!map.is_object()) return most;
    for (const auto& [locale, text] : map.items()) {
        if (text.is_string()) most = std::max(most, count_characters(text.get_ref<const std::string&>()));
    }
    return most;
}

/// The text of a command, option or choice with everything below it; of localised text the longest counts.
std::size_t text_size(const Json& object) {
    std::size_t size = longest(object, "name", "name_localizations") +
                       longest(object, "description", "description_localizations");
    if (const auto& value = member_of(object, "value"); value.is_string()) {
        size += count_characters(value.get_ref<const std::string&>());
    }
    for (const auto* key : {"options", "choices"}) {
        const auto& list = member_of(object, key);
        for (std::size_t i = 0; list.is_array() && i < list.size(); ++i) size += text_size(list[i]);
    }
    return size;
}

void check_choice_value(const Form& choice, std::int64_t type) {
    const auto& value = member_of(choice.value(), "value");
    if (value.is_null()) return choice.error("value", "BASE_TYPE_REQUIRED", "This field is required");
    if (type == kString) {
        (void)choice.text("value", {.min = 1, .max = 100, .required = true});
    } else if (type == kInteger) {
        (void)choice.number("value", {.min = -kSafeInteger, .max = kSafeInteger, .required = true});
    } else if (!value.is_number()) {
        choice.error("value", "NUMBER_TYPE_COERCE", "Value \"" + to_text(value) + "\" is not float.");
    }
}

void check_choices(const Form& option, std::int64_t type) {
    std::set<std::string> names;
    for (const auto& choice : option.objects("choices", 0, kMaxOptions, false)) {
        const auto name = choice.text("name", {.min = 1, .max = 100, .required = true});
        check_localizations(choice, "name_localizations", 100);
        check_choice_value(choice, type);
        if (name && !names.insert(*name).second) {
            choice.error("name", "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS",
                         "Option choice name already exists");
        }
    }
}

void check_value_limits(const Form& option, std::int64_t type) {
    const bool autocompletes = option.flag("autocomplete").value_or(false);
    const bool may_choose = type == kString || type == kInteger || type == kNumber;
    const bool has_choices = option.has("choices") && !member_of(option.value(), "choices").empty();
    if ((autocompletes || has_choices) && !may_choose) {
        option.error("type", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
                     "This option type takes neither choices nor autocomplete");
    }
    if (autocompletes && has_choices) {
        option.error("autocomplete", "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES",
                     "Choices and autocomplete cannot be used together");
    }
    if (type == kString) {
        (void)option.number("min_length", {.min = 0, .max = 6000});
        (void)option.number("max_length", {.min = 1, .max = 6000});
    }
    if (type == kInteger) {
        (void)option.number("min_value", {.min = -kSafeInteger, .max = kSafeInteger});
        (void)option.number("max_value", {.min = -kSafeInteger, .max = kSafeInteger});
    }
    check_choices(option, type);
}

void check_options(const Form& owner, int depth);

void check_option(const Form& option, int depth) {
    name_rule(option, "name");
    (void)option.text("description", {.min = 1, .max = 100, .required = true});
    check_localizations(option, "name_localizations", 32);
    check_localizations(option, "description_localizations", 100);
    (void)option.flag("required");
    const auto type =
        option.number("type", {.min = 1, .max = kAttachment, .required = true}).value_or(kString);
    if (type == kSub || type == kGroup) {
        const bool too_deep = depth >= 2 || (type == kGroup && depth >= 1);
        if (too_deep)
            return option.error("type", "BASE_TYPE_CHOICES", "Sub-commands nest no deeper than a group");
        check_options(option, depth + 1);
    } else {
        if (option.has("options") && !member_of(option.value(), "options").empty()) {
            option.error("options", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
                         "Only sub-commands have options");
        }
        check_value_limits(option, type);
    }
}

void check_options(const Form& owner, int depth) {
    std::set<std::string> names;
    bool optional_seen = false;
    bool subs = false;
    bool values = false;
    for (const auto& option : owner.objects("options", 0, kMaxOptions, false)) {
        check_option(option, depth);
        if (!names.insert(text_of(option.value(), "name")).second) {
            option.error("name", "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS",
                         "Option name already exists");
        }
        const auto type = number_of(option.value(), "type");
        (type == kSub || type == kGroup ? subs : values) = true;
        const bool required = flag_of(option.value(), "required");
        if (required && optional_seen) {
            option.error("", "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                         "Required options must be placed before non-required options");
        }
        optional_seen = optional_seen || !required;
    }
    if (subs && values) {
        owner.error("options", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
                    "Sub-commands and sub-command groups cannot be mixed with other options");
    }
}

void check_scopes(const Form& form, std::string_view key, std::int64_t max) {
    const auto& list = member_of(form.value(), key);
    if (list.is_null()) return;
    const bool good = list.is_array() && !list.empty() && std::ranges::all_of(list, [&](const Json& item) {
                          return item.is_number_integer() && item.get<std::int64_t>() >= 0 &&
                                 item.get<std::int64_t>() <= max;
                      });
    if (!good) form.error(key, "BASE_TYPE_CHOICES", "Value must be a non-empty list of known numbers");
}

void check_permissions(const Form& form) {
    const auto bits = form.text("default_member_permissions", {.max = 20});
    if (bits && !base::parse_id<base::UserId>(*bits)) {
        form.error("default_member_permissions", "NUMBER_TYPE_COERCE",
                   "Value \"" + *bits + "\" is not a permission set.");
    }
}

void check_command(const Form& form) {
    const auto type = form.choice("type", {1, 2, 3}, false).value_or(kChatInput);
    if (type == kChatInput) {
        name_rule(form, "name");
        (void)form.text("description", {.min = 1, .max = 100, .required = true});
        check_options(form, 0);
    } else {
        (void)form.text("name", {.min = 1, .max = 32, .required = true});
        if (!text_of(form.value(), "description").empty()) {
            form.error("description", "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_INVALID",
                       "Context menu commands cannot have description");
        }
        if (form.has("options"))
            form.error("options", "BASE_TYPE_CHOICES", "Context menu commands cannot have options");
    }
    check_localizations(form, "name_localizations", 32);
    check_localizations(form, "description_localizations", 100);
    check_scopes(form, "contexts", 2);
    check_scopes(form, "integration_types", 1);
    check_permissions(form);
    if (text_size(form.value()) > kMaxCommandText) {
        form.error("", "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)");
    }
}

Json with_defaults(Json command) {
    const Json defaults{{"type", kChatInput},
                        {"description", ""},
                        {"name_localizations", nullptr},
                        {"description_localizations", nullptr},
                        {"default_member_permissions", nullptr},
                        {"dm_permission", true},
                        {"contexts", nullptr},
                        {"integration_types", Json::array({0})},
                        {"options", Json::array()},
                        {"nsfw", false}};
    for (const auto& [key, value] : defaults.items()) {
        if (!command.contains(key)) command[key] = value;
    }
    return command;
}

}  // namespace

bool is_command_name(std::string_view name) {
    const auto length = count_characters(name);
    if (length < 1 || length > 32) return false;
    for (std::size_t at = 0; at < name.size();) {
        if (!is_name_character(next_code_point(name, at))) return false;
    }
    return true;
}

ApiResult<Json> parse_command(const Json& command) {
    if (!command.is_object()) {
        return refuse({.status = 400, .code = 50109, .message = "The request body contains invalid JSON."});
    }
    FormErrors errors;
    check_command(Form{command, errors});
    if (auto refusal = errors.refusal()) return refuse(std::move(*refusal));
    return with_defaults(command);
}

ApiResult<std::vector<Json>> parse_commands(const Json& list) {
    if (!list.is_array()) {
        return refuse({.status = 400, .code = 50109, .message = "The request body contains invalid JSON."});
    }
    FormErrors errors;
    std::map<std::int64_t, std::set<std::string>> names;
    std::vector<Json> commands;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const auto path = std::to_string(i);
        if (!list[i].is_object()) {
            errors.add(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType");
            continue;
        }
        check_command(Form{list[i], errors, path});
        const auto type = number_of(list[i], "type", kChatInput);
        if (!names[type].insert(text_of(list[i], "name")).second) {
            errors.add(path + ".name", "APPLICATION_COMMANDS_DUPLICATE_NAME",
                       "Application command names must be unique");
        }
        commands.push_back(with_defaults(list[i]));
    }
    if (auto refusal = errors.refusal()) return refuse(std::move(*refusal));
    for (const auto& [type, used] : names) {
        if (used.size() > (type == kChatInput ? kMaxChatInput : kMaxContextMenu)) {
            return refuse(
                {.status = 400, .code = 30032, .message = "Maximum number of application commands reached"});
        }
    }
    return commands;
}

}  // namespace bandstand::sandbox
