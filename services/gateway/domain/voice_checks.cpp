#include "domain/voice_checks.hpp"

#include <string>

namespace bandstand::gateway::domain {
namespace {

constexpr discord::Permissions kNeeded = discord::kViewChannel | discord::kConnect | discord::kSpeak;

std::string mention(base::ChannelId channel) {
    return "<#" + base::to_string(channel) + ">";
}

bool brings_the_bot(const PlayerRequest& request) {
    return std::holds_alternative<Join>(request) || std::holds_alternative<PlayQuery>(request) ||
           std::holds_alternative<PlayUrl>(request) || std::holds_alternative<PlayAttachment>(request);
}

bool only_looks(const PlayerRequest& request) {
    const auto* volume = std::get_if<SetVolume>(&request);
    return std::holds_alternative<ShowQueue>(request) || std::holds_alternative<ShowNowPlaying>(request) ||
           (volume != nullptr && !volume->percent);
}

std::optional<Refusal> why_not_known(const GuildCache& cache, base::GuildId guild) {
    if (!guild) return Refusal{"gateway.not_in_a_server", "I play in servers only. Use this command in one."};
    const auto* entry = cache.find(guild);
    if (entry == nullptr) {
        return Refusal{"gateway.guild_unknown",
                       "I have just started and do not know this server yet. Try again in a few seconds."};
    }
    if (!entry->available) {
        return Refusal{"gateway.guild_unavailable",
                       "Discord has an outage that affects this server, so I cannot play now. Try again in a "
                       "few minutes."};
    }
    return std::nullopt;
}

// The bot is elsewhere: with people who listen, or alone and free to come.
std::optional<Refusal> why_not_move(const GuildCache& cache, base::GuildId guild, base::ChannelId bots) {
    if (cache.listeners(guild, bots) == 0) return std::nullopt;
    return Refusal{"gateway.other_channel", "I am already playing in " + mention(bots) +
                                                ". Join me there, or use `/leave` there first."};
}

}  // namespace

std::optional<Refusal> why_not_join(const GuildCache& cache, base::GuildId guild, base::ChannelId channel,
                                    base::WallTime now) {
    if (auto unknown = why_not_known(cache, guild)) return unknown;
    const auto* where = cache.channel(guild, channel);
    if (where == nullptr || !where->is_voice()) {
        return Refusal{"gateway.channel_unknown",
                       "I cannot see your voice channel. Give me the permission View Channel there, or use "
                       "another one."};
    }
    const auto granted = cache.own_permissions(guild, channel, now).value_or(0);
    // On a stage a bot becomes a speaker instead of being allowed to speak.
    const auto needed = where->type == discord::ChannelType::stage ? kNeeded & ~discord::kSpeak : kNeeded;
    if (const auto missing = needed & ~granted; missing != 0) {
        return Refusal{"gateway.missing_permission",
                       "I may not play in " + mention(channel) +
                           ". Give me there: " + discord::permission_names(missing) + "."};
    }
    const bool already_there = cache.voice_channel_of(guild, cache.self()) == channel;
    const bool may_squeeze_in = (granted & discord::kMoveMembers) != 0;
    if (!already_there && !may_squeeze_in && where->user_limit > 0 &&
        cache.occupants(guild, channel) >= where->user_limit) {
        return Refusal{"gateway.channel_full",
                       mention(channel) +
                           " is full, so I cannot come in. Raise its user limit, or use another channel."};
    }
    return std::nullopt;
}

std::optional<Refusal> why_not(const GuildCache& cache, base::GuildId guild, base::UserId user,
                               const PlayerRequest& request, base::WallTime now) {
    if (auto unknown = why_not_known(cache, guild)) return unknown;
    if (only_looks(request)) return std::nullopt;
    const auto theirs = cache.voice_channel_of(guild, user);
    const auto bots = cache.voice_channel_of(guild, cache.self());
    if (brings_the_bot(request)) {
        if (!theirs) {
            return Refusal{
                "gateway.not_in_voice",
                "You are not in a voice channel, so I do not know where to play. Join one and try again."};
        }
        if (bots && bots != theirs) {
            if (auto busy = why_not_move(cache, guild, bots)) return busy;
        }
        return why_not_join(cache, guild, theirs, now);
    }
    if (bots && bots != theirs) {
        return Refusal{"gateway.other_channel",
                       "Only people who listen can do that. Join me in " + mention(bots) + " first."};
    }
    return std::nullopt;
}

}  // namespace bandstand::gateway::domain
