#include "sandbox/discord/permissions.hpp"

#include <algorithm>

#include "sandbox/discord/world.hpp"

namespace bandstand::sandbox {
namespace {

constexpr Permissions kLeftInTimeOut = permission::kViewChannel | permission::kReadMessageHistory;
constexpr Permissions kNeedsConnect =
    permission::kSpeak | permission::kMuteMembers | permission::kDeafenMembers | permission::kMoveMembers |
    permission::kUseVad | permission::kRequestToSpeak | permission::kPrioritySpeaker;

Permissions with_overwrites(Permissions held, const Guild& guild, const Channel& channel,
                            const Member& member) {
    Permissions role_deny = 0;
    Permissions role_allow = 0;
    const Overwrite* own = nullptr;
    for (const auto& overwrite : channel.overwrites) {
        if (overwrite.for_member) {
            if (overwrite.id == member.user.value()) own = &overwrite;
        } else if (overwrite.id == guild.id.value()) {
            held = (held & ~overwrite.deny) | overwrite.allow;
        } else if (std::ranges::find(member.roles, RoleId{overwrite.id}) != member.roles.end()) {
            role_deny |= overwrite.deny;
            role_allow |= overwrite.allow;
        }
    }
    held = (held & ~role_deny) | role_allow;
    if (own != nullptr) held = (held & ~own->deny) | own->allow;
    return held;
}

}  // namespace

Permissions base_permissions(const Guild& guild, const Member& member) {
    if (guild.owner == member.user) return permission::kAll;
    Permissions held = 0;
    for (const auto& [id, role] : guild.roles) {
        const bool has =
            id.value() == guild.id.value() || std::ranges::find(member.roles, id) != member.roles.end();
        if (has) held |= role.permissions;
    }
    return allows(held, permission::kAdministrator) ? permission::kAll : held;
}

Permissions permissions_in(const Guild& guild, const Channel& channel, const Member& member, bool timed_out) {
    Permissions held = base_permissions(guild, member);
    if (held == permission::kAll) return held;
    held = with_overwrites(held, guild, channel, member);
    if (timed_out) held &= kLeftInTimeOut;
    if (!allows(held, permission::kViewChannel)) return 0;
    if (channel.is_voice() && !allows(held, permission::kConnect)) held &= ~kNeedsConnect;
    return held;
}

}  // namespace bandstand::sandbox
