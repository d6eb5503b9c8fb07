#pragma once

#include "app/interaction_desk.hpp"
#include "app/signal_post.hpp"
#include "discord/shard_manager.hpp"
#include "domain/guild_cache.hpp"
#include "ports/command_registry.hpp"
#include "ports/community.hpp"
#include "ports/discord_actions.hpp"
#include "runtime/context.hpp"
#include "runtime/task_group.hpp"

namespace bandstand::gateway {

/// One bot identity: keeps its cache current and turns Discord's events into signals, facts and answers. Loop
/// thread only.
class Bot {
public:
    struct Parts {
        runtime::Context context;
        runtime::TaskGroup& tasks;
        ports::DiscordActions& discord;
        ports::PlayerInbox& inbox;
        ports::LibrarySearch& search;
        ports::Community& community;
        ports::CommandRegistry& registry;
        SignalPost& signals;
        const InteractionMetrics& metrics;
    };
    explicit Bot(Parts parts);

    void on_event(discord::ShardEvent event);

    /// None before the first READY.
    base::UserId user() const { return cache_.self(); }
    const domain::GuildCache& cache() const { return cache_; }
    ports::DiscordActions& discord() { return parts_.discord; }

private:
    void on(discord::Ready event, base::Instant);
    void on(discord::Resumed, base::Instant) {}
    void on(discord::GuildCreate event, base::Instant);
    void on(discord::GuildUpdate event, base::Instant) { cache_.on_guild_update(event.guild); }
    void on(discord::GuildDelete event, base::Instant);
    void on(discord::RoleChanged event, base::Instant) { cache_.on_role(event); }
    void on(discord::RoleDeleted event, base::Instant) { cache_.on_role_deleted(event); }
    void on(discord::ChannelChanged event, base::Instant) { cache_.on_channel(std::move(event.channel)); }
    void on(discord::ChannelDeleted event, base::Instant) { cache_.on_channel_deleted(event); }
    void on(discord::MemberChanged event, base::Instant) { cache_.on_member(event); }
    void on(discord::VoiceStateChanged event, base::Instant);
    void on(discord::VoiceServerChanged event, base::Instant);
    void on(discord::InteractionCreated event, base::Instant received_at);
    void on(discord::OtherEvent, base::Instant) {}

    void signal(base::GuildId guild, domain::Signal signal);
    /// A new session lost the voice state of the old one: ask for the channel again.
    void rejoin(base::GuildId guild, base::ChannelId channel);
    void become_speaker_if_suppressed(const discord::VoiceState& own);
    /// Until Discord and the database have taken it.
    runtime::Task<base::Result<void>> register_until_done(base::ApplicationId application);
    /// Runs `task` in the background; a failure is logged under `event`.
    void in_background(std::string_view event, runtime::Task<base::Result<void>> task);

    Parts parts_;
    domain::GuildCache cache_;
    InteractionDesk desk_;
    bool registered_ = false;
};

}  // namespace bandstand::gateway
