#include "adapters/playback_codec.hpp"

#include <algorithm>

#include "contracts/meta.hpp"

namespace bandstand::audio {
namespace {

namespace pb = bandstand::events::player::v1;

std::uint64_t ms(domain::Milliseconds duration) {
    return static_cast<std::uint64_t>(std::max<domain::Milliseconds::rep>(duration.count(), 0));
}

const char* name(domain::SourceKind kind) {
    switch (kind) {
        case domain::SourceKind::library:
            return "library";
        case domain::SourceKind::url:
            return "url";
        case domain::SourceKind::attachment:
            return "attachment";
    }
    return "";
}

void fill(pb::Track& out, const domain::Entry& entry) {
    out.set_entry_id(base::to_string(entry.id));
    // Until it is found, what was asked for is all there is to show.
    out.set_title(entry.info.title.empty() ? entry.source.locator : entry.info.title);
    out.set_artist(entry.info.artist);
    if (entry.source.kind != domain::SourceKind::library) out.set_link(entry.source.locator);
    out.set_duration_ms(ms(entry.info.duration.value_or(domain::Milliseconds{0})));
    out.set_requester_id(entry.requester.value());
    out.set_source(name(entry.source.kind));
    out.set_passthrough(entry.info.passthrough);
}

void fill(pb::InteractionReply& out, const domain::Reply& reply) {
    out.set_application_id(reply.application.value());
    out.set_interaction_id(reply.interaction.value());
    out.set_token(reply.token);
    out.set_text_channel_id(reply.text_channel.value());
    *out.mutable_received_at() = contracts::to_proto(reply.received_at);
    out.set_from_component(reply.from_component);
    out.set_locale(reply.locale);
}

pb::PlayerView::State state_of(domain::PlayerState state) {
    switch (state) {
        case domain::PlayerState::idle:
            return pb::PlayerView::STATE_IDLE;
        case domain::PlayerState::connecting:
            return pb::PlayerView::STATE_CONNECTING;
        case domain::PlayerState::playing:
            return pb::PlayerView::STATE_PLAYING;
        case domain::PlayerState::paused:
            return pb::PlayerView::STATE_PAUSED;
    }
    return pb::PlayerView::STATE_UNSPECIFIED;
}

pb::TrackEnded::Cause cause_of(domain::EndCause cause) {
    switch (cause) {
        case domain::EndCause::finished:
            return pb::TrackEnded::CAUSE_FINISHED;
        case domain::EndCause::skipped:
            return pb::TrackEnded::CAUSE_SKIPPED;
        case domain::EndCause::stopped:
            return pb::TrackEnded::CAUSE_STOPPED;
        case domain::EndCause::failed:
            return pb::TrackEnded::CAUSE_FAILED;
    }
    return pb::TrackEnded::CAUSE_UNSPECIFIED;
}

void fill(pb::CommandAnswered& out, const domain::Refused& refused) {
    out.mutable_refused()->set_reason(refused.reason);
    out.mutable_refused()->set_detail(refused.detail);
}
void fill(pb::CommandAnswered& out, const domain::Enqueued& enqueued) {
    fill(*out.mutable_enqueued()->mutable_track(), enqueued.entry);
    out.mutable_enqueued()->set_position(enqueued.position);
    out.mutable_enqueued()->set_wait_ms(ms(enqueued.wait));
}
void fill(pb::CommandAnswered& out, const domain::Done& done) {
    if (done.affected) fill(*out.mutable_done()->mutable_affected(), *done.affected);
    out.mutable_done()->set_count(done.count);
}

void fill(pb::PlaybackEvent& out, const domain::Answered& answered) {
    auto& answer = *out.mutable_command_answered();
    fill(*answer.mutable_reply(), answered.ask.reply);
    answer.set_command(answered.ask.command);
    std::visit([&](const auto& outcome) { fill(answer, outcome); }, answered.outcome);
    *answer.mutable_view() = audio::to_proto(answered.view);
}
void fill(pb::PlaybackEvent& out, const domain::TrackStarted& started) {
    fill(*out.mutable_track_started()->mutable_track(), started.entry);
    out.mutable_track_started()->set_position_ms(ms(started.position));
}
void fill(pb::PlaybackEvent& out, const domain::TrackEnded& ended) {
    auto& fact = *out.mutable_track_ended();
    fill(*fact.mutable_track(), ended.entry);
    fact.set_cause(cause_of(ended.cause));
    fact.set_detail(ended.detail);
    fact.set_text_channel_id(ended.entry.text_channel.value());
}
void fill(pb::PlaybackEvent& out, const domain::QueueChanged& changed) {
    out.mutable_queue_changed()->set_version(changed.version);
    out.mutable_queue_changed()->set_length(changed.length);
}
void fill(pb::PlaybackEvent& out, const domain::PlaybackPaused& paused) {
    out.mutable_playback_paused()->set_position_ms(ms(paused.position));
}
void fill(pb::PlaybackEvent& out, const domain::PlaybackResumed& resumed) {
    out.mutable_playback_resumed()->set_position_ms(ms(resumed.position));
}
void fill(pb::PlaybackEvent& out, const domain::VoiceLost& lost) {
    out.mutable_voice_lost()->set_reason(lost.reason);
    out.mutable_voice_lost()->set_detail(lost.detail);
    out.mutable_voice_lost()->set_text_channel_id(lost.text_channel.value());
}

}  // namespace

pb::PlaybackEvent to_proto(domain::PlayerKey key, const domain::Fact& fact) {
    pb::PlaybackEvent out;
    out.set_guild_id(key.guild.value());
    out.set_bot_id(key.bot.value());
    std::visit([&](const auto& value) { fill(out, value); }, fact);
    return out;
}

pb::PlayerView to_proto(const domain::View& view) {
    pb::PlayerView out;
    out.set_state(state_of(view.state));
    if (view.current) fill(*out.mutable_current(), *view.current);
    out.set_position_ms(ms(view.position));
    out.set_volume_percent(view.volume_percent);
    for (const auto& entry : view.upcoming) fill(*out.add_upcoming(), entry);
    out.set_upcoming_total(view.upcoming_total);
    out.set_upcoming_duration_ms(ms(view.upcoming_duration));
    out.set_voice_channel_id(view.voice_channel.value());
    out.set_page(view.page);
    return out;
}

}  // namespace bandstand::audio
