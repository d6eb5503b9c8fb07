#pragma once

#include "sandbox/cli/arguments.hpp"

namespace bandstand::sandbox::cli {

Subcommand serve_command();
Subcommand say_command();
Subcommand press_command();
Subcommand join_command();
Subcommand leave_command();
Subcommand listen_command();
Subcommand state_command();

}  // namespace bandstand::sandbox::cli
