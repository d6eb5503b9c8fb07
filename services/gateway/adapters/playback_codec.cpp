#include "adapters/playback_codec.hpp"

#include <algorithm>

#include "adapters/inbox_codec.hpp"
#include "bandstand/events/player/v1/playback.pb.h"
#include "contracts/meta.hpp"

namespace bandstand::gateway {
namespace {

namespace pb = bandstand::events::player::v1;
using std::chrono::milliseconds;

milliseconds ms(std::uint64_t value) {
    constexpr std::uint64_t kMost = 1'000ULL * 3'600'000ULL;  // a thousand hours
    return milliseconds{static_cast<std::int64_t>(std::min(value, kMost))};
}

domain::Track track_of(const pb::Track& track) {
    return {.entry_id = track.entry_id(),
            .title = track.title(),
            .artist = track.artist(),
            .link = track.link(),
            .duration = ms(track.duration_ms()),
            .requester = base::UserId{track.requester_id()}};
}

domain::PlayerState state_of(pb::PlayerView::State state) {
    switch (state) {
        case pb::PlayerView::STATE_CONNECTING:
            return domain::PlayerState::connecting;
        case pb::PlayerView::STATE_PLAYING:
            return domain::PlayerState::playing;
        case pb::PlayerView::STATE_PAUSED:
            return domain::PlayerState::paused;
        default:  // idle, unspecified, and what a newer player may add
            return domain::PlayerState::idle;
    }
}

domain::PlayerView view_of(const pb::PlayerView& view) {
    domain::PlayerView out;
    out.state = state_of(view.state());
    if (view.has_current()) out.current = track_of(view.current());
    out.position = ms(view.position_ms());
    out.volume_percent = view.volume_percent();
    for (const auto& track : view.upcoming()) out.upcoming.push_back(track_of(track));
    out.upcoming_total = view.upcoming_total();
    out.upcoming_duration = ms(view.upcoming_duration_ms());
    out.voice_channel = base::ChannelId{view.voice_channel_id()};
    out.page = std::max(view.page(), 1U);
    return out;
}

std::optional<domain::CommandAnswered> answered_of(const pb::CommandAnswered& answered) {
    domain::CommandAnswered out;
    out.reply = from_proto(answered.reply());
    out.command = answered.command();
    out.view = view_of(answered.view());
    switch (answered.outcome_case()) {
        case pb::CommandAnswered::kRefused:
            out.outcome = domain::Refused{answered.refused().reason(), answered.refused().detail()};
            return out;
        case pb::CommandAnswered::kEnqueued:
            out.outcome = domain::Enqueued{track_of(answered.enqueued().track()),
                                           answered.enqueued().position(), ms(answered.enqueued().wait_ms())};
            return out;
        case pb::CommandAnswered::kDone: {
            domain::Done done{.affected = {}, .count = answered.done().count()};
            if (answered.done().has_affected()) done.affected = track_of(answered.done().affected());
            out.outcome = std::move(done);
            return out;
        }
        case pb::CommandAnswered::OUTCOME_NOT_SET:
            return std::nullopt;
    }
    return std::nullopt;
}

domain::EndCause cause_of(pb::TrackEnded::Cause cause) {
    switch (cause) {
        case pb::TrackEnded::CAUSE_SKIPPED:
            return domain::EndCause::skipped;
        case pb::TrackEnded::CAUSE_STOPPED:
            return domain::EndCause::stopped;
        case pb::TrackEnded::CAUSE_FAILED:
            return domain::EndCause::failed;
        default:
            return domain::EndCause::finished;
    }
}

}  // namespace

base::Result<domain::PlaybackFact> parse_playback(std::string_view payload) {
    pb::PlaybackEvent event;
    if (!event.ParseFromArray(payload.data(), static_cast<int>(payload.size())) || event.guild_id() == 0) {
        return base::fail(base::ErrorKind::invalid_argument, kBadPlaybackEvent,
                          "not a PlaybackEvent of a guild");
    }
    domain::PlaybackFact fact;
    fact.guild = base::GuildId{event.guild_id()};
    fact.bot = base::UserId{event.bot_id()};
    fact.event_id = event.meta().event_id();
    fact.occurred_at = contracts::to_wall_time(event.meta().occurred_at()).value_or(base::WallTime{});
    fact.traceparent = event.meta().traceparent();
    fact.fact = domain::OtherFact{};
    switch (event.fact_case()) {
        case pb::PlaybackEvent::kCommandAnswered:
            if (auto answered = answered_of(event.command_answered())) fact.fact = *std::move(answered);
            break;
        case pb::PlaybackEvent::kTrackStarted:
            fact.fact = domain::TrackStarted{track_of(event.track_started().track()),
                                             ms(event.track_started().position_ms())};
            break;
        case pb::PlaybackEvent::kTrackEnded:
            fact.fact = domain::TrackEnded{
                track_of(event.track_ended().track()), cause_of(event.track_ended().cause()),
                event.track_ended().detail(), base::ChannelId{event.track_ended().text_channel_id()}};
            break;
        case pb::PlaybackEvent::kPlaybackPaused:
            fact.fact = domain::PlaybackPaused{ms(event.playback_paused().position_ms())};
            break;
        case pb::PlaybackEvent::kPlaybackResumed:
            fact.fact = domain::PlaybackResumed{ms(event.playback_resumed().position_ms())};
            break;
        case pb::PlaybackEvent::kVoiceLost:
            fact.fact = domain::VoiceLost{event.voice_lost().reason(), event.voice_lost().detail(),
                                          base::ChannelId{event.voice_lost().text_channel_id()}};
            break;
        case pb::PlaybackEvent::kQueueChanged:
        case pb::PlaybackEvent::FACT_NOT_SET:
            break;
    }
    return fact;
}

}  // namespace bandstand::gateway
