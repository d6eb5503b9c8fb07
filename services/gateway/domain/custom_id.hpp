#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bandstand::gateway::domain {

enum class Press { toggle_pause, skip, stop, queue, queue_page };

/// What a button carries: "v1:skip:<entry id>". A client can send any text, so it grants nothing: it only
/// says what was pressed, and about which entry.
struct CustomId {
    Press press = Press::stop;
    std::string entry_id{};  ///< toggle_pause, skip, stop, queue
    std::uint32_t page = 1;  ///< queue_page
};
std::string to_text(const CustomId& id);
std::optional<CustomId> parse_custom_id(std::string_view text);

}  // namespace bandstand::gateway::domain
