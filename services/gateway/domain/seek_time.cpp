#include "domain/seek_time.hpp"

#include <charconv>
#include <cstdint>

namespace bandstand::gateway::domain {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kMostSeconds = 24 * 3600;

// Takes decimal digits from the front of `text`.
std::optional<std::int64_t> take_number(std::string_view& text) {
    std::int64_t value = 0;
    if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || value > kMostSeconds) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

// "90", "1:30", "1:02:03": what follows a colon is below 60 and has two digits.
std::optional<std::int64_t> clock_form(std::string_view text) {
    auto total = take_number(text);
    for (int colons = 0; total && !text.empty(); ++colons) {
        if (text[0] != ':' || colons == 2) return std::nullopt;
        text.remove_prefix(1);
        const auto before = text.size();
        const auto part = take_number(text);
        if (!part || *part > 59 || before - text.size() != 2) return std::nullopt;
        *total = *total * 60 + *part;
    }
    return total;
}

// "1h2m3s", each part at most once and in this order.
std::optional<std::int64_t> unit_form(std::string_view text) {
    std::int64_t total = 0;
    std::string_view units_left = "hms";
    while (!text.empty()) {
        const auto number = take_number(text);
        if (!number || text.empty()) return std::nullopt;
        const auto unit = units_left.find(text[0]);
        if (unit == std::string_view::npos) return std::nullopt;
        const auto scale = units_left[unit] == 'h' ? 3600 : units_left[unit] == 'm' ? 60 : 1;
        total += *number * scale;
        units_left.remove_prefix(unit + 1);
        text.remove_prefix(1);
    }
    return total;
}

}  // namespace

std::optional<Seek> parse_seek(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    const bool relative = text.starts_with('+') || text.starts_with('-');
    const bool back = text.starts_with('-');
    if (relative) text.remove_prefix(1);
    if (text.empty() || text.size() > 16) return std::nullopt;
    const bool has_units = text.find_first_of("hms") != std::string_view::npos;
    const auto total = has_units ? unit_form(text) : clock_form(text);
    if (!total || *total > kMostSeconds) return std::nullopt;
    return Seek{.position = seconds{back ? -*total : *total}, .relative = relative};
}

}  // namespace bandstand::gateway::domain
