#pragma once

#include <cstdint>

namespace bandstand::sandbox {

struct Guild;
struct Channel;
struct Member;

/// Discord's permission bits (developer docs, "Permissions"). Written apart from libs/discord on purpose: the
/// stand-in judges that library.
using Permissions = std::uint64_t;

namespace permission {
constexpr Permissions kAdministrator = 1ULL << 3U;
constexpr Permissions kManageChannels = 1ULL << 4U;
constexpr Permissions kManageGuild = 1ULL << 5U;
constexpr Permissions kPrioritySpeaker = 1ULL << 8U;
constexpr Permissions kViewChannel = 1ULL << 10U;
constexpr Permissions kSendMessages = 1ULL << 11U;
constexpr Permissions kManageMessages = 1ULL << 13U;
constexpr Permissions kEmbedLinks = 1ULL << 14U;
constexpr Permissions kAttachFiles = 1ULL << 15U;
constexpr Permissions kReadMessageHistory = 1ULL << 16U;
constexpr Permissions kConnect = 1ULL << 20U;
constexpr Permissions kSpeak = 1ULL << 21U;
constexpr Permissions kMuteMembers = 1ULL << 22U;
constexpr Permissions kDeafenMembers = 1ULL << 23U;
constexpr Permissions kMoveMembers = 1ULL << 24U;
constexpr Permissions kUseVad = 1ULL << 25U;
constexpr Permissions kManageNicknames = 1ULL << 27U;
constexpr Permissions kManageRoles = 1ULL << 28U;
constexpr Permissions kUseApplicationCommands = 1ULL << 31U;
constexpr Permissions kRequestToSpeak = 1ULL << 32U;
constexpr Permissions kSetVoiceChannelStatus = 1ULL << 48U;
/// Every bit that Discord has defined.
constexpr Permissions kAll = (1ULL << 53U) - 1;
}  // namespace permission

/// Guild-wide: the owner and ADMINISTRATOR have everything; else @everyone and the member's roles.
Permissions base_permissions(const Guild& guild, const Member& member);

/// In one channel, with its overwrites: @everyone, then the roles together, then the member. A member whose
/// time-out lasts (`timed_out`) keeps VIEW_CHANNEL and READ_MESSAGE_HISTORY. Without VIEW_CHANNEL nothing is
/// left; without CONNECT no voice right is left.
Permissions permissions_in(const Guild& guild, const Channel& channel, const Member& member,
                           bool timed_out = false);

inline bool allows(Permissions held, Permissions wanted) {
    return (held & wanted) == wanted;
}

}  // namespace bandstand::sandbox
