#pragma once

#include <cstdint>
#include <string>

namespace bandstand::discord {

/// A set of permission bits, as Discord counts them (developer docs, "Permissions"): 64 bits, sent as a
/// string.
using Permissions = std::uint64_t;

constexpr Permissions kAdministrator = 1ULL << 3U;
constexpr Permissions kManageGuild = 1ULL << 5U;
constexpr Permissions kViewChannel = 1ULL << 10U;
constexpr Permissions kSendMessages = 1ULL << 11U;
constexpr Permissions kEmbedLinks = 1ULL << 14U;
constexpr Permissions kReadMessageHistory = 1ULL << 16U;
constexpr Permissions kConnect = 1ULL << 20U;
constexpr Permissions kSpeak = 1ULL << 21U;
constexpr Permissions kMuteMembers = 1ULL << 22U;
constexpr Permissions kMoveMembers = 1ULL << 24U;
constexpr Permissions kRequestToSpeak = 1ULL << 32U;
constexpr Permissions kEveryPermission = ~0ULL;

struct Guild;
struct Member;
struct Channel;

/// What `member` may do in `channel` of `guild`: owner and ADMINISTRATOR may do all; then @everyone and the
/// roles; then the channel's overwrites in Discord's order (@everyone, union of the roles, member). Without
/// VIEW_CHANNEL nothing else counts. A timed-out member keeps viewing and reading only; `timed_out` is the
/// caller's, who knows now.
Permissions effective_permissions(const Guild& guild, const Channel& channel, const Member& member,
                                  bool timed_out = false);

/// "View Channel, Connect": the names that Discord's settings show, for the bits this project asks for.
std::string permission_names(Permissions wanted);

}  // namespace bandstand::discord
