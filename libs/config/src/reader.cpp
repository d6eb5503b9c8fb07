#include "config/reader.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <limits>
#include <utility>

#include "base/assert.hpp"

namespace bandstand::config {
namespace {

constexpr std::string_view kRequired = "(required)";
constexpr std::size_t kMaxSecretFileBytes = 64 * 1024;
constexpr std::size_t kMaxToldBytes = 80;
constexpr std::int64_t kDayMs = 24 * 60 * 60 * 1000;

std::optional<std::int64_t> parse_number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<bool> parse_flag(std::string_view text) {
    if (text == "true" || text == "1" || text == "yes" || text == "on") return true;
    if (text == "false" || text == "0" || text == "no" || text == "off") return false;
    return std::nullopt;
}

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> items;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        if (const auto item = trim(text.substr(0, comma)); !item.empty()) items.emplace_back(item);
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return items;
}

// What a person typed, short enough for one line.
std::string told(std::string_view value) {
    return "'" + std::string{value.substr(0, kMaxToldBytes)} + (value.size() > kMaxToldBytes ? "…'" : "'");
}

struct FileText {
    std::string text;
    std::string problem;
};

FileText read_file(const std::string& path) {
    std::ifstream in{path, std::ios::binary};
    if (!in) return {.text = {}, .problem = std::strerror(errno)};  // NOLINT(concurrency-mt-unsafe): at start
    std::string text(kMaxSecretFileBytes + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad()) return {.text = {}, .problem = "the file cannot be read"};
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > kMaxSecretFileBytes) return {.text = {}, .problem = "the file is larger than 64 KiB"};
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
    if (text.empty()) return {.text = {}, .problem = "the file is empty"};
    return {.text = std::move(text), .problem = {}};
}

std::string escape_cell(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '|') out += '\\';
        out += c == '\n' ? ' ' : c;
    }
    return out;
}

}  // namespace

std::optional<Address> Address::parse(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    auto host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string_view::npos) {
        return std::nullopt;  // an IPv6 address without brackets: which colon is the port's?
    }
    const auto port = parse_number(text.substr(colon + 1));
    if (host.empty() || !port || *port < 0 || *port > std::numeric_limits<std::uint16_t>::max())
        return std::nullopt;
    return Address{.host = std::string{host}, .port = static_cast<std::uint16_t>(*port)};
}

