#include "domain/guild_cache.hpp"

#include <algorithm>
#include <utility>

namespace bandstand::gateway::domain {

void GuildCache::on_ready(const discord::Ready& ready) {
    self_ = ready.user.id;
    expected_.insert(ready.guilds.begin(), ready.guilds.end());
}

GuildCache::Arrival GuildCache::on_guild_create(discord::Guild guild) {
    const auto id = guild.id;
    const bool expected = expected_.erase(id) > 0;
    const auto arrival = expected || guilds_.contains(id) ? Arrival::known : Arrival::joined;
    auto& entry = guilds_[id];
    if (guild.unavailable) {
        entry.guild.id = id;
        entry.available = false;
        return arrival;
    }
    entry = Entry{};
    for (auto& channel : std::exchange(guild.channels, {}))
        entry.channels.emplace(channel.id, std::move(channel));
    for (auto& state : std::exchange(guild.voice_states, {}))
        entry.voice_states.emplace(state.user, std::move(state));
    for (auto& member : std::exchange(guild.members, {})) {
        if (member.user.id == self_) entry.own_member = std::move(member);
    }
    entry.own_member.user.id = self_;
    entry.guild = std::move(guild);
    return arrival;
}

void GuildCache::on_guild_update(const discord::Guild& guild) {
    const auto found = guilds_.find(guild.id);
    if (found == guilds_.end()) return;
    auto& held = found->second.guild;
    held.name = guild.name;
    held.owner = guild.owner;
    if (!guild.roles.empty()) held.roles = guild.roles;
}

bool GuildCache::on_guild_delete(const discord::GuildDelete& gone) {
    if (!gone.unavailable) {
        guilds_.erase(gone.guild);
        expected_.erase(gone.guild);
        return true;
    }
    auto& entry = guilds_[gone.guild];
    entry.guild.id = gone.guild;
    entry.available = false;
    entry.voice_states.clear();
    return false;
}

void GuildCache::on_role(const discord::RoleChanged& changed) {
    const auto found = guilds_.find(changed.guild);
    if (found == guilds_.end()) return;
    auto& roles = found->second.guild.roles;
    const auto role = std::ranges::find(roles, changed.role.id, &discord::Role::id);
    if (role == roles.end()) {
        roles.push_back(changed.role);
    } else {
        *role = changed.role;
    }
}

void GuildCache::on_role_deleted(const discord::RoleDeleted& deleted) {
    const auto found = guilds_.find(deleted.guild);
    if (found == guilds_.end()) return;
    std::erase_if(found->second.guild.roles,
                  [&](const discord::Role& role) { return role.id == deleted.role; });
    std::erase(found->second.own_member.roles, deleted.role);
}

void GuildCache::on_channel(discord::Channel channel) {
    const auto found = guilds_.find(channel.guild);
    if (found != guilds_.end()) found->second.channels[channel.id] = std::move(channel);
}

void GuildCache::on_channel_deleted(const discord::ChannelDeleted& deleted) {
    const auto found = guilds_.find(deleted.guild);
    if (found != guilds_.end()) found->second.channels.erase(deleted.channel);
}

void GuildCache::on_member(const discord::MemberChanged& changed) {
    const auto found = guilds_.find(changed.guild);
    if (found != guilds_.end() && changed.member.user.id == self_) found->second.own_member = changed.member;
}

std::optional<discord::VoiceState> GuildCache::on_voice_state(discord::VoiceState state) {
    const auto found = guilds_.find(state.guild);
    if (found == guilds_.end()) return std::nullopt;
    auto& states = found->second.voice_states;
    std::optional<discord::VoiceState> before;
    if (const auto old = states.find(state.user); old != states.end()) {
        before = std::move(old->second);
        states.erase(old);
    }
    if (state.channel) states.emplace(state.user, std::move(state));
    return before;
}

const GuildCache::Entry* GuildCache::find(base::GuildId guild) const {
    const auto found = guilds_.find(guild);
    return found == guilds_.end() ? nullptr : &found->second;
}

const discord::Channel* GuildCache::channel(base::GuildId guild, base::ChannelId channel) const {
    const auto* entry = find(guild);
    if (entry == nullptr) return nullptr;
    const auto found = entry->channels.find(channel);
    return found == entry->channels.end() ? nullptr : &found->second;
}

base::ChannelId GuildCache::voice_channel_of(base::GuildId guild, base::UserId user) const {
    const auto* entry = find(guild);
    if (entry == nullptr) return {};
    const auto found = entry->voice_states.find(user);
    return found == entry->voice_states.end() ? base::ChannelId{} : found->second.channel;
}

std::uint32_t GuildCache::listeners(base::GuildId guild, base::ChannelId channel) const {
    const auto* entry = find(guild);
    if (entry == nullptr) return 0;
    return static_cast<std::uint32_t>(std::ranges::count_if(entry->voice_states, [&](const auto& state) {
        return state.second.channel == channel && !state.second.bot && state.first != self_;
    }));
}

std::uint32_t GuildCache::occupants(base::GuildId guild, base::ChannelId channel) const {
    const auto* entry = find(guild);
    if (entry == nullptr) return 0;
    return static_cast<std::uint32_t>(std::ranges::count_if(
        entry->voice_states, [&](const auto& state) { return state.second.channel == channel; }));
}

std::optional<discord::Permissions> GuildCache::own_permissions(base::GuildId guild, base::ChannelId channel,
                                                                base::WallTime now) const {
    const auto* entry = find(guild);
    const auto* where = this->channel(guild, channel);
    if (entry == nullptr || where == nullptr) return std::nullopt;
    const auto& until = entry->own_member.timed_out_until;
    return discord::effective_permissions(entry->guild, *where, entry->own_member, until && *until > now);
}

}  // namespace bandstand::gateway::domain
