#include "app/voice_control.hpp"

#include "domain/voice_checks.hpp"

namespace bandstand::gateway {

using base::ErrorKind;

base::Result<Bot*> VoiceControl::find(base::GuildId guild, base::UserId bot) const {
    auto* found = bots_.find(bot);
    if (found == nullptr)
        return base::fail(ErrorKind::not_found, kUnknownBot, "no session of bot", bot, "here");
    if (found->cache().find(guild) == nullptr) {
        return base::fail(ErrorKind::not_found, kUnknownGuild, "bot", bot, "is not in guild", guild);
    }
    return found;
}

base::Result<void> VoiceControl::join(base::GuildId guild, base::UserId bot, base::ChannelId channel,
                                      bool self_deaf) {
    auto found = find(guild, bot);
    if (!found) return std::unexpected(std::move(found).error());
    auto refusal = domain::why_not_join((*found)->cache(), guild, channel, context_.clock().wall_now());
    if (refusal)
        return base::fail(ErrorKind::failed_precondition, base::Reason{refusal->reason}, refusal->text);
    return (*found)->discord().update_voice_state(guild, channel, self_deaf);
}

base::Result<void> VoiceControl::leave(base::GuildId guild, base::UserId bot) {
    auto found = find(guild, bot);
    if (!found) return std::unexpected(std::move(found).error());
    return (*found)->discord().update_voice_state(guild, base::ChannelId{}, false);
}

base::Result<std::vector<VoiceMember>> VoiceControl::members(base::GuildId guild, base::UserId bot) const {
    auto found = find(guild, bot);
    if (!found) return std::unexpected(std::move(found).error());
    std::vector<VoiceMember> members;
    for (const auto& [user, state] : (*found)->cache().find(guild)->voice_states) {
        members.push_back(
            {.user = user, .channel = state.channel, .bot = state.bot, .deafened = state.deafened});
    }
    return members;
}

}  // namespace bandstand::gateway
