#include "http/headers.hpp"

#include <algorithm>

namespace bandstand::http {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

void Headers::set(std::string_view name, std::string_view value) {
    std::erase_if(fields_, [name](const Field& field) { return same_name(field.first, name); });
    add(name, value);
}

void Headers::add(std::string_view name, std::string_view value) {
    fields_.emplace_back(name, value);
}

std::optional<std::string_view> Headers::get(std::string_view name) const {
    const auto found =
        std::ranges::find_if(fields_, [name](const Field& field) { return same_name(field.first, name); });
    if (found == fields_.end()) return std::nullopt;
    return found->second;
}

}  // namespace bandstand::http
