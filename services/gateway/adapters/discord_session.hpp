#pragma once

#include <string>
#include <utility>

#include "discord/api.hpp"
#include "discord/rest_client.hpp"
#include "discord/shard_manager.hpp"
#include "ports/discord_actions.hpp"
#include "runtime/context.hpp"

namespace bandstand::gateway {

/// One bot identity at Discord: its REST client and its shards.
class DiscordSession final : public ports::DiscordActions {
public:
    struct Options {
        std::string api_url;
        std::string ca_file;
        base::Secret token;
        std::uint32_t shard_count = 0;
        discord::Compression compression = discord::Compression::zstd_stream;
    };
    DiscordSession(const runtime::Context& context, const Options& options,
                   discord::ShardManager::OnEvent on_event);

    discord::ShardManager& shards() { return shards_; }
    std::string why_not_ready() const { return shards_.why_not_ready(); }

    runtime::Task<base::Result<void>> acknowledge(base::InteractionId interaction, std::string token,
                                                  discord::Callback callback, base::Duration within) override;
    runtime::Task<base::Result<base::MessageId>> edit_answer(domain::Reply reply,
                                                             discord::OutgoingMessage message) override;
    runtime::Task<base::Result<base::MessageId>> follow_up(domain::Reply reply,
                                                           discord::OutgoingMessage message) override;
    runtime::Task<base::Result<base::MessageId>> send(base::ChannelId channel,
                                                      discord::OutgoingMessage message,
                                                      std::string nonce) override;
    runtime::Task<base::Result<void>> edit(base::ChannelId channel, base::MessageId id,
                                           discord::OutgoingMessage message) override;
    runtime::Task<base::Result<void>> become_speaker(base::GuildId guild, base::ChannelId stage) override;
    base::Result<void> update_voice_state(base::GuildId guild, base::ChannelId channel,
                                          bool self_deaf) override;
    runtime::Task<base::Result<std::vector<discord::RegisteredCommand>>> commands(
        base::ApplicationId application) override;
    runtime::Task<base::Result<std::vector<discord::RegisteredCommand>>> register_commands(
        base::ApplicationId application, std::vector<discord::CommandDefinition> commands) override;

private:
    discord::RestClient rest_;
    discord::Api api_;
    discord::ShardManager shards_;
};

}  // namespace bandstand::gateway
