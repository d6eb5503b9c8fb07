#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "discord/api.hpp"
#include "discord/message.hpp"
#include "discord/models.hpp"
#include "domain/player_request.hpp"
#include "runtime/task.hpp"

namespace bandstand::gateway::ports {

/// What one bot identity can do at Discord. Errors are those of libs/discord.
class DiscordActions {
public:
    virtual ~DiscordActions() = default;

    /// The first answer, within what is left of the three seconds.
    virtual runtime::Task<base::Result<void>> acknowledge(base::InteractionId interaction, std::string token,
                                                          discord::Callback callback,
                                                          base::Duration within) = 0;
    virtual runtime::Task<base::Result<base::MessageId>> edit_answer(domain::Reply reply,
                                                                     discord::OutgoingMessage message) = 0;
    virtual runtime::Task<base::Result<base::MessageId>> follow_up(domain::Reply reply,
                                                                   discord::OutgoingMessage message) = 0;
    virtual runtime::Task<base::Result<base::MessageId>> send(base::ChannelId channel,
                                                              discord::OutgoingMessage message,
                                                              std::string nonce) = 0;
    virtual runtime::Task<base::Result<void>> edit(base::ChannelId channel, base::MessageId id,
                                                   discord::OutgoingMessage message) = 0;
    virtual runtime::Task<base::Result<void>> become_speaker(base::GuildId guild, base::ChannelId stage) = 0;
    /// Queues op 4; no channel = leave.
    virtual base::Result<void> update_voice_state(base::GuildId guild, base::ChannelId channel,
                                                  bool self_deaf) = 0;
    virtual runtime::Task<base::Result<std::vector<discord::RegisteredCommand>>> commands(
        base::ApplicationId application) = 0;
    virtual runtime::Task<base::Result<std::vector<discord::RegisteredCommand>>> register_commands(
        base::ApplicationId application, std::vector<discord::CommandDefinition> commands) = 0;
};

}  // namespace bandstand::gateway::ports
