#include "app/playback_desk.hpp"

#include <memory>
#include <variant>

namespace bandstand::gateway {
namespace {

using namespace std::chrono_literals;
using base::Result;
using domain::PlayerState;
using runtime::Task;

constexpr base::Duration kTokenLife = 15min;
constexpr base::Duration kRecent = 60s;  // a panel about what was long ago helps nobody
constexpr std::size_t kMostPanels = 20'000;
constexpr std::size_t kMostWaiting = 4;

// Discord keeps a repeated send with the same nonce from posting twice; at most 25 characters.
std::string nonce_of(const std::string& event_id) {
    return event_id.substr(event_id.size() > 25 ? event_id.size() - 25 : 0);
}

Result<void> without_value(Result<base::MessageId> sent) {
    if (!sent) return std::unexpected(std::move(sent).error());
    return base::ok();
}

}  // namespace

Task<Result<void>> PlaybackDesk::show(domain::PlaybackFact fact) {
    if (auto* answered = std::get_if<domain::CommandAnswered>(&fact.fact)) {
        auto span = context_.observer().tracer().start("gateway.show", fact.traceparent);
        co_return co_await on(fact, std::move(*answered));
    }
    const Key key{fact.guild, fact.bot};
    later(key, [this, shared = std::make_shared<domain::PlaybackFact>(std::move(fact))] {
        return std::visit([&](const auto& one) { return on(*shared, one); }, shared->fact);
    });
    co_return base::ok();
}

void PlaybackDesk::later(Key key, Work work) {
    auto& line = lines_[key];
    // A channel that takes no more edits for a while gets the newest news, not all of them.
    if (line.waiting.size() >= kMostWaiting) line.waiting.pop_front();
    line.waiting.push_back(std::move(work));
    if (std::exchange(line.running, true)) return;
    visits_.spawn("panel", work_off(key));
}

Task<Result<void>> PlaybackDesk::work_off(Key key) {
    while (!lines_[key].waiting.empty()) {
        const auto work = std::move(lines_[key].waiting.front());  // lives until its coroutine has ended
        lines_[key].waiting.pop_front();
        if (auto done = co_await work(); !done) {
            context_.observer().log().warn("not_shown", {{"detail", done.error().describe()}});
        }
    }
    lines_.erase(key);
    co_return base::ok();
}

Task<Result<void>> PlaybackDesk::on(const domain::PlaybackFact& fact, domain::CommandAnswered answered) {
    auto* bot = bots_.find(fact.bot);
    if (bot == nullptr) bot = bots_.any();
    const auto& reply = answered.reply;
    if (bot == nullptr || context_.clock().wall_now() - reply.received_at > kTokenLife) {
        context_.observer().log().warn("answer_too_late",
                                       {{"guild_id", fact.guild}, {"command", answered.command}});
        co_return base::ok();
    }
    auto rendered = domain::render_answer(answered);
    if (rendered.as_private_follow_up) {
        co_return settle("follow up", without_value(co_await bot->discord().follow_up(
                                          reply, std::move(rendered.message))));
    }
    auto edited = co_await bot->discord().edit_answer(reply, std::move(rendered.message));
    auto& known = panel(fact);
    const auto old_channel = std::exchange(known.channel, reply.text_channel);
    if (edited && rendered.is_panel) {
        const auto old = std::exchange(known.message, *edited);
        const auto old_track = std::exchange(known.track, *answered.view.current);
        known.state = answered.view.state;
        if (old && old != *edited) {  // one panel per player: the older one loses its buttons
            auto bare = domain::render_panel(answered.view);
            bare.buttons.clear();
            const bool same = old_track.entry_id == known.track.entry_id;
            auto message =
                same ? std::move(bare) : domain::render_ended(old_track, domain::EndCause::finished);
            later({fact.guild, fact.bot},
                  [this, bot = fact.bot, old_channel, old, message = std::move(message)] {
                      return edit_if_known(bot, old_channel, old, message);
                  });
        }
    }
    co_return settle("answer", without_value(std::move(edited)));
}

Task<Result<void>> PlaybackDesk::edit_if_known(base::UserId bot_id, base::ChannelId channel,
                                               base::MessageId message, discord::OutgoingMessage content) {
    auto* bot = bots_.find(bot_id);
    if (bot == nullptr) co_return base::ok();
    co_return settle("close panel", co_await bot->discord().edit(channel, message, std::move(content)));
}

Task<Result<void>> PlaybackDesk::on(const domain::PlaybackFact& fact, domain::TrackStarted started) {
    auto& known = panel(fact);
    const bool on_show = known.message && known.track.entry_id == started.track.entry_id;
    if (on_show || !known.channel || !is_recent(fact)) co_return base::ok();
    (void)co_await close_panel(fact, domain::EndCause::finished, {});
    domain::PlayerView view;
    view.state = PlayerState::playing;
    view.current = started.track;
    view.position = started.position;
    const auto channel = panel(fact).channel;
    auto posted = co_await post(fact, channel, domain::render_panel(view));
    if (posted) panel(fact) = {.channel = channel, .message = *posted, .track = std::move(started.track)};
    co_return settle("post panel", without_value(std::move(posted)));
}

Task<Result<void>> PlaybackDesk::on(const domain::PlaybackFact& fact, domain::TrackEnded ended) {
    const auto* known = shown(fact);
    if (known != nullptr && known->track.entry_id == ended.track.entry_id) {
        co_return co_await close_panel(fact, ended.cause, std::move(ended.detail));
    }
    const bool tell = ended.cause == domain::EndCause::failed && ended.text_channel && is_recent(fact);
    if (!tell) co_return base::ok();
    auto message = domain::render_track_failed(ended.track, ended.detail);
    co_return settle("tell failure",
                     without_value(co_await post(fact, ended.text_channel, std::move(message))));
}

Task<Result<void>> PlaybackDesk::on(const domain::PlaybackFact& fact, domain::PlaybackPaused paused) {
    co_return co_await change_state(fact, PlayerState::paused, paused.position);
}

Task<Result<void>> PlaybackDesk::on(const domain::PlaybackFact& fact, domain::PlaybackResumed resumed) {
    co_return co_await change_state(fact, PlayerState::playing, resumed.position);
}

Task<Result<void>> PlaybackDesk::on(const domain::PlaybackFact& fact, domain::VoiceLost lost) {
    (void)co_await close_panel(fact, domain::EndCause::stopped, {});
    if (!lost.text_channel || !is_recent(fact)) co_return base::ok();
    auto message = domain::render_voice_lost(lost);
    co_return settle("tell loss", without_value(co_await post(fact, lost.text_channel, std::move(message))));
}

Task<Result<void>> PlaybackDesk::on(const domain::PlaybackFact&, domain::OtherFact) {
    co_return base::ok();
}

Task<Result<void>> PlaybackDesk::change_state(const domain::PlaybackFact& fact, PlayerState state,
                                              std::chrono::milliseconds position) {
    auto* known = shown(fact);
    auto* bot = bots_.find(fact.bot);
    // A pressed button has changed its panel already.
    if (known == nullptr || bot == nullptr || known->state == state) co_return base::ok();
    known->state = state;
    domain::PlayerView view;
    view.state = state;
    view.current = known->track;
    view.position = position;
    auto message = domain::render_panel(view);
    co_return settle("change panel",
                     co_await bot->discord().edit(known->channel, known->message, std::move(message)));
}

Task<Result<void>> PlaybackDesk::close_panel(const domain::PlaybackFact& fact, domain::EndCause cause,
                                             std::string detail) {
    auto* known = shown(fact);
    auto* bot = bots_.find(fact.bot);
    if (known == nullptr || bot == nullptr) co_return base::ok();
    const auto message = std::exchange(known->message, base::MessageId{});
    auto rendered = cause == domain::EndCause::failed ? domain::render_track_failed(known->track, detail)
                                                      : domain::render_ended(known->track, cause);
    co_return settle("close panel",
                     co_await bot->discord().edit(known->channel, message, std::move(rendered)));
}

Task<Result<base::MessageId>> PlaybackDesk::post(const domain::PlaybackFact& fact, base::ChannelId channel,
                                                 discord::OutgoingMessage message) {
    auto* bot = bots_.find(fact.bot);
    if (bot == nullptr) co_return base::fail(base::ErrorKind::not_found, kUnknownBot, "bot", fact.bot);
    co_return co_await bot->discord().send(channel, std::move(message), nonce_of(fact.event_id));
}

PlaybackDesk::Panel& PlaybackDesk::panel(const domain::PlaybackFact& fact) {
    const Key key{fact.guild, fact.bot};
    if (panels_.size() >= kMostPanels && !panels_.contains(key)) panels_.erase(panels_.begin());
    return panels_[key];
}

PlaybackDesk::Panel* PlaybackDesk::shown(const domain::PlaybackFact& fact) {
    const auto found = panels_.find({fact.guild, fact.bot});
    return found == panels_.end() || !found->second.message ? nullptr : &found->second;
}

bool PlaybackDesk::is_recent(const domain::PlaybackFact& fact) const {
    return context_.clock().wall_now() - fact.occurred_at < kRecent;
}

Result<void> PlaybackDesk::settle(std::string_view what, Result<void> done) const {
    if (done || done.error().kind() == base::ErrorKind::unavailable) return done;
    context_.observer().log().warn("not_shown", {{"what", what}, {"detail", done.error().describe()}});
    return base::ok();
}

}  // namespace bandstand::gateway
