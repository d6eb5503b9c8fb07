#pragma once

#include <string>
#include <utility>
#include <vector>

#include "discord/events.hpp"
#include "domain/guild_cache.hpp"
#include "domain/playback.hpp"

/// A guild "Lounge" with a text channel, a stage, a voice channel for two, the bot and a few members.
namespace bandstand::gateway::test {

constexpr base::GuildId kGuild{41};
constexpr base::UserId kBot{11};
constexpr base::UserId kAlice{21};
constexpr base::UserId kBob{22};
constexpr base::ApplicationId kApplication{10};
constexpr base::ChannelId kText{60};
constexpr base::ChannelId kStage{61};
constexpr base::ChannelId kBooth{62};  ///< a voice channel with a user limit of two
constexpr base::RoleId kBotRole{71};
constexpr discord::Permissions kUsual = discord::kViewChannel | discord::kConnect | discord::kSpeak |
                                        discord::kSendMessages | discord::kEmbedLinks;

inline discord::Channel channel(base::ChannelId id, discord::ChannelType type, std::string name) {
    discord::Channel made;
    made.id = id;
    made.guild = kGuild;
    made.type = type;
    made.name = std::move(name);
    made.bitrate = 64'000;
    return made;
}

inline discord::VoiceState in_voice(base::UserId user, base::ChannelId where, bool bot = false) {
    discord::VoiceState state;
    state.guild = kGuild;
    state.user = user;
    state.channel = where;
    state.bot = bot;
    state.session_id = "session-" + base::to_string(user);
    return state;
}

inline discord::Guild lounge(std::vector<discord::VoiceState> voice_states = {}) {
    discord::Guild guild;
    guild.id = kGuild;
    guild.name = "Lounge";
    guild.owner = base::UserId{99};
    guild.member_count = 4;
    guild.roles = {{base::RoleId{kGuild.value()}, "@everyone", 0}, {kBotRole, "Bandstand", kUsual}};
    guild.channels = {channel(kText, discord::ChannelType::text, "general"),
                      channel(kStage, discord::ChannelType::stage, "Stage"),
                      channel(kBooth, discord::ChannelType::voice, "Booth")};
    guild.channels[2].user_limit = 2;
    discord::Member bot;
    bot.user = {.id = kBot, .name = "Bandstand", .bot = true};
    bot.roles = {kBotRole};
    guild.members = {bot};
    guild.voice_states = std::move(voice_states);
    return guild;
}

inline discord::Ready ready(std::vector<base::GuildId> guilds = {kGuild}) {
    return {.user = {.id = kBot, .name = "Bandstand", .bot = true},
            .application = kApplication,
            .session_id = "s",
            .resume_url = "",
            .guilds = std::move(guilds)};
}

inline domain::GuildCache cache_of(discord::Guild guild) {
    domain::GuildCache cache;
    cache.on_ready(ready());
    cache.on_guild_create(std::move(guild));
    return cache;
}

inline discord::Interaction interaction(discord::InteractionType type, std::string command = {}) {
    discord::Interaction made;
    made.id = base::InteractionId{500};
    made.application = kApplication;
    made.type = type;
    made.token = "token-500";
    made.guild = kGuild;
    made.channel = kText;
    made.user = {.id = kAlice, .name = "alice"};
    made.locale = "en-US";
    made.command = std::move(command);
    return made;
}
inline discord::Interaction command(std::string name, std::vector<discord::CommandOption> options = {}) {
    auto made = interaction(discord::InteractionType::command, std::move(name));
    made.options = std::move(options);
    return made;
}
inline discord::CommandOption text(std::string name, std::string value) {
    return {.name = std::move(name), .value = std::move(value)};
}
inline discord::CommandOption number(std::string name, std::int64_t value) {
    return {.name = std::move(name), .value = value};
}
inline discord::Interaction press(std::string custom_id) {
    auto made = interaction(discord::InteractionType::component);
    made.custom_id = std::move(custom_id);
    return made;
}

inline domain::Track track(std::string entry_id, std::string title) {
    domain::Track made;
    made.entry_id = std::move(entry_id);
    made.title = std::move(title);
    made.artist = "J. S. Bach";
    made.duration = std::chrono::minutes{4};
    made.requester = kAlice;
    return made;
}
inline domain::PlayerView playing(domain::Track current) {
    domain::PlayerView view;
    view.state = domain::PlayerState::playing;
    view.current = std::move(current);
    view.voice_channel = kStage;
    return view;
}

}  // namespace bandstand::gateway::test
