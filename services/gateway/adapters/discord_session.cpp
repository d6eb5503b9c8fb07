#include "adapters/discord_session.hpp"

namespace bandstand::gateway {
namespace {

using base::Result;
using runtime::Task;

discord::RestOptions rest_options(const DiscordSession::Options& options) {
    discord::RestOptions rest;
    rest.api_url = options.api_url;
    rest.token = options.token;
    rest.ca_file = options.ca_file;
    return rest;
}

discord::ShardManagerOptions shard_options(const DiscordSession::Options& options) {
    discord::ShardManagerOptions shards;
    shards.token = options.token;
    shards.shard_count = options.shard_count;
    shards.compression = options.compression;
    shards.ca_file = options.ca_file;
    return shards;
}

}  // namespace

DiscordSession::DiscordSession(const runtime::Context& context, const Options& options,
                               discord::ShardManager::OnEvent on_event)
    : rest_{context, rest_options(options)},
      api_{rest_},
      shards_{context, api_, shard_options(options), std::move(on_event)} {}

Task<Result<void>> DiscordSession::acknowledge(base::InteractionId interaction, std::string token,
                                               discord::Callback callback, base::Duration within) {
    return api_.answer_interaction(interaction, std::move(token), std::move(callback), within);
}

Task<Result<base::MessageId>> DiscordSession::edit_answer(domain::Reply reply,
                                                          discord::OutgoingMessage message) {
    return api_.edit_original(reply.application, std::move(reply.token), std::move(message));
}

Task<Result<base::MessageId>> DiscordSession::follow_up(domain::Reply reply,
                                                        discord::OutgoingMessage message) {
    return api_.follow_up(reply.application, std::move(reply.token), std::move(message));
}

Task<Result<base::MessageId>> DiscordSession::send(base::ChannelId channel, discord::OutgoingMessage message,
                                                   std::string nonce) {
    return api_.create_message(channel, std::move(message), std::move(nonce));
}

Task<Result<void>> DiscordSession::edit(base::ChannelId channel, base::MessageId id,
                                        discord::OutgoingMessage message) {
    return api_.edit_message(channel, id, std::move(message));
}

Task<Result<void>> DiscordSession::become_speaker(base::GuildId guild, base::ChannelId stage) {
    return api_.unsuppress(guild, stage);
}

Result<void> DiscordSession::update_voice_state(base::GuildId guild, base::ChannelId channel,
                                                bool self_deaf) {
    return shards_.update_voice_state(guild, channel, self_deaf);
}

Task<Result<std::vector<discord::RegisteredCommand>>> DiscordSession::commands(
    base::ApplicationId application) {
    return api_.global_commands(application);
}

Task<Result<std::vector<discord::RegisteredCommand>>> DiscordSession::register_commands(
    base::ApplicationId application, std::vector<discord::CommandDefinition> commands) {
    return api_.overwrite_global_commands(application, std::move(commands));
}

}  // namespace bandstand::gateway
