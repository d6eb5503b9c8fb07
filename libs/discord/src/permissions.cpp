#include "discord/permissions.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "discord/models.hpp"

namespace bandstand::discord {
namespace {

constexpr Permissions kKeptInTimeOut = kViewChannel | kReadMessageHistory;

bool has_role(const Member& member, std::uint64_t id) {
    return std::ranges::any_of(member.roles, [id](RoleId role) { return role.value() == id; });
}

Permissions base_permissions(const Guild& guild, const Member& member) {
    Permissions granted = 0;
    for (const auto& role : guild.roles) {
        const bool everyone = role.id.value() == guild.id.value();
        if (everyone || has_role(member, role.id.value())) granted |= role.permissions;
    }
    return granted;
}

// Order: @everyone deny, allow; union of role denies, union of role allows; member deny, allow.
Permissions with_overwrites(Permissions granted, const Guild& guild, const Channel& channel,
                            const Member& member) {
    Overwrite roles;
    Overwrite own;
    for (const auto& overwrite : channel.overwrites) {
        if (overwrite.for_member) {
            if (overwrite.id == member.user.id.value()) own = overwrite;
        } else if (overwrite.id == guild.id.value()) {
            granted = (granted & ~overwrite.deny) | overwrite.allow;
        } else if (has_role(member, overwrite.id)) {
            roles.deny |= overwrite.deny;
            roles.allow |= overwrite.allow;
        }
    }
    granted = (granted & ~roles.deny) | roles.allow;
    return (granted & ~own.deny) | own.allow;
}

}  // namespace

Permissions effective_permissions(const Guild& guild, const Channel& channel, const Member& member,
                                  bool timed_out) {
    if (member.user.id == guild.owner) return kEveryPermission;
    auto granted = base_permissions(guild, member);
    if ((granted & kAdministrator) != 0) return kEveryPermission;
    granted = with_overwrites(granted, guild, channel, member);
    if ((granted & kViewChannel) == 0) return 0;
    return timed_out ? granted & kKeptInTimeOut : granted;
}

std::string permission_names(Permissions wanted) {
    static constexpr std::array<std::pair<Permissions, std::string_view>, 11> kNames{{
        {kViewChannel, "View Channel"},
        {kConnect, "Connect"},
        {kSpeak, "Speak"},
        {kMuteMembers, "Mute Members"},
        {kMoveMembers, "Move Members"},
        {kRequestToSpeak, "Request to Speak"},
        {kSendMessages, "Send Messages"},
        {kEmbedLinks, "Embed Links"},
        {kReadMessageHistory, "Read Message History"},
        {kManageGuild, "Manage Server"},
        {kAdministrator, "Administrator"},
    }};
    std::string names;
    for (const auto& [bit, text] : kNames) {
        if ((wanted & bit) == 0) continue;
        if (!names.empty()) names += ", ";
        names += text;
    }
    return names;
}

}  // namespace bandstand::discord
