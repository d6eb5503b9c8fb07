#include "sandbox/discord/objects.hpp"

namespace bandstand::sandbox {
namespace {

Json id_or_null(MessageId id) {
    return id ? Json(base::to_string(id)) : Json(nullptr);
}

Json overwrite_objects(const Channel& channel) {
    Json out = Json::array();
    for (const auto& overwrite : channel.overwrites) {
        out.push_back({{"id", std::to_string(overwrite.id)},
                       {"type", overwrite.for_member ? 1 : 0},
                       {"allow", std::to_string(overwrite.allow)},
                       {"deny", std::to_string(overwrite.deny)}});
    }
    return out;
}

Json direct_channel_object(const Channel& channel, const World& world) {
    Json recipients = Json::array();
    for (const auto& recipient : channel.recipients) {
        const auto& user = world.user(recipient);
        if (!user.bot) recipients.push_back(user_object(user));
    }
    return {{"id", base::to_string(channel.id)},
            {"type", 1},
            {"flags", 0},
            {"last_message_id", id_or_null(channel.last_message)},
            {"recipients", std::move(recipients)}};
}

}  // namespace

Json user_object(const User& user) {
    return {{"id", base::to_string(user.id)},
            {"username", user.name},
            {"discriminator", user.bot ? "0000" : "0"},
            {"global_name", user.bot ? Json(nullptr) : Json(user.name)},
            {"avatar", nullptr},
            {"avatar_decoration_data", nullptr},
            {"banner", nullptr},
            {"accent_color", nullptr},
            {"bot", user.bot},
            {"system", false},
            {"public_flags", 0},
            {"flags", 0}};
}

Json role_object(const Role& role) {
    return {{"id", base::to_string(role.id)},
            {"name", role.name},
            {"description", nullptr},
            {"color", 0},
            {"colors", {{"primary_color", 0}, {"secondary_color", nullptr}, {"tertiary_color", nullptr}}},
            {"hoist", false},
            {"icon", nullptr},
            {"unicode_emoji", nullptr},
            {"position", role.position},
            {"permissions", std::to_string(role.permissions)},
            {"managed", role.managed},
            {"mentionable", false},
            {"flags", 0}};
}

Json channel_object(const Channel& channel, const World& world) {
    if (channel.type == ChannelType::direct) return direct_channel_object(channel, world);
    Json out{{"id", base::to_string(channel.id)},
             {"type", static_cast<int>(channel.type)},
             {"guild_id", base::to_string(channel.guild)},
             {"name", channel.name},
             {"position", channel.position},
             {"permission_overwrites", overwrite_objects(channel)},
             {"parent_id", nullptr},
             {"topic", nullptr},
             {"nsfw", false},
             {"flags", 0},
             {"last_message_id", id_or_null(channel.last_message)},
             {"rate_limit_per_user", 0}};
    if (channel.is_voice()) {
        out["bitrate"] = channel.bitrate;
        out["user_limit"] = channel.user_limit;
        out["rtc_region"] = channel.rtc_region.empty() ? Json(nullptr) : Json(channel.rtc_region);
        out["video_quality_mode"] = 1;
    }
    return out;
}

Json member_object(const World& world, const Guild& guild, const Member& member) {
    Json roles = Json::array();
    for (const auto& role : member.roles) roles.push_back(base::to_string(role));
    const auto& user = world.user(member.user);
    const bool owner = guild.owner == member.user;
    return {{"user", user_object(user)},
            {"nick", member.nick.empty() ? Json(nullptr) : Json(member.nick)},
            {"avatar", nullptr},
            {"banner", nullptr},
            {"roles", std::move(roles)},
            {"joined_at", iso8601(member.joined_at)},
            {"premium_since", nullptr},
            {"deaf", member.deaf},
            {"mute", member.mute},
            {"flags", owner ? 2 : 0},
            {"pending", false},
            {"communication_disabled_until",
             member.timed_out_until ? Json(iso8601(*member.timed_out_until)) : Json(nullptr)}};
}

Json voice_state_object(const World& world, const Guild& guild, const VoiceState& state, bool with_member) {
    const auto* member = guild.member(state.user);
    Json out{{"user_id", base::to_string(state.user)},
             {"channel_id", state.channel ? Json(base::to_string(state.channel)) : Json(nullptr)},
             {"session_id", state.session_id},
             {"deaf", member != nullptr && member->deaf},
             {"mute", member != nullptr && member->mute},
             {"self_deaf", state.self_deaf},
             {"self_mute", state.self_mute},
             {"self_video", false},
             {"suppress", state.suppress},
             {"request_to_speak_timestamp",
              state.request_to_speak ? Json(iso8601(*state.request_to_speak)) : Json(nullptr)}};
    if (with_member) {
        out["guild_id"] = base::to_string(guild.id);
        if (member != nullptr) out["member"] = member_object(world, guild, *member);
    }
    return out;
}

Json guild_object(const Guild& guild) {
    Json roles = Json::array();
    for (const auto& [id, role] : guild.roles) roles.push_back(role_object(role));
    Json out{{"id", base::to_string(guild.id)},
             {"name", guild.name},
             {"owner_id", base::to_string(guild.owner)},
             {"roles", std::move(roles)},
             {"afk_timeout", 300},
             {"preferred_locale", "en-US"},
             {"max_members", 500'000},
             {"max_video_channel_users", 25}};
    for (const auto* key : {"icon", "splash", "discovery_splash", "banner", "description", "afk_channel_id",
                            "application_id", "system_channel_id", "rules_channel_id", "vanity_url_code",
                            "public_updates_channel_id", "safety_alerts_channel_id", "max_presences"}) {
        out[key] = nullptr;
    }
    for (const auto* key :
         {"verification_level", "default_message_notifications", "explicit_content_filter", "mfa_level",
          "system_channel_flags", "premium_tier", "nsfw_level", "premium_subscription_count"}) {
        out[key] = 0;
    }
    for (const auto* key : {"emojis", "features", "stickers"}) out[key] = Json::array();
    out["premium_progress_bar_enabled"] = false;
    out["nsfw"] = false;
    return out;
}

Json guild_create_object(const World& world, const Guild& guild, UserId bot, bool all_members) {
    Json out = guild_object(guild);
    const auto* self = guild.member(bot);
    out["joined_at"] = iso8601(self != nullptr ? self->joined_at : guild.created_at);
    out["large"] = false;
    out["unavailable"] = false;
    out["member_count"] = guild.members.size();
    for (const auto* key :
         {"threads", "presences", "stage_instances", "guild_scheduled_events", "soundboard_sounds"}) {
        out[key] = Json::array();
    }
    out["channels"] = Json::array();
    for (const auto& [id, channel] : guild.channels)
        out["channels"].push_back(channel_object(channel, world));
    out["voice_states"] = Json::array();
    for (const auto& [id, state] : guild.voice_states) {
        out["voice_states"].push_back(voice_state_object(world, guild, state, false));
    }
    out["members"] = Json::array();
    for (const auto& [id, member] : guild.members) {
        if (all_members || id == bot || guild.voice_states.contains(id)) {
            out["members"].push_back(member_object(world, guild, member));
        }
    }
    return out;
}

Json message_object(const World& world, const Message& message) {
    Json out{{"id", base::to_string(message.id)},
             {"channel_id", base::to_string(message.channel)},
             {"author", user_object(world.user(message.author))},
             {"type", message.type},
             {"content", message.content},
             {"timestamp", iso8601(message.sent_at)},
             {"edited_timestamp", message.edited_at ? Json(iso8601(*message.edited_at)) : Json(nullptr)},
             {"tts", false},
             {"mention_everyone", false},
             {"mentions", Json::array()},
             {"mention_roles", Json::array()},
             {"attachments", message.attachments},
             {"embeds", message.embeds},
             {"components", message.components},
             {"pinned", false},
             {"flags", message.flags}};
    if (!message.nonce.empty()) out["nonce"] = message.nonce;
    if (message.application) {
        out["application_id"] = base::to_string(message.application);
        out["webhook_id"] = base::to_string(message.application);
    }
    if (!message.interaction.is_null()) {
        out["interaction"] = message.interaction;
        out["interaction_metadata"] = {{"id", member_of(message.interaction, "id")},
                                       {"type", member_of(message.interaction, "type")},
                                       {"user", member_of(message.interaction, "user")},
                                       {"authorizing_integration_owners", Json::object()}};
    }
    return out;
}

Json message_event(const World& world, const Message& message) {
    Json out = message_object(world, message);
    const auto* guild = world.guild(message.guild);
    if (guild == nullptr) return out;
    out["guild_id"] = base::to_string(guild->id);
    if (const auto* member = guild->member(message.author)) {
        out["member"] = member_object(world, *guild, *member);
        out["member"].erase("user");
    }
    return out;
}

Json application_object(const World& world, const Bot& bot) {
    const User& user = world.user(bot.user());
    Json owner = user_object(user);
    for (const auto& [id, candidate] : world.users) {
        if (!candidate.bot) {
            owner = user_object(candidate);
            break;
        }
    }
    return {{"id", base::to_string(bot.id)},
            {"name", bot.name},
            {"icon", nullptr},
            {"description", "A bot of the sandbox"},
            {"summary", ""},
            {"bot_public", true},
            {"bot_require_code_grant", false},
            {"verify_key", std::string(64, '0')},
            {"flags", 0},
            {"hook", true},
            {"approximate_guild_count", world.guilds.size()},
            {"interactions_endpoint_url", nullptr},
            {"redirect_uris", Json::array()},
            {"team", nullptr},
            {"bot", user_object(user)},
            {"owner", std::move(owner)}};
}

}  // namespace bandstand::sandbox
