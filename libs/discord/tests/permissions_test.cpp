#include "discord/permissions.hpp"

#include <gtest/gtest.h>

#include "discord/models.hpp"

namespace bandstand::discord {
namespace {

constexpr GuildId kGuild{1};
constexpr std::uint64_t kDj = 20;
constexpr std::uint64_t kBotRole = 21;
constexpr UserId kOwner{30};
constexpr UserId kBot{31};

Guild guild(Permissions everyone, Permissions dj = 0) {
    Guild made;
    made.id = kGuild;
    made.owner = kOwner;
    made.roles = {
        {RoleId{1}, "@everyone", everyone}, {RoleId{kDj}, "DJ", dj}, {RoleId{kBotRole}, "Bandstand", 0}};
    return made;
}
Channel channel(std::vector<Overwrite> overwrites = {}) {
    Channel made;
    made.id = ChannelId{50};
    made.overwrites = std::move(overwrites);
    return made;
}
Member member(UserId id, std::vector<std::uint64_t> roles = {}) {
    Member made;
    made.user.id = id;
    for (const auto role : roles) made.roles.emplace_back(role);
    return made;
}

TEST(EffectivePermissions, TheOwnerMayDoEverything) {
    EXPECT_EQ(effective_permissions(guild(0), channel(), member(kOwner)), kEveryPermission);
}

TEST(EffectivePermissions, AnAdministratorMayDoEverythingWhateverTheChannelDenies) {
    const auto denied =
        channel({{.id = 1, .for_member = false, .allow = 0, .deny = kViewChannel | kConnect}});
    EXPECT_EQ(effective_permissions(guild(0, kAdministrator), denied, member(kBot, {kDj})), kEveryPermission);
}

TEST(EffectivePermissions, RolesAddUp) {
    EXPECT_EQ(effective_permissions(guild(kViewChannel, kConnect), channel(), member(kBot, {kDj})),
              kViewChannel | kConnect);
    EXPECT_EQ(effective_permissions(guild(kViewChannel, kConnect), channel(), member(kBot)), kViewChannel);
}

TEST(EffectivePermissions, ARoleMayWinBackWhatEveryoneIsDenied) {
    const auto room = channel({{.id = 1, .for_member = false, .allow = 0, .deny = kConnect},
                               {.id = kDj, .for_member = false, .allow = kConnect, .deny = 0}});
    const auto everyone = guild(kViewChannel | kConnect);
    EXPECT_EQ(effective_permissions(everyone, room, member(kBot, {kDj})) & kConnect, kConnect);
    EXPECT_EQ(effective_permissions(everyone, room, member(kBot)) & kConnect, 0U);
}

TEST(EffectivePermissions, AmongRolesAllowingWinsWhateverTheirOrder) {
    const auto room = channel({{.id = kDj, .for_member = false, .allow = kConnect, .deny = 0},
                               {.id = kBotRole, .for_member = false, .allow = 0, .deny = kConnect}});
    EXPECT_EQ(effective_permissions(guild(kViewChannel), room, member(kBot, {kDj, kBotRole})) & kConnect,
              kConnect);
}

TEST(EffectivePermissions, TheMembersOwnOverwriteHasTheLastWord) {
    const auto room = channel({{.id = kBot.value(), .for_member = true, .allow = 0, .deny = kConnect},
                               {.id = kDj, .for_member = false, .allow = kConnect, .deny = 0}});
    EXPECT_EQ(effective_permissions(guild(kViewChannel), room, member(kBot, {kDj})) & kConnect, 0U);
}

TEST(EffectivePermissions, WhoCannotViewAChannelCanDoNothingThere) {
    EXPECT_EQ(effective_permissions(guild(kConnect | kSpeak), channel(), member(kBot)), 0U);
}

TEST(EffectivePermissions, ATimedOutMemberOnlyLooks) {
    EXPECT_EQ(effective_permissions(guild(kViewChannel | kConnect | kSpeak), channel(), member(kBot), true),
              kViewChannel);
}

TEST(PermissionNames, AreThoseOfDiscordsSettings) {
    EXPECT_EQ(permission_names(kViewChannel | kSpeak), "View Channel, Speak");
}

}  // namespace
}  // namespace bandstand::discord
