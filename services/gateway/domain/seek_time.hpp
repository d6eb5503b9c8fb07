#pragma once

#include <optional>
#include <string_view>

#include "domain/player_request.hpp"

namespace bandstand::gateway::domain {

/// "90", "1:30", "1:02:03", "1m30s", "2h", and with a sign ("+10", "-1:30") relative to now. Nothing when it
/// is none of these or over a day.
std::optional<Seek> parse_seek(std::string_view text);

}  // namespace bandstand::gateway::domain
