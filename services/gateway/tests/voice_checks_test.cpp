#include "domain/voice_checks.hpp"

#include <gtest/gtest.h>

#include "tests/builders.hpp"

namespace bandstand::gateway::domain {
namespace {

using namespace test;

constexpr base::WallTime kNow{};
const PlayerRequest kPlay{PlayQuery{"bach"}};
const PlayerRequest kSkip{Skip{}};

std::string_view reason(const std::optional<Refusal>& refusal) {
    return refusal ? refusal->reason : "allowed";
}

TEST(WhyNot, AllowsAPersonInAChannelWhereTheBotMayPlay) {
    const auto cache = cache_of(lounge({in_voice(kAlice, kStage)}));
    EXPECT_EQ(reason(why_not(cache, kGuild, kAlice, kPlay, kNow)), "allowed");
}

TEST(WhyNot, NeedsAServerThatDiscordHasToldUsAbout) {
    const auto cache = cache_of(lounge());
    EXPECT_EQ(reason(why_not(cache, {}, kAlice, kPlay, kNow)), "gateway.not_in_a_server");
    EXPECT_EQ(reason(why_not(cache, base::GuildId{1}, kAlice, kPlay, kNow)), "gateway.guild_unknown");
}

TEST(WhyNot, SaysWhenDiscordHasAnOutage) {
    auto cache = cache_of(lounge());
    cache.on_guild_delete({kGuild, true});
    EXPECT_EQ(reason(why_not(cache, kGuild, kAlice, kPlay, kNow)), "gateway.guild_unavailable");
}

TEST(WhyNot, NeedsAVoiceChannelToPlayIn) {
    const auto cache = cache_of(lounge());
    EXPECT_EQ(reason(why_not(cache, kGuild, kAlice, kPlay, kNow)), "gateway.not_in_voice");
    EXPECT_EQ(reason(why_not(cache, kGuild, kAlice, Join{}, kNow)), "gateway.not_in_voice");
}

TEST(WhyNot, DoesNotTakeTheBotAwayFromItsListeners) {
    const auto busy =
        cache_of(lounge({in_voice(kAlice, kBooth), in_voice(kBot, kStage, true), in_voice(kBob, kStage)}));
    const auto refusal = why_not(busy, kGuild, kAlice, kPlay, kNow);
    EXPECT_EQ(reason(refusal), "gateway.other_channel");
    EXPECT_NE(refusal->text.find("<#61>"), std::string::npos) << "it says where: " << refusal->text;
    const auto alone = cache_of(lounge({in_voice(kAlice, kBooth), in_voice(kBot, kStage, true)}));
    EXPECT_EQ(reason(why_not(alone, kGuild, kAlice, kPlay, kNow)), "allowed");
}

TEST(WhyNot, OnlyListenersControlTheMusic) {
    const auto cache = cache_of(lounge({in_voice(kBot, kStage, true), in_voice(kBob, kStage)}));
    EXPECT_EQ(reason(why_not(cache, kGuild, kAlice, kSkip, kNow)), "gateway.other_channel");
    EXPECT_EQ(reason(why_not(cache, kGuild, kBob, kSkip, kNow)), "allowed");
}

TEST(WhyNot, EverybodyMayLook) {
    const auto cache = cache_of(lounge({in_voice(kBot, kStage, true), in_voice(kBob, kStage)}));
    EXPECT_EQ(reason(why_not(cache, kGuild, kAlice, ShowQueue{1}, kNow)), "allowed");
    EXPECT_EQ(reason(why_not(cache, kGuild, kAlice, ShowNowPlaying{}, kNow)), "allowed");
    EXPECT_EQ(reason(why_not(cache, kGuild, kAlice, SetVolume{std::nullopt}, kNow)), "allowed");
    EXPECT_EQ(reason(why_not(cache, kGuild, kAlice, SetVolume{50}, kNow)), "gateway.other_channel");
}

TEST(WhyNotJoin, NamesTheMissingPermissions) {
    auto guild = lounge({in_voice(kAlice, kBooth)});
    guild.channels[2].overwrites = {
        {.id = kBot.value(), .for_member = true, .allow = 0, .deny = discord::kConnect | discord::kSpeak}};
    const auto refusal = why_not(cache_of(std::move(guild)), kGuild, kAlice, kPlay, kNow);
    ASSERT_EQ(reason(refusal), "gateway.missing_permission");
    EXPECT_NE(refusal->text.find("Connect, Speak"), std::string::npos) << refusal->text;
}

TEST(WhyNotJoin, DoesNotNeedToSpeakWhereItBecomesASpeaker) {
    auto guild = lounge();
    guild.channels[1].overwrites = {
        {.id = kBot.value(), .for_member = true, .allow = 0, .deny = discord::kSpeak}};
    EXPECT_EQ(reason(why_not_join(cache_of(std::move(guild)), kGuild, kStage, kNow)), "allowed");
}

TEST(WhyNotJoin, AFullChannelLetsNobodyIn) {
    const auto full = lounge({in_voice(kAlice, kBooth), in_voice(kBob, kBooth)});
    EXPECT_EQ(reason(why_not_join(cache_of(full), kGuild, kBooth, kNow)), "gateway.channel_full");
    auto mover = full;
    mover.roles[1].permissions |= discord::kMoveMembers;
    EXPECT_EQ(reason(why_not_join(cache_of(std::move(mover)), kGuild, kBooth, kNow)), "allowed");
    const auto inside = lounge({in_voice(kAlice, kBooth), in_voice(kBot, kBooth, true)});
    EXPECT_EQ(reason(why_not_join(cache_of(inside), kGuild, kBooth, kNow)), "allowed")
        << "it is there already";
}

TEST(WhyNotJoin, ChannelsThatAreNoVoiceChannelsAreNotJoined) {
    EXPECT_EQ(reason(why_not_join(cache_of(lounge()), kGuild, kText, kNow)), "gateway.channel_unknown");
    EXPECT_EQ(reason(why_not_join(cache_of(lounge()), kGuild, base::ChannelId{1}, kNow)),
              "gateway.channel_unknown");
}

TEST(WhyNotJoin, ATimedOutBotCannotConnect) {
    auto guild = lounge();
    guild.members[0].timed_out_until = kNow + std::chrono::hours{1};
    EXPECT_EQ(reason(why_not_join(cache_of(guild), kGuild, kStage, kNow)), "gateway.missing_permission");
    EXPECT_EQ(reason(why_not_join(cache_of(guild), kGuild, kStage, kNow + std::chrono::hours{2})), "allowed");
}

}  // namespace
}  // namespace bandstand::gateway::domain
