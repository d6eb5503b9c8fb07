#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sandbox/discord/form.hpp"
#include "sandbox/discord/json.hpp"

/// What Discord takes as a message, and how it refuses the rest (developer docs, "Message Resource").
namespace bandstand::sandbox {

/// The parts that a body named. An absent part is left as it is by an edit; null empties it.
struct MessageDraft {
    std::optional<std::string> content;
    std::optional<Json> embeds;
    std::optional<Json> components;
    std::optional<std::int64_t> flags;
    std::string nonce;
    bool enforce_nonce = false;

    /// A new message needs something to show.
    bool empty() const;
};

/// Which flags a body may carry: an ordinary message, an answer to an interaction, an edit.
enum class MessageUse { channel, interaction, edit };

/// Checks one body against every limit and reports all problems at once, at paths that begin with the path of
/// `form`. `v2_already`: the message that is edited has the Components V2 flag.
MessageDraft read_message(const Form& form, MessageUse use, bool v2_already = false);

/// read_message() for a whole request body. Errors: 50035; 50006 for a new message without content.
ApiResult<MessageDraft> parse_message(const Json& body, MessageUse use, bool v2_already = false);

/// Checks `components` of a message and gives them the numeric ids that Discord assigns.
/// Reports at `form`.components. `v2`: the IS_COMPONENTS_V2 layout.
Json read_components(const Form& form, bool v2);

/// Checks the components of a modal.
void check_modal(const Form& form);

}  // namespace bandstand::sandbox
