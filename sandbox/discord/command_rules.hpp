#pragma once

#include <string_view>

#include "sandbox/discord/api_error.hpp"
#include "sandbox/discord/json.hpp"

/// What Discord takes as an application command (developer docs, "Application Commands").
namespace bandstand::sandbox {

/// `^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$` and no upper case. Beyond ASCII everything but spaces,
/// punctuation blocks and pictographs counts as a letter.
bool is_command_name(std::string_view name);

/// Checks one command and returns it with Discord's defaults filled in. Errors: 50035.
ApiResult<Json> parse_command(const Json& command);

/// Checks a whole list (bulk overwrite): limits per type, unique names. Errors: 50035, 30032.
ApiResult<std::vector<Json>> parse_commands(const Json& list);

}  // namespace bandstand::sandbox
