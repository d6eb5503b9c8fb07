#pragma once

#include <string>
#include <vector>

#include "discord/message.hpp"

namespace bandstand::gateway::domain {

constexpr std::uint32_t kMaxSkip = 100;
constexpr std::uint32_t kMaxVolumePercent = 200;

/// Every slash command, as Discord shows them.
std::vector<discord::CommandDefinition> command_list();
/// What /help answers.
discord::OutgoingMessage help_message();

}  // namespace bandstand::gateway::domain
