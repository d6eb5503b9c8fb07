#pragma once

#include "base/result.hpp"
#include "ports/command_registry.hpp"
#include "ports/discord_actions.hpp"
#include "runtime/context.hpp"

namespace bandstand::gateway {

/// Makes Discord show our commands. Sends them only when they differ from what is registered, because many
/// processes start often and Discord counts.
///
/// The fingerprint covers our list and the ids and versions that Discord gave it, so that a list which
/// somebody changed behind our back is put right too.
runtime::Task<base::Result<void>> register_commands(runtime::Context context, ports::DiscordActions& discord,
                                                    ports::CommandRegistry& registry,
                                                    base::ApplicationId application);

}  // namespace bandstand::gateway
