#include "app/bot.hpp"

#include <utility>

#include "app/command_registration.hpp"

namespace bandstand::gateway {
namespace {

constexpr base::Duration kRegisterAgain = std::chrono::seconds{30};

}  // namespace

Bot::Bot(Parts parts)
    : parts_{parts},
      desk_{{.context = parts.context,
             .tasks = parts.tasks,
             .cache = cache_,
             .discord = parts.discord,
             .inbox = parts.inbox,
             .search = parts.search,
             .metrics = parts.metrics}} {}

void Bot::on_event(discord::ShardEvent event) {
    std::visit([this, at = event.received_at](auto&& one) { on(std::move(one), at); },
               std::move(event.dispatch.event));
}

void Bot::on(discord::Ready event, base::Instant) {
    cache_.on_ready(event);
    parts_.context.observer().log().info("bot_ready",
                                         {{"bot", event.user.name}, {"guilds", event.guilds.size()}});
    if (std::exchange(registered_, true)) return;
    in_background("commands_not_registered", register_until_done(event.application));
}

runtime::Task<base::Result<void>> Bot::register_until_done(base::ApplicationId application) {
    for (;;) {
        auto done = co_await register_commands(parts_.context, parts_.discord, parts_.registry, application);
        if (done || done.error().kind() != base::ErrorKind::unavailable) co_return done;
        parts_.context.observer().log().warn("commands_not_registered_yet",
                                             {{"detail", done.error().describe()}});
        co_await runtime::sleep_for(kRegisterAgain);
    }
}

void Bot::on(discord::GuildCreate event, base::Instant) {
    const auto guild = event.guild.id;
    const auto before = cache_.voice_channel_of(guild, cache_.self());
    const auto arrival = cache_.on_guild_create(std::move(event.guild));
    const auto* entry = cache_.find(guild);
    if (!entry->available) return;
    if (arrival == domain::GuildCache::Arrival::joined) {
        in_background("join_not_announced",
                      parts_.community.joined(guild, cache_.self(), entry->guild.name, entry->guild.owner,
                                              entry->guild.member_count));
    }
    for (auto& one : domain::signals_of_arrival(guild, cache_)) signal(guild, std::move(one));
    if (before && !cache_.voice_channel_of(guild, cache_.self())) rejoin(guild, before);
}

void Bot::rejoin(base::GuildId guild, base::ChannelId channel) {
    auto sent = parts_.discord.update_voice_state(guild, channel, true);
    if (sent) return;
    parts_.context.observer().log().warn("rejoin_not_sent",
                                         {{"guild_id", guild}, {"detail", sent.error().describe()}});
    signal(guild, domain::OwnVoiceState{});
}

void Bot::on(discord::GuildDelete event, base::Instant) {
    const bool removed = cache_.on_guild_delete(event);
    signal(event.guild, domain::GuildUnavailable{removed});
    if (removed) in_background("leave_not_announced", parts_.community.left(event.guild, cache_.self()));
}

void Bot::on(discord::VoiceStateChanged event, base::Instant) {
    const auto now = event.state;
    const auto before = cache_.on_voice_state(std::move(event.state));
    for (auto& one : domain::signals_of(now, before, cache_)) signal(now.guild, std::move(one));
    if (now.user == cache_.self()) become_speaker_if_suppressed(now);
}

void Bot::become_speaker_if_suppressed(const discord::VoiceState& own) {
    const auto* channel = cache_.channel(own.guild, own.channel);
    if (!own.suppressed || channel == nullptr || channel->type != discord::ChannelType::stage) return;
    in_background("not_a_speaker", parts_.discord.become_speaker(own.guild, own.channel));
}

void Bot::on(discord::VoiceServerChanged event, base::Instant) {
    signal(event.guild, domain::VoiceServer{std::move(event.token), std::move(event.endpoint)});
}

void Bot::on(discord::InteractionCreated event, base::Instant received_at) {
    desk_.on_interaction(std::move(event.interaction), received_at);
}

void Bot::signal(base::GuildId guild, domain::Signal signal) {
    parts_.signals.send({guild, cache_.self(), std::move(signal)});
}

void Bot::in_background(std::string_view event, runtime::Task<base::Result<void>> task) {
    const auto watch = [](runtime::Context context, std::string_view name,
                          runtime::Task<base::Result<void>> inner) -> runtime::Task<base::Result<void>> {
        auto done = co_await std::move(inner);
        if (!done) context.observer().log().error(name, {{"detail", done.error().describe()}});
        co_return base::ok();
    };
    parts_.tasks.spawn(std::string{event}, watch(parts_.context, event, std::move(task)));
}

}  // namespace bandstand::gateway
