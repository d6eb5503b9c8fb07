#pragma once

#include <string>
#include <vector>

#include "messaging/bus.hpp"

namespace bandstand::messaging {

/// Headers as a text[] column: name, value, name, value, …
std::vector<std::string> flatten(const Headers& headers);
Headers unflatten(std::vector<std::string> flat);

}  // namespace bandstand::messaging
