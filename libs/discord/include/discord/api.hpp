#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "discord/message.hpp"
#include "discord/models.hpp"
#include "discord/rest_client.hpp"
#include "runtime/task.hpp"

namespace bandstand::discord {

struct SessionStartLimit {
    std::uint32_t total = 0;
    std::uint32_t remaining = 0;
    base::Duration reset_after{};
    std::uint32_t max_concurrency = 1;
};
struct GatewayBot {
    std::string url;
    std::uint32_t shards = 1;
    SessionStartLimit session_start_limit;
};
struct RegisteredCommand {
    std::string id;
    std::string version;
    std::string name;
};

/// An interaction is answered within 3 s or never (discord-rest: "Interactions").
constexpr base::Duration kInteractionWindow = std::chrono::seconds{3};

/// The endpoints in use, typed. One per bot identity.
class Api {
public:
    explicit Api(RestClient& rest) : rest_{rest} {}

    runtime::Task<base::Result<GatewayBot>> gateway_bot();
    runtime::Task<base::Result<User>> current_user();
    runtime::Task<base::Result<std::vector<RegisteredCommand>>> global_commands(ApplicationId application);
    runtime::Task<base::Result<std::vector<RegisteredCommand>>> overwrite_global_commands(
        ApplicationId application, std::vector<CommandDefinition> commands);
    /// `within` is what is left of the interaction window. Never repeated after it.
    runtime::Task<base::Result<void>> answer_interaction(InteractionId interaction, std::string token,
                                                         Callback callback, base::Duration within);
    runtime::Task<base::Result<MessageId>> edit_original(ApplicationId application, std::string token,
                                                         OutgoingMessage message);
    runtime::Task<base::Result<MessageId>> follow_up(ApplicationId application, std::string token,
                                                     OutgoingMessage message);
    /// `nonce` (at most 25 characters) keeps a repeated send from posting twice.
    runtime::Task<base::Result<MessageId>> create_message(ChannelId channel, OutgoingMessage message,
                                                          std::string nonce);
    runtime::Task<base::Result<void>> edit_message(ChannelId channel, MessageId id, OutgoingMessage message);
    /// Becomes a speaker of the stage that the bot is on; needs MUTE_MEMBERS there.
    runtime::Task<base::Result<void>> unsuppress(GuildId guild, ChannelId channel);

private:
    RestClient& rest_;
};

}  // namespace bandstand::discord
