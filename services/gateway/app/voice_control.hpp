#pragma once

#include <vector>

#include "app/bots.hpp"
#include "base/result.hpp"

namespace bandstand::gateway {

constexpr base::Reason kUnknownGuild{"gateway.guild_unknown"};

struct VoiceMember {
    base::UserId user;
    base::ChannelId channel;
    bool bot = false;
    bool deafened = false;
};

/// What other services ask of the Discord sessions in this process. Answers from memory.
class VoiceControl {
public:
    VoiceControl(runtime::Context context, Bots& bots) : context_{std::move(context)}, bots_{bots} {}

    /// Errors: not_found (kUnknownBot, kUnknownGuild), failed_precondition with a sentence for the person (a
    /// full channel, a missing permission), unavailable while the shard is not ready.
    base::Result<void> join(base::GuildId guild, base::UserId bot, base::ChannelId channel, bool self_deaf);
    base::Result<void> leave(base::GuildId guild, base::UserId bot);
    base::Result<std::vector<VoiceMember>> members(base::GuildId guild, base::UserId bot) const;

private:
    base::Result<Bot*> find(base::GuildId guild, base::UserId bot) const;

    runtime::Context context_;
    Bots& bots_;
};

}  // namespace bandstand::gateway
