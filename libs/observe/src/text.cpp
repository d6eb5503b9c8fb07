#include "text.hpp"

#include <nlohmann/json.hpp>

namespace bandstand::observe {
namespace {

bool is_continuation(char byte) {
    return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80U;
}

// Where to cut so that no character is split, if the text was whole before.
std::size_t cut_at(std::string_view text, std::size_t limit) {
    std::size_t end = limit;
    while (end > 0 && limit - end < 4 && is_continuation(text[end])) --end;
    return end;
}

}  // namespace

std::string printable(std::string_view text, std::size_t limit) {
    const bool too_long = text.size() > limit;
    const std::string kept{too_long ? text.substr(0, cut_at(text, limit)) : text};
    using nlohmann::json;
    auto valid =
        json::parse(json(kept).dump(-1, ' ', false, json::error_handler_t::replace)).get<std::string>();
    if (too_long) valid += "…";
    return valid;
}

}  // namespace bandstand::observe
