#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/discord/api_error.hpp"
#include "sandbox/discord/json.hpp"

namespace bandstand::sandbox {

/// Characters as Discord counts them: Unicode code points.
std::size_t count_characters(std::string_view text);
/// Without white space at both ends.
std::string_view trimmed(std::string_view text);

/// The problems of one request body, kept as Discord reports them: a tree that follows the body, with
/// `_errors: [{code, message}]` at the leaves (code 50035).
class FormErrors {
public:
    void add(const std::string& path, std::string_view code, std::string_view message);
    bool empty() const { return tree_.empty(); }
    /// The refusal, if there was a problem.
    std::optional<ApiError> refusal() const;

private:
    Json tree_ = Json::object();
};

struct TextRule {
    std::size_t min = 0;  ///< characters
    std::size_t max = 0;
    bool required = false;
    bool trim = false;  ///< counted without white space at both ends
};
struct NumberRule {
    std::int64_t min = 0;
    std::int64_t max = 0;
    bool required = false;
};

/// One object of a request body with the path that leads to it. Each reader reports what is wrong and
/// returns nothing then; null counts as absent.
class Form {
public:
    Form(const Json& value, FormErrors& errors, std::string path = {});

    const Json& value() const { return *value_; }
    /// Present and not null.
    bool has(std::string_view key) const { return !member_of(*value_, key).is_null(); }
    void error(std::string_view key, std::string_view code, std::string_view message) const;

    std::optional<std::string> text(std::string_view key, TextRule rule) const;
    std::optional<std::int64_t> number(std::string_view key, NumberRule rule) const;
    std::optional<bool> flag(std::string_view key) const;
    /// http or https; `attachment://` too where Discord takes it. At most 2048 characters.
    std::optional<std::string> url(std::string_view key, bool attachment_allowed,
                                   std::size_t max = 2048) const;
    std::optional<std::uint64_t> snowflake(std::string_view key, bool required) const;
    std::optional<Form> object(std::string_view key) const;
    /// The objects of a list of `min` to `max`; an element that is no object is reported.
    std::vector<Form> objects(std::string_view key, std::size_t min, std::size_t max, bool required) const;
    /// Number is one of `allowed`.
    std::optional<std::int64_t> choice(std::string_view key, std::initializer_list<std::int64_t> allowed,
                                       bool required) const;

private:
    std::string path_to(std::string_view key) const;
    void required(std::string_view key) const;

    const Json* value_;
    FormErrors* errors_;
    std::string path_;
};

}  // namespace bandstand::sandbox
