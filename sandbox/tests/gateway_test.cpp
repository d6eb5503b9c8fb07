#include "sandbox/discord/gateway.hpp"

#include "sandbox/discord/intents.hpp"
#include "sandbox/tests/builders.hpp"

namespace bandstand::sandbox {
namespace {

using namespace testing;
using std::chrono::milliseconds;
using std::chrono::seconds;

class GatewayTest : public ::testing::Test {
protected:
    std::uint64_t open(FakePeer& peer, std::string_view version = "10") {
        return gateway_.open(peer, version, "json", now_);
    }
    void send(std::uint64_t connection, const Json& payload) {
        gateway_.receive(connection, to_text(payload), now_);
    }
    /// A connection that sends one payload; the code with which it was closed, 0 if it was not.
    std::uint16_t code_after(const Json& payload) {
        FakePeer peer;
        const auto connection = open(peer);
        send(connection, payload);
        gateway_.closed(connection, 1000, now_);
        return peer.closed.value_or(0);
    }
    std::uint64_t ready(FakePeer& peer, const Json& payload = identify()) {
        const auto connection = open(peer);
        send(connection, payload);
        EXPECT_EQ(peer.count("READY"), 1U);
        return connection;
    }
    Json resume(const FakePeer& old, std::int64_t seq) {
        return {{"op", 6},
                {"d",
                 {{"token", "sandbox.token.1"},
                  {"session_id", old.newest("READY").at("session_id")},
                  {"seq", seq}}}};
    }
    Event channel_event(std::uint64_t intent = intent::kGuilds) {
        return {.type = "CHANNEL_UPDATE",
                .data = Json::object(),
                .guild = guild_named(world_, "Lounge").id,
                .intent = intent};
    }

