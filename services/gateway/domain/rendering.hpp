#pragma once

#include <string>

#include "discord/message.hpp"
#include "domain/playback.hpp"

/// Facts of a player as messages. Titles are other people's text: escaped, cut, and never a ping.
namespace bandstand::gateway::domain {

struct Rendered {
    discord::OutgoingMessage message;
    /// A new message for the person alone, instead of an edit: a refusal must not replace the panel under the
    /// button.
    bool as_private_follow_up = false;
    /// The message shows what plays, with buttons: later facts change it.
    bool is_panel = false;
};

/// The answer to one command.
Rendered render_answer(const CommandAnswered& answered);
/// What plays now, with buttons. `view.current` must be there.
discord::OutgoingMessage render_panel(const PlayerView& view);
/// A panel whose song is over: no buttons.
discord::OutgoingMessage render_ended(const Track& track, EndCause cause);
discord::OutgoingMessage render_queue(const PlayerView& view);
discord::OutgoingMessage render_track_failed(const Track& track, std::string_view detail);
discord::OutgoingMessage render_voice_lost(const VoiceLost& lost);
/// One line of plain text, for refusals and errors.
discord::OutgoingMessage render_sentence(std::string text, bool ephemeral);
/// An autocomplete choice: "Title, Artist (3:45)".
std::string choice_text(std::string_view title, std::string_view artist, std::chrono::milliseconds duration);

}  // namespace bandstand::gateway::domain
