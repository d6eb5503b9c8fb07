#include "sandbox/discord/permissions.hpp"

#include "sandbox/tests/builders.hpp"

namespace bandstand::sandbox {
namespace {

using namespace testing;

class PermissionsTest : public ::testing::Test {
protected:
    PermissionsTest()
        : guild_{guild_named(world_, "Lounge")}, channel_{*world_.find_channel(guild_, "Stage")} {}

    Permissions bobs() const { return permissions_in(guild_, channel_, *guild_.member(bob_)); }
    void overwrite(std::uint64_t id, bool for_member, Permissions allow, Permissions deny) {
        channel_.overwrites.push_back({.id = id, .for_member = for_member, .allow = allow, .deny = deny});
    }

    World world_ = default_world();
    Guild& guild_;
    Channel& channel_;
    UserId bob_ = user_named(world_, "bob");
};

TEST_F(PermissionsTest, TheOwnerMayDoEverythingWhateverTheChannelSays) {
    overwrite(guild_.id.value(), false, 0, permission::kViewChannel);
    EXPECT_EQ(permissions_in(guild_, channel_, *guild_.member(guild_.owner)), permission::kAll);
}

TEST_F(PermissionsTest, WithoutViewChannelNothingIsLeft) {
    overwrite(guild_.id.value(), false, 0, permission::kViewChannel);
    EXPECT_EQ(bobs(), 0U);
}

TEST_F(PermissionsTest, WithoutConnectNoVoiceRightIsLeft) {
    overwrite(guild_.id.value(), false, 0, permission::kConnect);
    EXPECT_FALSE(allows(bobs(), permission::kSpeak));
    EXPECT_TRUE(allows(bobs(), permission::kViewChannel));
}

TEST_F(PermissionsTest, TheMembersOwnOverwriteWinsOverItsRolesWhichWinOverEveryone) {
    const RoleId role{77};
    guild_.roles[role] = {.id = role, .name = "quiet"};
    guild_.member(bob_)->roles = {role};
    overwrite(guild_.id.value(), false, 0, permission::kSpeak);
    EXPECT_FALSE(allows(bobs(), permission::kSpeak));
    overwrite(role.value(), false, permission::kSpeak, 0);
    EXPECT_TRUE(allows(bobs(), permission::kSpeak));
    overwrite(bob_.value(), true, 0, permission::kSpeak);
    EXPECT_FALSE(allows(bobs(), permission::kSpeak));
}

TEST_F(PermissionsTest, AllowOfOneRoleBeatsDenyOfAnother) {
    guild_.roles[RoleId{71}] = {.id = RoleId{71}, .name = "a"};
    guild_.roles[RoleId{72}] = {.id = RoleId{72}, .name = "b"};
    guild_.member(bob_)->roles = {RoleId{71}, RoleId{72}};
    overwrite(71, false, permission::kSpeak, 0);
    overwrite(72, false, 0, permission::kSpeak);
    EXPECT_TRUE(allows(bobs(), permission::kSpeak));
}

TEST_F(PermissionsTest, ATimedOutMemberKeepsOnlySeeingAndReading) {
    const auto held = permissions_in(guild_, channel_, *guild_.member(bob_), true);
    EXPECT_EQ(held, permission::kViewChannel | permission::kReadMessageHistory);
}

TEST_F(PermissionsTest, ABotHasWhatItsInviteAskedFor) {
    const auto& bot = world_.bots.begin()->second;
    const auto held = permissions_in(guild_, channel_, *guild_.member(bot.user()));
    EXPECT_TRUE(allows(held, permission::kConnect | permission::kSpeak | permission::kMuteMembers));
    EXPECT_FALSE(allows(held, permission::kMoveMembers));
}

}  // namespace
}  // namespace bandstand::sandbox
