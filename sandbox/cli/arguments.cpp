#include "sandbox/cli/arguments.hpp"

#include <algorithm>
#include <charconv>

namespace bandstand::sandbox::cli {
namespace {

template <class... Parts>
std::unexpected<base::Error> usage(const Parts&... parts) {
    return base::fail(base::ErrorKind::invalid_argument, kUsage, parts...);
}

}  // namespace

base::Result<Arguments> Arguments::parse(const std::vector<std::string>& words, const Subcommand& command) {
    Arguments out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string_view word = words[i];
        if (!word.starts_with("--")) {
            out.positional_.emplace_back(word);
            continue;
        }
        const auto equals = word.find('=');
        const auto name = word.substr(2, equals == std::string_view::npos ? equals : equals - 2);
        const auto known = std::ranges::find(command.options, name, &Option::name);
        if (known == command.options.end()) {
            return usage("there is no option", std::string{word} + "; see: sandbox", command.name, "--help");
        }
        if (known->placeholder.empty()) {
            out.values_.emplace(name, "");
        } else if (equals != std::string_view::npos) {
            out.values_.emplace(name, word.substr(equals + 1));
        } else if (++i < words.size()) {
            out.values_.emplace(name, words[i]);
        } else {
            return usage(word, "needs a value:", known->placeholder);
        }
    }
    if (command.positional.empty() && !out.positional_.empty())
        return usage("what is", out.positional_.front() + "?");
    if (!command.positional.empty() && out.positional_.empty()) {
        return usage("missing", command.positional + "; see: sandbox", command.name, "--help");
    }
    return out;
}

std::string Arguments::text(std::string_view name, std::string_view otherwise) const {
    const auto found = values_.find(std::string{name});
    return found == values_.end() ? std::string{otherwise} : found->second;
}

base::Result<std::uint32_t> Arguments::number(std::string_view name, std::uint32_t otherwise,
                                              std::uint32_t max) const {
    if (!has(name)) return otherwise;
    const auto text = this->text(name);
    double value = -1;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() || value < 0 || value > max) {
        return usage("--" + std::string{name}, "must be a number from 0 to", max);
    }
    return static_cast<std::uint32_t>(value);
}

std::string Arguments::rest() const {
    std::string out;
    for (const auto& word : positional_) out += (out.empty() ? "" : " ") + word;
    return out;
}

std::string help_of(const Subcommand& command) {
    std::string out = "Usage: sandbox " + command.name + " [options]" +
                      (command.positional.empty() ? "" : " " + command.positional) + "\n\n" +
                      command.summary + "\n\n";
    for (const auto& option : command.options) {
        std::string left =
            "  --" + option.name + (option.placeholder.empty() ? "" : " " + option.placeholder);
        left.resize(std::max<std::size_t>(left.size() + 2, 26), ' ');
        out += left + option.doc + "\n";
    }
    if (!command.examples.empty()) out += "\nExamples:\n" + command.examples;
    return out;
}

}  // namespace bandstand::sandbox::cli
