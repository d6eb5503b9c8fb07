#pragma once

#include <string>
#include <string_view>

namespace bandstand::gateway::domain {

/// A player's refusal as a sentence: what, why, what to do. `detail` may be shown to people; it stands for a
/// reason that this version does not know.
std::string sentence_for(std::string_view reason, std::string_view detail);

}  // namespace bandstand::gateway::domain
