#include "domain/custom_id.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace bandstand::gateway::domain {
namespace {

constexpr std::string_view kVersion = "v1:";
constexpr std::size_t kMaxEntryId = 64;
constexpr std::array<std::pair<Press, std::string_view>, 5> kNames{{{Press::toggle_pause, "toggle"},
                                                                    {Press::skip, "skip"},
                                                                    {Press::stop, "stop"},
                                                                    {Press::queue, "queue"},
                                                                    {Press::queue_page, "page"}}};

}  // namespace

std::string to_text(const CustomId& id) {
    const auto* name = std::ranges::find(kNames, id.press, &std::pair<Press, std::string_view>::first);
    const auto rest = id.press == Press::queue_page ? std::to_string(id.page) : id.entry_id;
    return std::string{kVersion}.append(name->second).append(":").append(rest);
}

std::optional<CustomId> parse_custom_id(std::string_view text) {
    if (!text.starts_with(kVersion)) return std::nullopt;
    text.remove_prefix(kVersion.size());
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto rest = text.substr(colon + 1);
    const auto* name =
        std::ranges::find(kNames, text.substr(0, colon), &std::pair<Press, std::string_view>::second);
    if (name == kNames.end() || rest.size() > kMaxEntryId) return std::nullopt;
    CustomId id{.press = name->first};
    if (id.press != Press::queue_page) {
        id.entry_id = rest;
        return id;
    }
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), id.page);
    if (error != std::errc{} || end != rest.data() + rest.size() || id.page == 0) return std::nullopt;
    return id;
}

}  // namespace bandstand::gateway::domain
