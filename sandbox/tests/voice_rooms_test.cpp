#include "sandbox/discord/voice_rooms.hpp"

#include "sandbox/discord/guilds.hpp"
#include "sandbox/tests/builders.hpp"
#include "testing/manual_clock.hpp"

namespace bandstand::sandbox {
namespace {

using namespace testing;

class VoiceRoomsTest : public ::testing::Test {
protected:
    VoiceRoomsTest() {
        rooms_.set_endpoint("localhost:1");
        connection_ = gateway_.open(peer_, "10", "json", clock_.now());
        gateway_.receive(connection_, to_text(identify()), clock_.now());
    }
    void wish(ChannelId channel) {
        const Json payload{{"op", 4},
                           {"d",
                            {{"guild_id", base::to_string(lounge_.id)},
                             {"channel_id", channel ? Json(base::to_string(channel)) : Json(nullptr)},
                             {"self_mute", false},
                             {"self_deaf", true}}}};
        gateway_.receive(connection_, to_text(payload), clock_.now());
    }
    std::size_t updates() const { return peer_.count("VOICE_STATE_UPDATE"); }
    Json state() const { return peer_.newest("VOICE_STATE_UPDATE"); }

    bandstand::testing::ManualClock clock_;
    World world_ = default_world();
    Guild& lounge_ = guild_named(world_, "Lounge");
    const Bot& bot_ = *world_.bot_with_token("sandbox.token.1");
    ChannelId stage_ = channel_named(world_, lounge_, "Stage");
    ChannelId talk_ = channel_named(world_, lounge_, "Talk");
    FakePeer peer_;
    std::uint64_t connection_ = 0;
    Gateway gateway_{
        world_,
        {.voice_state = [this](const GatewaySession& session, GuildId guild, ChannelId channel, bool mute,
                               bool deaf) { rooms_.bot_wishes(session, guild, channel, mute, deaf); },
         .session_lost = [this](const GatewaySession& session) { rooms_.session_lost(session); }}};
    VoiceServer server_{[](const UdpAddress&, base::ByteView) {}};
    VoiceRooms rooms_{world_, gateway_, server_, clock_};
    Guilds guilds_{world_, gateway_, rooms_, clock_};
};

TEST_F(VoiceRoomsTest, JoiningAStageGivesBothEventsAndMakesAnAudienceMember) {
    wish(stage_);
    EXPECT_EQ(state().at("channel_id"), base::to_string(stage_));
    EXPECT_EQ(state().at("suppress"), true);
    EXPECT_EQ(state().at("session_id"), peer_.newest("READY").at("session_id"));
    EXPECT_EQ(peer_.newest("VOICE_SERVER_UPDATE").at("endpoint"), "localhost:1");
}

TEST_F(VoiceRoomsTest, AFullChannelNoRightAndNoChannelAreSilence) {
    world_.channel(talk_)->user_limit = 1;
    ASSERT_TRUE(
        rooms_.member_joins(lounge_, user_named(world_, "bob"), *world_.channel(talk_), false, false));
    const auto before = updates();
    wish(talk_);
    wish(ChannelId{12345});
    world_.channel(stage_)->overwrites.push_back({.id = lounge_.id.value(), .deny = permission::kConnect});
    for (auto& [id, role] : lounge_.roles) role.permissions &= ~permission::kAdministrator;
    wish(stage_);
    EXPECT_EQ(updates(), before);
    EXPECT_EQ(peer_.count("VOICE_SERVER_UPDATE"), 0U);
}

TEST_F(VoiceRoomsTest, OnlyWithMuteMembersMayTheAudienceStandUp) {
    wish(stage_);
    const Json body{{"channel_id", base::to_string(stage_)}, {"suppress", false}};
    for (auto& [id, role] : lounge_.roles) role.permissions &= ~permission::kMuteMembers;
    const auto refused = rooms_.modify_state(lounge_, bot_.user(), bot_.user(), body);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, 50013);
    for (auto& [id, role] : lounge_.roles) role.permissions |= permission::kMuteMembers;
    ASSERT_TRUE(rooms_.modify_state(lounge_, bot_.user(), bot_.user(), body));
    EXPECT_EQ(state().at("suppress"), false);
}

TEST_F(VoiceRoomsTest, StandingUpElsewhereIsRefused) {
    const Json body{{"channel_id", base::to_string(stage_)}, {"suppress", false}};
    EXPECT_EQ(rooms_.modify_state(lounge_, bot_.user(), bot_.user(), body).error().code, 10065);
    wish(talk_);
    EXPECT_EQ(rooms_.modify_state(lounge_, bot_.user(), bot_.user(), body).error().code, 10065);
    const Json here{{"suppress", false}};
    EXPECT_EQ(rooms_.modify_state(lounge_, bot_.user(), bot_.user(), here).error().code, 50024);
}

TEST_F(VoiceRoomsTest, AMoveGivesANewTokenAndAKickNoChannel) {
    wish(stage_);
    const auto token = peer_.newest("VOICE_SERVER_UPDATE").at("token");
    ASSERT_TRUE(rooms_.move(lounge_, bot_.user(), *world_.channel(talk_)));
    EXPECT_EQ(state().at("channel_id"), base::to_string(talk_));
    EXPECT_NE(peer_.newest("VOICE_SERVER_UPDATE").at("token"), token);
    EXPECT_TRUE(rooms_.leave(lounge_, bot_.user()));
    EXPECT_TRUE(state().at("channel_id").is_null());
    EXPECT_FALSE(rooms_.leave(lounge_, bot_.user()));
}

TEST_F(VoiceRoomsTest, LeavingByOpFourEndsTheState) {
    wish(stage_);
    wish(ChannelId{});
    EXPECT_TRUE(state().at("channel_id").is_null());
    EXPECT_TRUE(lounge_.voice_states.empty());
}

TEST_F(VoiceRoomsTest, ALostServerIsAnnouncedAsNullAndThenReplaced) {
    wish(stage_);
    EXPECT_EQ(rooms_.lose_endpoint(lounge_, stage_), 1U);
    EXPECT_TRUE(peer_.newest("VOICE_SERVER_UPDATE").at("endpoint").is_null());
    EXPECT_EQ(rooms_.restore_endpoint(lounge_, stage_), 1U);
    EXPECT_EQ(peer_.newest("VOICE_SERVER_UPDATE").at("endpoint"), "localhost:1");
}

TEST_F(VoiceRoomsTest, DeletingTheChannelDisconnectsEverybody) {
    wish(stage_);
    guilds_.remove_channel(lounge_, stage_);
    EXPECT_TRUE(state().at("channel_id").is_null());
    EXPECT_EQ(peer_.count("CHANNEL_DELETE"), 1U);
}

TEST_F(VoiceRoomsTest, TheEndOfTheGatewaySessionEndsTheVoiceState) {
    wish(stage_);
    gateway_.closed(connection_, 1000, clock_.now());
    EXPECT_TRUE(lounge_.voice_states.empty());
}

TEST_F(VoiceRoomsTest, TheOtherBotAndMembersAreSeenByWhoListensToVoiceStates) {
    ASSERT_TRUE(
        rooms_.member_joins(lounge_, user_named(world_, "alice"), *world_.channel(stage_), false, false));
    EXPECT_EQ(state().at("member").at("user").at("username"), "alice");
    EXPECT_EQ(peer_.count("VOICE_SERVER_UPDATE"), 0U);
}

TEST_F(VoiceRoomsTest, ABotThatIsRemovedHearsGuildDeleteWithoutUnavailable) {
    guilds_.remove_bot(lounge_, bot_);
    const auto gone = peer_.newest("GUILD_DELETE");
    EXPECT_EQ(gone.at("id"), base::to_string(lounge_.id));
    EXPECT_FALSE(gone.contains("unavailable"));
    guilds_.invite(lounge_, bot_);
    EXPECT_EQ(peer_.newest("GUILD_CREATE").at("name"), "Lounge");
}

TEST_F(VoiceRoomsTest, RolesObeyTheOrder) {
    const RoleId low{500};
    lounge_.roles[low] = {.id = low, .name = "low"};
    const auto bob = user_named(world_, "bob");
    EXPECT_TRUE(guilds_.set_role(bot_, lounge_, bob, low, true));
    EXPECT_EQ(lounge_.member(bob)->roles, std::vector{low});
    EXPECT_EQ(guilds_.set_role(bot_, lounge_, bob, RoleId{lounge_.id.value()}, true).error().code, 50028);
    EXPECT_EQ(guilds_.set_role(bot_, lounge_, bob, RoleId{1}, true).error().code, 10011);
    EXPECT_EQ(guilds_.set_role(bot_, lounge_, UserId{1}, low, true).error().code, 10007);
    lounge_.roles[low].position = 99;
    EXPECT_EQ(guilds_.set_role(bot_, lounge_, bob, low, false).error().code, 50013);
}

TEST_F(VoiceRoomsTest, AnOverwriteKeepsTheIdsOfCommandsThatStay) {
    const Json play{{"name", "play"}, {"description", "Plays"}};
    const Json stop{{"name", "stop"}, {"description", "Stops"}};
    const auto first = guilds_.overwrite_commands(bot_, {}, Json::array({play, stop}));
    const auto second = guilds_.overwrite_commands(bot_, {}, Json::array({play}));
    ASSERT_TRUE(first && second);
    EXPECT_EQ(second->size(), 1U);
    EXPECT_EQ(second->at(0).at("id"), first->at(0).at("id"));
    EXPECT_NE(second->at(0).at("version"), first->at(0).at("version"));
}

}  // namespace
}  // namespace bandstand::sandbox
