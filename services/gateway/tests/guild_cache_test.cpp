#include "domain/guild_cache.hpp"

#include <gtest/gtest.h>

#include "domain/signals.hpp"
#include "tests/builders.hpp"

namespace bandstand::gateway::domain {
namespace {

using namespace test;
using Arrival = GuildCache::Arrival;

template <class T>
std::vector<T> only(const std::vector<Signal>& signals) {
    std::vector<T> found;
    for (const auto& signal : signals) {
        if (const auto* wanted = std::get_if<T>(&signal)) found.push_back(*wanted);
    }
    return found;
}

TEST(GuildCache, TellsAJoinFromTheLoadAfterLogin) {
    GuildCache cache;
    cache.on_ready(ready({kGuild}));
    EXPECT_EQ(cache.on_guild_create(lounge()), Arrival::known);
    auto other = lounge();
    other.id = base::GuildId{42};
    EXPECT_EQ(cache.on_guild_create(std::move(other)), Arrival::joined);
}

TEST(GuildCache, AReturnFromAnOutageIsNoJoin) {
    auto cache = cache_of(lounge());
    EXPECT_FALSE(cache.on_guild_delete({kGuild, true}));
    EXPECT_FALSE(cache.find(kGuild)->available);
    EXPECT_EQ(cache.on_guild_create(lounge()), Arrival::known);
    EXPECT_TRUE(cache.find(kGuild)->available);
}

TEST(GuildCache, ForgetsAGuildThatRemovedTheBot) {
    auto cache = cache_of(lounge());
    EXPECT_TRUE(cache.on_guild_delete({kGuild, false}));
    EXPECT_EQ(cache.find(kGuild), nullptr);
    EXPECT_EQ(cache.on_guild_create(lounge()), Arrival::joined) << "invited again";
}

TEST(GuildCache, CountsListenersWithoutBotsAndOccupantsWithThem) {
    const auto cache =
        cache_of(lounge({in_voice(kAlice, kStage), in_voice(kBob, kStage), in_voice(kBot, kStage),
                         in_voice(base::UserId{33}, kStage, true), in_voice(base::UserId{34}, kBooth)}));
    EXPECT_EQ(cache.listeners(kGuild, kStage), 2U);
    EXPECT_EQ(cache.occupants(kGuild, kStage), 4U);
}

TEST(GuildCache, FollowsRolesChannelsAndItsOwnMember) {
    auto cache = cache_of(lounge());
    const auto may = [&cache] { return *cache.own_permissions(kGuild, kStage, {}); };
    EXPECT_NE(may() & discord::kConnect, 0U);
    cache.on_role({kGuild, {kBotRole, "Bandstand", discord::kViewChannel}});
    EXPECT_EQ(may() & discord::kConnect, 0U);
    cache.on_role({kGuild, {base::RoleId{80}, "DJ", discord::kConnect}});
    discord::MemberChanged promoted{kGuild, {}};
    promoted.member.user.id = kBot;
    promoted.member.roles = {kBotRole, base::RoleId{80}};
    cache.on_member(promoted);
    EXPECT_NE(may() & discord::kConnect, 0U);
    cache.on_role_deleted({kGuild, base::RoleId{80}});
    EXPECT_EQ(may() & discord::kConnect, 0U);
    cache.on_channel_deleted({kGuild, kStage});
    EXPECT_EQ(cache.own_permissions(kGuild, kStage, {}), std::nullopt);
}

TEST(Signals, ThePlayerHearsWhereItsBotIsAndWhoListens) {
    auto cache = cache_of(lounge({in_voice(kAlice, kStage)}));
    const auto state = in_voice(kBot, kStage, true);
    const auto before = cache.on_voice_state(state);
    const auto signals = signals_of(state, before, cache);
    ASSERT_EQ(only<OwnVoiceState>(signals).size(), 1U);
    EXPECT_EQ(only<OwnVoiceState>(signals)[0].session_id, "session-11");
    ASSERT_EQ(only<Occupancy>(signals).size(), 1U);
    EXPECT_EQ(only<Occupancy>(signals)[0].listeners, 1U);
}

TEST(Signals, ADisconnectIsAStateWithoutAChannel) {
    auto cache = cache_of(lounge({in_voice(kBot, kStage, true)}));
    const auto gone = in_voice(kBot, {}, true);
    const auto before = cache.on_voice_state(gone);
    const auto signals = signals_of(gone, before, cache);
    ASSERT_EQ(signals.size(), 1U);
    EXPECT_FALSE(only<OwnVoiceState>(signals)[0].channel);
    EXPECT_FALSE(cache.voice_channel_of(kGuild, kBot));
}

TEST(Signals, PeopleWhoComeAndGoChangeTheOccupancy) {
    auto cache = cache_of(lounge({in_voice(kBot, kStage, true), in_voice(kAlice, kStage)}));
    const auto move = [&cache](discord::VoiceState state) {
        const auto before = cache.on_voice_state(state);
        return only<Occupancy>(signals_of(state, before, cache));
    };
    ASSERT_EQ(move(in_voice(kBob, kStage)).size(), 1U);
    EXPECT_EQ(move(in_voice(kAlice, kBooth)).at(0).listeners, 1U) << "to another channel";
    EXPECT_EQ(move(in_voice(kBob, {})).at(0).listeners, 0U);
    EXPECT_TRUE(move(in_voice(kAlice, {})).empty()) << "left a channel that is not ours";
    EXPECT_TRUE(move(in_voice(base::UserId{33}, kStage, true)).empty()) << "a bot";
}

TEST(Signals, MutingIsNoChangeOfOccupancy) {
    auto cache = cache_of(lounge({in_voice(kBot, kStage, true), in_voice(kAlice, kStage)}));
    auto deafened = in_voice(kAlice, kStage);
    deafened.deafened = true;
    const auto before = cache.on_voice_state(deafened);
    EXPECT_TRUE(signals_of(deafened, before, cache).empty());
}

}  // namespace
}  // namespace bandstand::gateway::domain
