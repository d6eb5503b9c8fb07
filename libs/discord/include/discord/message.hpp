#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

/// What the bot writes: messages with embeds and buttons, command definitions, autocomplete choices.
namespace bandstand::discord {

constexpr std::size_t kMaxContent = 2000;
constexpr std::size_t kMaxEmbedTitle = 256;
constexpr std::size_t kMaxEmbedDescription = 4096;
constexpr std::size_t kMaxEmbedFields = 25;
constexpr std::size_t kMaxFieldName = 256;
constexpr std::size_t kMaxFieldValue = 1024;
constexpr std::size_t kMaxFooter = 2048;
constexpr std::size_t kMaxEmbedTotal = 6000;  ///< over all embeds of one message
constexpr std::size_t kMaxButtonLabel = 80;
constexpr std::size_t kMaxCustomId = 100;
constexpr std::size_t kMaxChoices = 25;
constexpr std::size_t kMaxChoiceText = 100;

struct EmbedField {
    std::string name;
    std::string value;
    bool in_line = false;
};

struct Embed {
    std::string title;
    std::string url;
    std::string description;
    std::vector<EmbedField> fields;
    std::string footer;
    std::uint32_t color = 0;  ///< 0xRRGGBB
};

enum class ButtonStyle : std::uint8_t { primary = 1, secondary = 2, success = 3, danger = 4 };

struct Button {
    std::string label;
    std::string custom_id;
    ButtonStyle style = ButtonStyle::secondary;
    std::string emoji{};  ///< one Unicode emoji or nothing
    bool disabled = false;
};

/// At most one row of five buttons, which is all this project shows. Mentions never ping (allowed_mentions is
/// empty).
struct OutgoingMessage {
    std::string content;
    std::vector<Embed> embeds;
    std::vector<Button> buttons;
    bool ephemeral = false;
};

/// The JSON body of a message. An edit replaces everything: absent parts are sent empty.
/// Errors: `discord.message_too_large` naming the limit that is broken (discord-rest: "Messages").
base::Result<std::string> to_json(const OutgoingMessage& message);

/// Cuts after `limit` characters (code points, as Discord counts) with an ellipsis; never inside a UTF-8
/// sequence.
std::string shorten(std::string_view text, std::size_t limit);
std::size_t count_characters(std::string_view text);
/// Backslash before what Markdown would read, so that a title shows as it is written.
std::string escape_markdown(std::string_view text);

enum class OptionType : std::uint8_t { string = 3, integer = 4, boolean = 5, attachment = 11 };

struct OptionDefinition {
    OptionType type = OptionType::string;
    std::string name;
    std::string description;
    bool required = false;
    bool autocomplete = false;
    std::optional<std::int64_t> min{};  ///< integer
    std::optional<std::int64_t> max{};  ///< integer
    std::optional<std::uint32_t> max_length{};
};

/// A slash command for guilds (contexts [0], integration_types [0]).
struct CommandDefinition {
    std::string name;
    std::string description;
    std::vector<OptionDefinition> options;
};

/// The body of an overwrite of the command list.
std::string to_json(const std::vector<CommandDefinition>& commands);

struct Choice {
    std::string name;
    std::string value;
};

enum class CallbackType : std::uint8_t {
    message = 4,
    deferred_message = 5,
    deferred_update = 6,
    update_message = 7,
    autocomplete = 8,
};

/// The first answer to an interaction.
struct Callback {
    CallbackType type = CallbackType::deferred_message;
    OutgoingMessage message{};      ///< message, update_message; of a deferred one only `ephemeral` counts
    std::vector<Choice> choices{};  ///< autocomplete
};
base::Result<std::string> to_json(const Callback& callback);

}  // namespace bandstand::discord