std::string to_string(const Address& address) {
    const bool v6 = address.host.find(':') != std::string::npos;
    return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

std::optional<std::string> Reader::look_up(std::string_view name, std::string kind,
                                           std::string_view otherwise, std::string_view doc) {
    entries_.push_back({.name = std::string{name},
                        .kind = std::move(kind),
                        .otherwise = std::string{otherwise},
                        .doc = std::string{doc}});
    auto value = environment_.get(name);
    if (!value && otherwise == kRequired) problem(name, "is required: " + std::string{doc});
    return value;
}

std::optional<std::string> Reader::look_up_secret(std::string_view name, std::string kind,
                                                  std::string_view otherwise, std::string_view doc) {
    const auto file_name = std::string{name} + "_FILE";
    const auto path = environment_.get(file_name);
    if (!path) return look_up(name, std::move(kind), otherwise, doc);
    auto direct = look_up(name, std::move(kind), {}, doc);
    if (direct) {
        problem(name, "is set twice, also by " + file_name + ": keep one");
        return direct;
    }
    auto file = read_file(*path);
    if (!file.problem.empty()) {
        problem(file_name, told(*path) + ": " + file.problem);
        return std::nullopt;
    }
    return std::move(file.text);
}

std::string Reader::text(std::string_view name, std::string_view otherwise, std::string_view doc) {
    return look_up(name, "text", otherwise, doc).value_or(std::string{otherwise});
}

std::string Reader::required_text(std::string_view name, std::string_view doc) {
    return look_up(name, "text", kRequired, doc).value_or("");
}

base::Secret Reader::secret(std::string_view name, std::string_view doc) {
    return base::Secret{look_up_secret(name, "secret", {}, doc).value_or("")};
}

base::Secret Reader::required_secret(std::string_view name, std::string_view doc) {
    return base::Secret{look_up_secret(name, "secret", kRequired, doc).value_or("")};
}

std::vector<std::string> Reader::list(std::string_view name, std::string_view doc) {
    return split(look_up(name, "list", {}, doc).value_or(""));
}

std::vector<base::Secret> Reader::secret_list(std::string_view name, std::string_view doc) {
    std::vector<base::Secret> secrets;
    for (auto& item : split(look_up_secret(name, "list of secrets", {}, doc).value_or(""))) {
        secrets.emplace_back(std::move(item));
    }
    return secrets;
}

std::int64_t Reader::number(std::string_view name, std::int64_t otherwise, std::int64_t min, std::int64_t max,
                            std::string_view doc) {
    BASE_ASSERT(min <= max);
    const auto range = std::to_string(min) + " to " + std::to_string(max);
    const auto given = look_up(name, range, std::to_string(otherwise), doc);
    if (!given) return otherwise;
    const auto value = parse_number(*given);
    if (value && *value >= min && *value <= max) return *value;
    problem(name, told(*given) + " is not a whole number from " + range);
    return otherwise;
}

std::uint16_t Reader::port(std::string_view name, std::uint16_t otherwise, std::string_view doc) {
    return static_cast<std::uint16_t>(
        number(name, otherwise, 0, std::numeric_limits<std::uint16_t>::max(), doc));
}

Address Reader::address(std::string_view name, std::string_view otherwise, std::string_view doc) {
    const auto given = look_up(name, "host:port", otherwise, doc);
    if (given) {
        if (auto parsed = Address::parse(*given)) return std::move(*parsed);
        problem(name, told(*given) + " is not host:port");
    }
    return Address::parse(otherwise).value_or(Address{});
}

std::chrono::milliseconds Reader::duration_ms(std::string_view name, std::chrono::milliseconds otherwise,
                                              std::string_view doc) {
    return std::chrono::milliseconds{number(name, otherwise.count(), 0, kDayMs, doc)};
}

bool Reader::flag(std::string_view name, bool otherwise, std::string_view doc) {
    const auto given = look_up(name, "true or false", otherwise ? "true" : "false", doc);
    if (!given) return otherwise;
    const auto value = parse_flag(*given);
    if (!value) problem(name, told(*given) + " is not true or false");
    return value.value_or(otherwise);
}

std::string Reader::choice(std::string_view name, std::string_view otherwise,
                           std::initializer_list<std::string_view> allowed, std::string_view doc) {
    BASE_ASSERT(std::ranges::find(allowed, otherwise) != allowed.end());
    std::string options;
    for (const auto option : allowed) options.append(options.empty() ? "" : ", ").append(option);
    auto given = look_up(name, options, otherwise, doc).value_or(std::string{otherwise});
    if (std::ranges::find(allowed, given) != allowed.end()) return given;
    problem(name, told(given) + " is not one of " + options);
    return std::string{otherwise};
}

void Reader::problem(std::string_view name, std::string_view what) {
    problems_.push_back(std::string{name}.append(": ").append(what));
}

base::Result<void> Reader::finish() const {
    if (problems_.empty()) return base::ok();
    std::string all;
    for (const auto& one : problems_) all.append(all.empty() ? "" : "; ").append(one);
    return base::fail(base::ErrorKind::invalid_argument, kInvalid, all);
}

std::string Reader::reference() const {
    std::string table = "| Variable | Value | Default | What it is for |\n| --- | --- | --- | --- |\n";
    for (const auto& entry : entries_) {
        const bool quoted = !entry.otherwise.empty() && entry.otherwise != kRequired;
        const auto otherwise = quoted ? "`" + entry.otherwise + "`" : entry.otherwise;
        const bool secret = entry.kind.find("secret") != std::string::npos;
        table += "| `" + entry.name + "`" + (secret ? " or `" + entry.name + "_FILE`" : "") + " | " +
                 escape_cell(entry.kind) + " | " + escape_cell(otherwise) + " | " + escape_cell(entry.doc) +
                 " |\n";
    }
    return table;
}

}  // namespace bandstand::config
