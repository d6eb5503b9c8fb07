#include "adapters/inbox_codec.hpp"

#include "contracts/meta.hpp"

namespace bandstand::gateway {
namespace {

namespace pb = bandstand::events::player::v1;

void fill(pb::PlayerCommand& out, const domain::Join&) {
    out.mutable_join();
}
void fill(pb::PlayerCommand& out, const domain::Leave&) {
    out.mutable_leave();
}
void fill(pb::PlayerCommand& out, const domain::PlayQuery& play) {
    out.mutable_play()->set_query(play.text);
}
void fill(pb::PlayerCommand& out, const domain::PlayUrl& play) {
    out.mutable_play()->set_url(play.url);
}
void fill(pb::PlayerCommand& out, const domain::PlayAttachment& play) {
    auto& attachment = *out.mutable_play()->mutable_attachment();
    attachment.set_url(play.attachment.url);
    attachment.set_filename(play.attachment.filename);
    attachment.set_size_bytes(play.attachment.size_bytes);
    attachment.set_content_type(play.attachment.content_type);
}
void fill(pb::PlayerCommand& out, const domain::Pause&) {
    out.mutable_pause();
}
void fill(pb::PlayerCommand& out, const domain::Resume&) {
    out.mutable_resume();
}
void fill(pb::PlayerCommand& out, const domain::TogglePause&) {
    out.mutable_toggle_pause();
}
void fill(pb::PlayerCommand& out, const domain::Skip& skip) {
    out.mutable_skip()->set_count(skip.count);
    out.mutable_skip()->set_entry_id(skip.entry_id);
}
void fill(pb::PlayerCommand& out, const domain::Stop&) {
    out.mutable_stop();
}
void fill(pb::PlayerCommand& out, const domain::ShowQueue& show) {
    out.mutable_show_queue()->set_page(show.page);
}
void fill(pb::PlayerCommand& out, const domain::ShowNowPlaying&) {
    out.mutable_show_now_playing();
}
void fill(pb::PlayerCommand& out, const domain::Seek& seek) {
    out.mutable_seek()->set_position_ms(seek.position.count());
    out.mutable_seek()->set_relative(seek.relative);
}
void fill(pb::PlayerCommand& out, const domain::SetVolume& volume) {
    out.mutable_set_volume();
    if (volume.percent) out.mutable_set_volume()->set_percent(*volume.percent);
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

void fill(pb::PlayerInbox& out, const domain::OwnVoiceState& state) {
    out.mutable_own_voice_state()->set_channel_id(state.channel.value());
    out.mutable_own_voice_state()->set_session_id(state.session_id);
    out.mutable_own_voice_state()->set_muted_by_server(state.muted_by_server);
    out.mutable_own_voice_state()->set_suppressed(state.suppressed);
}
void fill(pb::PlayerInbox& out, const domain::VoiceServer& server) {
    out.mutable_voice_server()->set_token(server.token);
    out.mutable_voice_server()->set_endpoint(server.endpoint);
}
void fill(pb::PlayerInbox& out, const domain::Occupancy& occupancy) {
    out.mutable_occupancy()->set_channel_id(occupancy.channel.value());
    out.mutable_occupancy()->set_listeners(occupancy.listeners);
}
void fill(pb::PlayerInbox& out, const domain::GuildUnavailable& gone) {
    out.mutable_guild_unavailable()->set_removed(gone.removed);
}

}  // namespace

pb::PlayerInbox to_proto(const domain::PlayerCommand& command) {
    pb::PlayerInbox out;
    out.set_guild_id(command.guild.value());
    out.set_bot_id(command.bot.value());
    auto& request = *out.mutable_command();
    request.set_requester_id(command.requester.value());
    request.set_voice_channel_id(command.voice_channel.value());
    request.set_voice_channel_is_stage(command.voice_channel_is_stage);
    request.set_voice_channel_bitrate(command.voice_channel_bitrate);
    fill(*request.mutable_reply(), command.reply);
    std::visit([&request](const auto& one) { fill(request, one); }, command.request);
    return out;
}

pb::PlayerInbox to_proto(const domain::AddressedSignal& signal) {
    pb::PlayerInbox out;
    out.set_guild_id(signal.guild.value());
    out.set_bot_id(signal.bot.value());
    std::visit([&out](const auto& one) { fill(out, one); }, signal.signal);
    return out;
}

domain::Reply from_proto(const pb::InteractionReply& reply) {
    return {.application = base::ApplicationId{reply.application_id()},
            .interaction = base::InteractionId{reply.interaction_id()},
            .token = reply.token(),
            .text_channel = base::ChannelId{reply.text_channel_id()},
            .received_at = contracts::to_wall_time(reply.received_at()).value_or(base::WallTime{}),
            .from_component = reply.from_component(),
            .locale = reply.locale()};
}

}  // namespace bandstand::gateway