    base::Instant now_ = kStart;
    World world_ = default_world();
    std::vector<std::string> lost_;
    Gateway gateway_{
        world_,
        {.voice_state = [](const auto&...) {},
         .session_lost = [this](const GatewaySession& session) { lost_.push_back(session.id); }}};
};

TEST_F(GatewayTest, GreetsWithHelloReadyAndEveryGuildAsAvailable) {
    FakePeer peer;
    gateway_.set_url("ws://here");
    ready(peer);
    EXPECT_EQ(peer.sent[0].at("op"), 10);
    const auto hello = peer.newest("READY");
    EXPECT_EQ(hello.at("guilds").size(), 2U);
    EXPECT_EQ(hello.at("resume_gateway_url"), "ws://here");
    EXPECT_TRUE(hello.at("application").contains("id"));
    EXPECT_EQ(peer.count("GUILD_CREATE"), 2U);
    const auto guild = peer.newest("GUILD_CREATE");
    EXPECT_EQ(guild.at("unavailable"), false);
    EXPECT_EQ(guild.at("members").size(), 1U) << "only the bot: nobody is in voice";
    for (std::size_t i = 1; i < peer.sent.size(); ++i)
        EXPECT_EQ(peer.sent[i].at("s"), i) << "numbered from 1";
}

TEST_F(GatewayTest, ClosesWithDiscordsCodes) {
    EXPECT_EQ(code_after(identify("wrong")), 4004);
    EXPECT_EQ(code_after(identify("sandbox.token.1", 1 << 17)), 4013);
    EXPECT_EQ(code_after(identify("sandbox.token.1", -1)), 4013);
    EXPECT_EQ(code_after(identify("sandbox.token.1", 1 << 15)), 4014);
    EXPECT_EQ(code_after({{"op", 4}, {"d", Json::object()}}), 4003);
    EXPECT_EQ(code_after({{"op", 99}, {"d", nullptr}}), 4001);
    EXPECT_EQ(code_after({{"op", 2}, {"d", {{"token", "sandbox.token.1"}}}}), 4002);
    EXPECT_EQ(code_after({{"nothing", 1}}), 4002);
    EXPECT_EQ(code_after({{"op", 1}, {"d", std::string(4096, 'x')}}), 4002);
    auto shard = identify();
    shard["d"]["shard"] = {2, 2};
    EXPECT_EQ(code_after(shard), 4010);
    FakePeer old;
    open(old, "9");
    EXPECT_EQ(old.closed, 4012);
}

TEST_F(GatewayTest, ASecondIdentifyIsRefused) {
    FakePeer peer;
    const auto connection = ready(peer);
    send(connection, identify());
    EXPECT_EQ(peer.closed, 4005);
}

TEST_F(GatewayTest, TakesAHeartbeatBeforeIdentify) {
    FakePeer peer;
    const auto connection = open(peer);
    send(connection, {{"op", 1}, {"d", nullptr}});
    EXPECT_FALSE(peer.closed);
    EXPECT_EQ(peer.sent.back().at("op"), 11);
}

TEST_F(GatewayTest, OneIdentifyPerTicketInFiveSecondsElseOp9False) {
    FakePeer first;
    ready(first);
    FakePeer second;
    const auto connection = open(second);
    send(connection, identify());
    EXPECT_FALSE(second.closed);
    ASSERT_EQ(second.with_op(9).size(), 1U);
    EXPECT_EQ(second.with_op(9)[0].at("d"), false);
    now_ += seconds{5};
    send(connection, identify());
    EXPECT_EQ(second.count("READY"), 1U);
    FakePeer other;
    ready(other, identify("sandbox.token.2"));
}

TEST_F(GatewayTest, MaxConcurrencyGivesShardsTheirOwnTickets) {
    for (auto& [id, bot] : world_.bots) bot.max_concurrency = 2;
    for (const int shard : {0, 1}) {
        FakePeer peer;
        auto payload = identify();
        payload["d"]["shard"] = {shard, 2};
        const auto connection = ready(peer, payload);
        EXPECT_EQ(peer.count("GUILD_CREATE"), 1U) << "the default guilds fall on different shards";
        EXPECT_EQ(peer.newest("READY").at("shard"), Json({shard, 2}));
        gateway_.closed(connection, 0, now_);
    }
}

TEST_F(GatewayTest, RefusesTooFewShardsWhereShardingIsRequired) {
    auto& bot = world_.bots.begin()->second;
    bot.sharding_required = true;
    bot.recommended_shards = 2;
    EXPECT_EQ(code_after(identify()), 4011);
}

TEST_F(GatewayTest, TheHundredAndTwentyFirstPayloadOfAMinuteClosesTheConnection) {
    FakePeer peer;
    const auto connection = ready(peer);
    for (int i = 0; i < 119; ++i) send(connection, {{"op", 1}, {"d", nullptr}});
    EXPECT_FALSE(peer.closed);
    send(connection, {{"op", 1}, {"d", nullptr}});
    EXPECT_EQ(peer.closed, 4008);
}

TEST_F(GatewayTest, AConnectionWithoutHeartbeatsEndsAndItsSessionIsGone) {
    FakePeer peer;
    const auto connection = ready(peer);
    now_ += seconds{61};
    gateway_.tick(now_);
    EXPECT_FALSE(peer.closed);
    now_ += seconds{1};
    gateway_.tick(now_);
    EXPECT_EQ(peer.closed, 4009);
    gateway_.closed(connection, 4009, now_);
    EXPECT_EQ(lost_.size(), 1U);
}

TEST_F(GatewayTest, AResumeRepeatsWhatWasMissedWithItsOldNumbers) {
    FakePeer old;
    const auto connection = ready(old);
    const auto seen = old.sent.back().at("s").get<std::int64_t>();
    gateway_.closed(connection, 4000, now_);
    gateway_.dispatch(channel_event());
    gateway_.dispatch(channel_event());
    FakePeer peer;
    send(open(peer), resume(old, seen));
    ASSERT_EQ(peer.sent.size(), 4U);
    EXPECT_EQ(peer.sent[1].at("s"), seen + 1);
    EXPECT_EQ(peer.sent[2].at("s"), seen + 2);
    EXPECT_EQ(peer.sent[3].at("t"), "RESUMED");
    EXPECT_TRUE(lost_.empty());
}

TEST_F(GatewayTest, RefusesResumesThatCannotBe) {
    FakePeer old;
    const auto connection = ready(old);
    gateway_.closed(connection, 0, now_);
    FakePeer ahead;
    send(open(ahead), resume(old, 99));
    EXPECT_EQ(ahead.closed, 4007);
    FakePeer unknown;
    auto payload = resume(old, 1);
    payload["d"]["session_id"] = "nobody";
    send(open(unknown), payload);
    EXPECT_EQ(unknown.with_op(9).at(0).at("d"), false);
    now_ += Gateway::kResumeWindow + seconds{1};
    gateway_.tick(now_);
    FakePeer late;
    send(open(late), resume(old, 1));
    EXPECT_EQ(late.with_op(9).at(0).at("d"), false);
    EXPECT_EQ(lost_.size(), 1U);
}

TEST_F(GatewayTest, ClosingWith1000EndsTheSession) {
    FakePeer peer;
    gateway_.closed(ready(peer), 1000, now_);
    EXPECT_EQ(lost_.size(), 1U);
}

TEST_F(GatewayTest, EventsReachOnlyTheShardWithTheGuildAndTheIntent) {
    FakePeer peer;
    ready(peer, identify("sandbox.token.1", 1));
    gateway_.dispatch(channel_event(intent::kGuilds));
    gateway_.dispatch(channel_event(intent::kGuildVoiceStates));
    EXPECT_EQ(peer.count("CHANNEL_UPDATE"), 1U);
}

TEST_F(GatewayTest, WithoutMessageContentOnlyOwnMessagesAndMentionsHaveText) {
    FakePeer peer;
    ready(peer);
    const auto bot = base::to_string(world_.bots.begin()->first);
    const auto hears = [&](std::string author, std::string content) {
        Event event = channel_event(intent::kGuildMessages);
        event.type = "MESSAGE_CREATE";
        event.data = {{"author", {{"id", author}}}, {"content", content}, {"embeds", {1}}};
        gateway_.dispatch(event);
        return peer.newest("MESSAGE_CREATE").at("content").get<std::string>();
    };
    EXPECT_EQ(hears("5", "psst"), "");
    EXPECT_EQ(hears(bot, "mine"), "mine");
    EXPECT_EQ(hears("5", "hey <@" + bot + ">"), "hey <@" + bot + ">");
}

TEST_F(GatewayTest, FaultsHitTheirTarget) {
    FakePeer peer;
    const auto connection = ready(peer);
    EXPECT_EQ(gateway_.reconnect({.bot = UserId{1}}), 0U);
    EXPECT_EQ(gateway_.reconnect({}), 1U);
    EXPECT_EQ(peer.with_op(7).size(), 1U);
    EXPECT_EQ(gateway_.drop_acks({}, true), 1U);
    send(connection, {{"op", 1}, {"d", nullptr}});
    EXPECT_TRUE(peer.with_op(11).empty());
    EXPECT_EQ(gateway_.close({}, 4000, now_), 1U);
    EXPECT_EQ(peer.closed, 4000);
    EXPECT_TRUE(lost_.empty()) << "4000 can be resumed";
}

TEST_F(GatewayTest, AWholeMemberListIsOncePerThirtySeconds) {
    for (auto& [id, bot] : world_.bots) bot.privileged_intents = intent::kGuildMembers;
    FakePeer peer;
    const auto connection = ready(peer, identify("sandbox.token.1", 3));
    const Json request{{"op", 8},
                       {"d",
                        {{"guild_id", base::to_string(guild_named(world_, "Lounge").id)},
                         {"query", ""},
                         {"limit", 0},
                         {"nonce", "n"}}}};
    send(connection, request);
    EXPECT_EQ(peer.newest("GUILD_MEMBERS_CHUNK").at("members").size(), 5U);
    EXPECT_EQ(peer.newest("GUILD_MEMBERS_CHUNK").at("nonce"), "n");
    send(connection, request);
    EXPECT_EQ(peer.newest("RATE_LIMITED").at("opcode"), 8);
}

}  // namespace
}  // namespace bandstand::sandbox
