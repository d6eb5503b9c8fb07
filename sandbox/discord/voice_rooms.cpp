#include "sandbox/discord/voice_rooms.hpp"

#include <algorithm>
#include <utility>

#include "sandbox/discord/form.hpp"
#include "sandbox/discord/intents.hpp"
#include "sandbox/discord/objects.hpp"

namespace bandstand::sandbox {
namespace {

ApiError wrong_channel_type() {
    return {.status = 400, .code = 50024, .message = "Cannot execute action on this channel type"};
}

}  // namespace

VoiceRooms::VoiceRooms(World& world, Gateway& gateway, VoiceServer& server, const base::Clock& clock)
    : world_{world}, gateway_{gateway}, server_{server}, clock_{clock} {}

Permissions VoiceRooms::rights_in(const Guild& guild, const Channel& channel, UserId user) const {
    const auto* member = guild.member(user);
    if (member == nullptr) return 0;
    const bool timed_out = member->timed_out_until && *member->timed_out_until > clock_.wall_now();
    return permissions_in(guild, channel, *member, timed_out);
}

bool VoiceRooms::has_room(const Guild& guild, const Channel& channel, UserId user) const {
    if (channel.user_limit == 0 || allows(rights_in(guild, channel, user), permission::kMoveMembers))
        return true;
    const auto there = std::ranges::count_if(guild.voice_states, [&](const auto& entry) {
        return entry.second.channel == channel.id && entry.first != user;
    });
    return there < channel.user_limit;
}

void VoiceRooms::announce(const Guild& guild, const VoiceState& state) {
    gateway_.dispatch({.type = "VOICE_STATE_UPDATE",
                       .data = voice_state_object(world_, guild, state, true),
                       .guild = guild.id,
                       .intent = intent::kGuildVoiceStates});
}

VoiceRights VoiceRooms::rights_of(const Guild& guild, const VoiceState& state) const {
    const auto* member = guild.member(state.user);
    const bool muted = member == nullptr || member->mute;
    const bool deafened = member == nullptr || member->deaf || state.self_deaf;
    return {.heard = !state.suppress && !muted, .hears = !deafened};
}

void VoiceRooms::issue_ticket(const Guild& guild, const VoiceState& state) {
    const auto* channel = guild.channel(state.channel);
    VoiceTicket ticket{
        .guild = guild.id,
        .channel = state.channel,
        .user = state.user,
        .session_id = state.session_id,
        .token = random_token().substr(0, 16),
        .dave_required = dave_required_ && channel != nullptr && channel->type == ChannelType::voice};
    const auto token = ticket.token;
    server_.admit(std::move(ticket), rights_of(guild, state), voice_close::kDisconnected);
    if (!world_.user(state.user).bot) return;
    gateway_.dispatch(
        {.type = "VOICE_SERVER_UPDATE",
         .data = {{"token", token}, {"guild_id", base::to_string(guild.id)}, {"endpoint", endpoint_}},
         .guild = guild.id,
         .only = state.user});
}

void VoiceRooms::enter(Guild& guild, Channel& channel, VoiceState state) {
    const bool stage = channel.type == ChannelType::stage;
    state.channel = channel.id;
    state.suppress = stage || !allows(rights_in(guild, channel, state.user), permission::kSpeak);
    state.request_to_speak.reset();
    auto& kept = guild.voice_states.insert_or_assign(state.user, std::move(state)).first->second;
    announce(guild, kept);
    issue_ticket(guild, kept);
}

void VoiceRooms::bot_wishes(const GatewaySession& session, GuildId guild_id, ChannelId channel_id,
                            bool self_mute, bool self_deaf) {
    const UserId bot{session.bot.value()};
    auto* guild = world_.guild(guild_id);
    if (guild == nullptr || guild->member(bot) == nullptr) return;
    if (!channel_id) return void(leave(*guild, bot));
    auto* channel = guild->channel(channel_id);
    if (channel == nullptr || !channel->is_voice()) return;
    if (!allows(rights_in(*guild, *channel, bot), permission::kConnect) || !has_room(*guild, *channel, bot))
        return;
    const auto present = guild->voice_states.find(bot);
    const bool stays = present != guild->voice_states.end() && present->second.channel == channel_id;
    if (stays && server_.connected(guild_id, bot)) {  // only the flags changed
        present->second.self_mute = self_mute;
        present->second.self_deaf = self_deaf;
        return refresh(*guild, bot);
    }
    const bool speaker = stays && !present->second.suppress;
    enter(*guild, *channel,
          {.user = bot, .session_id = session.id, .self_mute = self_mute, .self_deaf = self_deaf});
    if (speaker) {  // who already spoke on this stage goes on doing so
        guild->voice_states.at(bot).suppress = false;
        refresh(*guild, bot);
    }
}

void VoiceRooms::session_lost(const GatewaySession& session) {
    const UserId bot{session.bot.value()};
    for (auto& [id, guild] : world_.guilds) {
        const auto* state = guild.voice_state(bot);
        if (state != nullptr && state->session_id == session.id) leave(guild, bot);
    }
}

ApiResult<Json> VoiceRooms::member_joins(Guild& guild, UserId user, Channel& channel, bool self_mute,
                                         bool self_deaf) {
    if (!channel.is_voice()) return refuse(wrong_channel_type());
    if (!allows(rights_in(guild, channel, user), permission::kConnect)) return missing_permissions();
    if (!has_room(guild, channel, user)) {
        return refuse({.status = 403, .code = 50013, .message = "The channel is full"});
    }
    VoiceState state{
        .user = user, .session_id = random_token(), .self_mute = self_mute, .self_deaf = self_deaf};
    const auto session_id = state.session_id;
    enter(guild, channel, std::move(state));
    return Json{{"session_id", session_id},
                {"token", server_.token_of(guild.id, user)},
                {"endpoint", endpoint_},
                {"guild_id", base::to_string(guild.id)},
                {"channel_id", base::to_string(channel.id)},
                {"user_id", base::to_string(user)}};
}

bool VoiceRooms::leave(Guild& guild, UserId user) {
    const auto found = guild.voice_states.find(user);
    if (found == guild.voice_states.end()) return false;
    auto state = std::move(found->second);
    guild.voice_states.erase(found);
    state.channel = ChannelId{};
    state.suppress = false;
    announce(guild, state);
    server_.dismiss(guild.id, user, voice_close::kDisconnected);
    return true;
}

ApiResult<void> VoiceRooms::move(Guild& guild, UserId user, Channel& channel) {
    const auto found = guild.voice_states.find(user);
    if (found == guild.voice_states.end()) {
        return refuse({.status = 400, .code = 40032, .message = "Target user is not connected to voice."});
    }
    if (!channel.is_voice()) return refuse(wrong_channel_type());
    enter(guild, channel, found->second);
    return {};
}

void VoiceRooms::refresh(Guild& guild, UserId user) {
    const auto found = guild.voice_states.find(user);
    if (found == guild.voice_states.end()) return;
    auto& state = found->second;
    const auto* channel = guild.channel(state.channel);
    if (channel != nullptr && channel->type == ChannelType::voice) {
        state.suppress = !allows(rights_in(guild, *channel, user), permission::kSpeak);
    }
    announce(guild, state);
    server_.set_rights(guild.id, user, rights_of(guild, state));
}

void VoiceRooms::empty_channel(Guild& guild, ChannelId channel) {
    std::vector<UserId> there;
    for (const auto& [user, state] : guild.voice_states) {
        if (state.channel == channel) there.push_back(user);
    }
    for (const auto user : there) {
        server_.dismiss(guild.id, user, voice_close::kCallTerminated);
        leave(guild, user);
    }
}

ApiResult<void> VoiceRooms::modify_state(Guild& guild, UserId actor, UserId target, const Json& body) {
    const auto found = guild.voice_states.find(target);
    if (found == guild.voice_states.end()) return unknown(kUnknownVoiceState, "Voice State");
    FormErrors errors;
    const Form form{body, errors};
    const auto channel_id = form.snowflake("channel_id", actor != target);
    const auto suppress = form.flag("suppress");
    if (auto refusal = errors.refusal()) return refuse(std::move(*refusal));
    auto& state = found->second;
    const auto* channel = guild.channel(state.channel);
    if (channel == nullptr || (channel_id && ChannelId{*channel_id} != state.channel)) {
        return unknown(kUnknownVoiceState, "Voice State");
    }
    if (channel->type != ChannelType::stage) return refuse(wrong_channel_type());
    const auto rights = rights_in(guild, *channel, actor);
    const bool moderator = allows(rights, permission::kMuteMembers);
    const bool stands_up = suppress && !*suppress;
    if ((stands_up || actor != target) && !moderator) return missing_permissions();
    const bool asks = form.has("request_to_speak_timestamp");
    if (asks && !allows(rights, permission::kRequestToSpeak)) return missing_permissions();
    if (suppress) state.suppress = *suppress;
    if (asks) state.request_to_speak = clock_.wall_now();
    if (stands_up || (body.contains("request_to_speak_timestamp") && !asks)) state.request_to_speak.reset();
    refresh(guild, target);
    return {};
}

std::size_t VoiceRooms::lose_endpoint(Guild& guild, ChannelId channel) {
    std::size_t hit = 0;
    for (const auto& [user, state] : guild.voice_states) {
        if (state.channel != channel) continue;
        ++hit;
        server_.dismiss(guild.id, user, voice_close::kCallTerminated);
        if (!world_.user(user).bot) continue;
        gateway_.dispatch({.type = "VOICE_SERVER_UPDATE",
                           .data = {{"token", random_token().substr(0, 16)},
                                    {"guild_id", base::to_string(guild.id)},
                                    {"endpoint", nullptr}},
                           .guild = guild.id,
                           .only = user});
    }
    return hit;
}

std::size_t VoiceRooms::restore_endpoint(Guild& guild, ChannelId channel) {
    std::size_t hit = 0;
    for (const auto& [user, state] : guild.voice_states) {
        if (state.channel != channel) continue;
        ++hit;
        issue_ticket(guild, state);
    }
    return hit;
}

}  // namespace bandstand::sandbox
