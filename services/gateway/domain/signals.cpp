#include "domain/signals.hpp"

namespace bandstand::gateway::domain {
namespace {

OwnVoiceState own_state(const discord::VoiceState& state) {
    return {.channel = state.channel,
            .session_id = state.session_id,
            .muted_by_server = state.muted_by_server,
            .suppressed = state.suppressed};
}

Occupancy occupancy(base::GuildId guild, base::ChannelId channel, const GuildCache& cache) {
    return {.channel = channel, .listeners = cache.listeners(guild, channel)};
}

}  // namespace

std::vector<Signal> signals_of(const discord::VoiceState& now,
                               const std::optional<discord::VoiceState>& before, const GuildCache& cache) {
    const auto came_from = before ? before->channel : base::ChannelId{};
    const bool moved = came_from != now.channel;
    std::vector<Signal> signals;
    if (now.user == cache.self()) {
        signals.emplace_back(own_state(now));
        if (moved && now.channel) signals.emplace_back(occupancy(now.guild, now.channel, cache));
        return signals;
    }
    const auto bots = cache.voice_channel_of(now.guild, cache.self());
    const bool concerns_us = bots && moved && !now.bot && (came_from == bots || now.channel == bots);
    if (concerns_us) signals.emplace_back(occupancy(now.guild, bots, cache));
    return signals;
}

std::vector<Signal> signals_of_arrival(base::GuildId guild, const GuildCache& cache) {
    const auto* entry = cache.find(guild);
    if (entry == nullptr) return {};
    const auto own = entry->voice_states.find(cache.self());
    if (own == entry->voice_states.end()) return {};
    return {own_state(own->second), occupancy(guild, own->second.channel, cache)};
}

}  // namespace bandstand::gateway::domain
