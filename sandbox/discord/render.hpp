#pragma once

#include <string>
#include <string_view>

#include "sandbox/discord/json.hpp"

/// Messages as a person reads them in a terminal.
namespace bandstand::sandbox {

/// Content, embeds and a line of buttons of a message object; empty if it shows nothing.
std::string render_message(const Json& message);

/// The component that a person means by `target`: its custom id or its label, without regard to case; else
/// the one component whose custom id or label contains it. Null if there is none.
const Json* find_component(const Json& components, std::string_view target);

}  // namespace bandstand::sandbox
