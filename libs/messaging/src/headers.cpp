#include "headers.hpp"

#include <algorithm>
#include <utility>

namespace bandstand::messaging {

std::vector<std::string> flatten(const Headers& headers) {
    std::vector<std::string> flat;
    flat.reserve(2 * headers.size());
    for (const auto& [name, value] : headers) {
        flat.push_back(name);
        flat.push_back(value);
    }
    return flat;
}

Headers unflatten(std::vector<std::string> flat) {
    Headers headers;
    for (std::size_t i = 0; i + 1 < flat.size(); i += 2) {
        headers.emplace_back(std::move(flat[i]), std::move(flat[i + 1]));
    }
    return headers;
}

std::string_view Delivery::header(std::string_view name) const {
    const auto found = std::ranges::find(headers, name, &Headers::value_type::first);
    return found == headers.end() ? std::string_view{} : std::string_view{found->second};
}

}  // namespace bandstand::messaging
