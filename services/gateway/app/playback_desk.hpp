#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "app/bots.hpp"
#include "domain/playback.hpp"
#include "domain/rendering.hpp"
#include "runtime/context.hpp"
#include "runtime/task_group.hpp"

namespace bandstand::gateway {

/// Shows people what the players say: answers commands, and keeps one panel per player current.
///
/// Answers go out at once, in the order of the facts. Panels follow beside them, one edit at a time per
/// player: Discord allows few edits of a channel, and nobody's answer waits for that.
///
/// Where a panel is, is remembered in memory only: after a restart old panels stay as they are (their buttons
/// work) and the next answer begins a new one.
class PlaybackDesk {
public:
    /// `visits` runs the work on panels and is joined by its owner.
    PlaybackDesk(runtime::Context context, Bots& bots, runtime::TaskGroup& visits)
        : context_{std::move(context)}, bots_{bots}, visits_{visits} {}

    /// Showing a fact twice is harmless. Errors: unavailable, while Discord may still take an answer later.
    runtime::Task<base::Result<void>> show(domain::PlaybackFact fact);

private:
    using Key = std::pair<base::GuildId, base::UserId>;
    struct Panel {
        base::ChannelId channel;  ///< where the last command came from
        base::MessageId message;  ///< none: no panel there now
        domain::Track track;
        domain::PlayerState state = domain::PlayerState::playing;
    };

    using Work = std::function<runtime::Task<base::Result<void>>()>;
    /// What waits to be done to one player's panel.
    struct Line {
        std::deque<Work> waiting;
        bool running = false;
    };

    void later(Key key, Work work);
    runtime::Task<base::Result<void>> work_off(Key key);
    runtime::Task<base::Result<void>> on(const domain::PlaybackFact& fact, domain::CommandAnswered answered);
    runtime::Task<base::Result<void>> on(const domain::PlaybackFact& fact, domain::TrackStarted started);
    runtime::Task<base::Result<void>> on(const domain::PlaybackFact& fact, domain::TrackEnded ended);
    runtime::Task<base::Result<void>> on(const domain::PlaybackFact& fact, domain::PlaybackPaused paused);
    runtime::Task<base::Result<void>> on(const domain::PlaybackFact& fact, domain::PlaybackResumed resumed);
    runtime::Task<base::Result<void>> on(const domain::PlaybackFact& fact, domain::VoiceLost lost);
    runtime::Task<base::Result<void>> on(const domain::PlaybackFact& fact, domain::OtherFact other);

    runtime::Task<base::Result<void>> change_state(const domain::PlaybackFact& fact,
                                                   domain::PlayerState state,
                                                   std::chrono::milliseconds position);
    /// Takes the buttons off a panel whose song is over.
    runtime::Task<base::Result<void>> close_panel(const domain::PlaybackFact& fact, domain::EndCause cause,
                                                  std::string detail);
    runtime::Task<base::Result<void>> edit_if_known(base::UserId bot, base::ChannelId channel,
                                                    base::MessageId message,
                                                    discord::OutgoingMessage content);
    runtime::Task<base::Result<base::MessageId>> post(const domain::PlaybackFact& fact,
                                                      base::ChannelId channel,
                                                      discord::OutgoingMessage message);
    Panel& panel(const domain::PlaybackFact& fact);
    Panel* shown(const domain::PlaybackFact& fact);
    bool is_recent(const domain::PlaybackFact& fact) const;
    /// What cannot be shown is logged and over; only an outage is worth another try.
    base::Result<void> settle(std::string_view what, base::Result<void> done) const;

    runtime::Context context_;
    Bots& bots_;
    runtime::TaskGroup& visits_;
    std::map<Key, Panel> panels_;
    std::map<Key, Line> lines_;
};

}  // namespace bandstand::gateway
