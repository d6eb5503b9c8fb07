#include "sandbox/discord/form.hpp"

#include <algorithm>
#include <utility>

namespace bandstand::sandbox {

std::size_t count_characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n\f\v";
    const auto first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

void FormErrors::add(const std::string& path, std::string_view code, std::string_view message) {
    Json* node = &tree_;
    for (std::size_t start = 0; start < path.size();) {
        const auto end = std::min(path.find('.', start), path.size());
        node = &(*node)[path.substr(start, end - start)];
        start = end + 1;
    }
    (*node)["_errors"].push_back({{"code", code}, {"message", message}});
}

std::optional<ApiError> FormErrors::refusal() const {
    if (tree_.empty()) return std::nullopt;
    return ApiError{.status = 400, .code = 50035, .message = "Invalid Form Body", .errors = tree_};
}

Form::Form(const Json& value, FormErrors& errors, std::string path)
    : value_{&value}, errors_{&errors}, path_{std::move(path)} {}

std::string Form::path_to(std::string_view key) const {
    if (key.empty()) return path_;
    return path_.empty() ? std::string{key} : path_ + "." + std::string{key};
}

void Form::error(std::string_view key, std::string_view code, std::string_view message) const {
    errors_->add(path_to(key), code, message);
}

void Form::required(std::string_view key) const {
    error(key, "BASE_TYPE_REQUIRED", "This field is required");
}

std::optional<std::string> Form::text(std::string_view key, TextRule rule) const {
    const Json& found = member_of(*value_, key);
    if (found.is_null()) {
        if (rule.required) required(key);
        return std::nullopt;
    }
    if (!found.is_string() && !found.is_number()) {  // Discord turns numbers into text
        error(key, "STRING_TYPE_CONVERT", "Could not interpret \"" + to_text(found) + "\" as string.");
        return std::nullopt;
    }
    std::string text = found.is_string() ? found.get<std::string>() : found.dump();
    if (rule.trim) text = std::string{trimmed(text)};
    const auto length = count_characters(text);
    if (length == 0 && rule.required) {
        required(key);
        return std::nullopt;
    }
    if (length < rule.min || length > rule.max) {
        if (rule.min > 0) {
            error(key, "BASE_TYPE_BAD_LENGTH",
                  "Must be between " + std::to_string(rule.min) + " and " + std::to_string(rule.max) +
                      " in length.");
        } else {
            error(key, "BASE_TYPE_MAX_LENGTH",
                  "Must be " + std::to_string(rule.max) + " or fewer in length.");
        }
        return std::nullopt;
    }
    return text;
}

std::optional<std::int64_t> Form::number(std::string_view key, NumberRule rule) const {
    const Json& found = member_of(*value_, key);
    if (found.is_null()) {
        if (rule.required) required(key);
        return std::nullopt;
    }
    if (!found.is_number_integer()) {
        error(key, "NUMBER_TYPE_COERCE", "Value \"" + to_text(found) + "\" is not int.");
        return std::nullopt;
    }
    const auto value = found.get<std::int64_t>();
    if (value < rule.min) {
        error(key, "NUMBER_TYPE_MIN",
              "int value should be greater than or equal to " + std::to_string(rule.min) + ".");
        return std::nullopt;
    }
    if (value > rule.max) {
        error(key, "NUMBER_TYPE_MAX",
              "int value should be less than or equal to " + std::to_string(rule.max) + ".");
        return std::nullopt;
    }
    return value;
}

std::optional<bool> Form::flag(std::string_view key) const {
    const Json& found = member_of(*value_, key);
    if (found.is_null()) return std::nullopt;
    if (!found.is_boolean()) {
        error(key, "BOOLEAN_TYPE_CONVERT", "Must be either true or false.");
        return std::nullopt;
    }
    return found.get<bool>();
}

std::optional<std::string> Form::url(std::string_view key, bool attachment_allowed, std::size_t max) const {
    auto text = this->text(key, {.max = max});
    if (!text) return std::nullopt;
    const auto scheme = text->substr(0, text->find("://"));
    const bool web = scheme == "http" || scheme == "https";
    if (!web && !(attachment_allowed && scheme == "attachment")) {
        error(key, "URL_TYPE_INVALID_SCHEME",
              "Scheme \"" + (scheme == *text ? "None" : scheme) + "\" must be one of ('http', 'https').");
        return std::nullopt;
    }
    if (text->size() <= scheme.size() + 3 || text->find(' ') != std::string::npos) {
        error(key, "URL_TYPE_INVALID_URL", "Not a well formed URL.");
        return std::nullopt;
    }
    return text;
}

std::optional<std::uint64_t> Form::snowflake(std::string_view key, bool is_required) const {
    const Json& found = member_of(*value_, key);
    if (found.is_null()) {
        if (is_required) required(key);
        return std::nullopt;
    }
    if (found.is_number_unsigned()) return found.get<std::uint64_t>();
    const auto id =
        found.is_string() ? base::parse_id<base::UserId>(found.get_ref<const std::string&>()) : std::nullopt;
    if (!id) {
        error(key, "NUMBER_TYPE_COERCE", "Value \"" + to_text(found) + "\" is not snowflake.");
        return std::nullopt;
    }
    return id->value();
}

std::optional<Form> Form::object(std::string_view key) const {
    const Json& found = member_of(*value_, key);
    if (found.is_null()) return std::nullopt;
    if (!found.is_object()) {
        error(key, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType");
        return std::nullopt;
    }
    return Form{found, *errors_, path_to(key)};
}

std::vector<Form> Form::objects(std::string_view key, std::size_t min, std::size_t max,
                                bool is_required) const {
    const Json& found = member_of(*value_, key);
    if (found.is_null()) {
        if (is_required) required(key);
        return {};
    }
    if (!found.is_array()) {
        error(key, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType");
        return {};
    }
    if (found.size() < min || found.size() > max) {
        const auto message =
            min > 0 ? "Must be between " + std::to_string(min) + " and " + std::to_string(max) + " in length."
                    : "Must be " + std::to_string(max) + " or fewer in length.";
        error(key, min > 0 ? "BASE_TYPE_BAD_LENGTH" : "BASE_TYPE_MAX_LENGTH", message);
        return {};
    }
    std::vector<Form> forms;
    for (std::size_t i = 0; i < found.size(); ++i) {
        const auto path = path_to(key) + "." + std::to_string(i);
        if (found[i].is_object()) {
            forms.emplace_back(found[i], *errors_, path);
        } else {
            errors_->add(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType");
        }
    }
    return forms;
}

std::optional<std::int64_t> Form::choice(std::string_view key, std::initializer_list<std::int64_t> allowed,
                                         bool is_required) const {
    const auto value = number(key, {.min = std::numeric_limits<std::int64_t>::min(),
                                    .max = std::numeric_limits<std::int64_t>::max(),
                                    .required = is_required});
    if (!value || std::ranges::find(allowed, *value) != allowed.end()) return value;
    std::string names;
    for (const auto option : allowed) names += (names.empty() ? "" : ", ") + std::to_string(option);
    error(key, "BASE_TYPE_CHOICES", "Value must be one of {" + names + "}.");
    return std::nullopt;
}

}  // namespace bandstand::sandbox
