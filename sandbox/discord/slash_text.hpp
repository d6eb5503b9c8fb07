#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sandbox/discord/json.hpp"
#include "sandbox/discord/world.hpp"

namespace bandstand::sandbox {

constexpr base::Reason kNotACommand{"sandbox.not_a_command"};
constexpr base::Reason kUnknownSlashCommand{"sandbox.unknown_command"};
constexpr base::Reason kBadOption{"sandbox.bad_option"};

/// What a member typed, as the `options` and `resolved` of an interaction.
struct SlashCall {
    Json options = Json::array();
    Json resolved = Json::object();
};

/// What stands after the slash: "play" of "/play query:bach". Errors: kNotACommand.
base::Result<std::string> slash_name(std::string_view text);

/// Reads "/play query:johann sebastian bach position:2" against the registered definition, as Discord's own
/// client does: values are typed and checked (required, choices, lengths, ranges), users, channels and roles
/// are named. A value goes on until the next known option. A single option may be given without its name.
/// `attachments` are uploads of this call, in order. With `completing` the last option is the focused one,
/// nothing is required and half a value is fine. Errors: kBadOption, saying which and why.
base::Result<SlashCall> read_slash(std::string_view text, const Command& command, const World& world,
                                   const Guild& guild, const std::vector<Json>& attachments, bool completing);

}  // namespace bandstand::sandbox
