#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bandstand::http {

/// Header fields in the order in which they were added; names compare without case.
class Headers {
public:
    using Field = std::pair<std::string, std::string>;

    Headers() = default;
    Headers(std::initializer_list<Field> fields) : fields_{fields} {}

    /// Replaces every field of that name.
    void set(std::string_view name, std::string_view value);
    void remove(std::string_view name);
    void add(std::string_view name, std::string_view value);
    /// The first field of that name.
    std::optional<std::string_view> get(std::string_view name) const;

    /// Every name is a token and no value has a control character (RFC 9110 §5): nothing can smuggle a line
    /// in.
    bool valid() const;

    auto begin() const { return fields_.begin(); }
    auto end() const { return fields_.end(); }
    std::size_t size() const { return fields_.size(); }

private:
    std::vector<Field> fields_;
};

}  // namespace bandstand::http
