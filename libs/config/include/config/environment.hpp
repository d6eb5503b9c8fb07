#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace bandstand::config {

/// Names and values as the process was started with: a value, so that tests make their own.
class Environment {
public:
    Environment() = default;
    explicit Environment(std::map<std::string, std::string, std::less<>> values)
        : values_{std::move(values)} {}
    static Environment of_process();

    /// Nothing when absent. An empty value counts as absent: compose files leave empty ones behind.
    std::optional<std::string> get(std::string_view name) const;
    const std::map<std::string, std::string, std::less<>>& values() const { return values_; }

private:
    std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace bandstand::config
