#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace bandstand::sandbox::cli {

constexpr base::Reason kUsage{"sandbox.usage"};

struct Option {
    std::string name;         ///< without the dashes
    std::string placeholder;  ///< of its value; empty = a flag
    std::string doc;
};

class Arguments;

struct Subcommand {
    std::string name;
    std::string positional;  ///< "CHANNEL", "TEXT", or nothing
    std::string summary;
    std::vector<Option> options;
    std::string examples;
    std::function<int(const Arguments&)> run;
};

/// What stood behind a subcommand, checked against its options.
class Arguments {
public:
    /// "--name value", "--name=value", "--flag"; the rest is positional. Errors: kUsage.
    static base::Result<Arguments> parse(const std::vector<std::string>& words, const Subcommand& command);

    bool has(std::string_view name) const { return values_.contains(std::string{name}); }
    std::string text(std::string_view name, std::string_view otherwise = "") const;
    /// A number from 0 to `max`. Errors: kUsage.
    base::Result<std::uint32_t> number(std::string_view name, std::uint32_t otherwise,
                                       std::uint32_t max) const;
    /// Positional words joined by spaces.
    std::string rest() const;

private:
    std::multimap<std::string, std::string> values_;
    std::vector<std::string> positional_;
};

std::string help_of(const Subcommand& command);

}  // namespace bandstand::sandbox::cli
