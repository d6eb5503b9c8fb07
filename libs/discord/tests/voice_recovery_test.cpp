// How voice connections end, and how they are mended: the tables of close codes, moves, kicks and fail-overs.
#include <gmock/gmock.h>

#include "../src/voice_close.hpp"
#include "voice_session_fixture.hpp"

namespace bandstand::discord {
namespace {

using namespace std::chrono_literals;

using ::testing::HasSubstr;

class VoiceRecovery : public VoiceSessionTest {
protected:
    /// A full join, from JoinWanted to Ready.
    void rejoin(const std::string& token = "token-2") {
        own_state();
        server(token);
        ASSERT_TRUE(has<voice::ConnectWs>());
        opened();
        text(hello());
        EXPECT_EQ(sent(7).size(), 0U);
        text(message(2, ready_d(), 1));
        datagram(discovery_answer());
        text(message(4, description_d(50), 2));
        ASSERT_TRUE(has<voice::Ready>());
    }
    void resumed() {
        opened();
        text(hello());
        text(message(9, nullptr));
        ASSERT_TRUE(has<voice::Resumed>());
    }
};

// ---- resume

class ResumingCodes : public VoiceRecovery, public ::testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(Voice, ResumingCodes,
                         ::testing::Values(0, 1000, 1001, 1006, 1011, 3999, 4000, 4013, 4015));

TEST_P(ResumingCodes, AreFollowedByAResumeAtOnce) {
    reach_ready();
    see(session_.set_speaking(true));
    closed(GetParam());
    EXPECT_TRUE(has<voice::Resuming>());
    EXPECT_FALSE(has<voice::Lost>());
    EXPECT_FALSE(has<voice::CloseUdp>());
    EXPECT_EQ(one<voice::ConnectWs>().url, "wss://voice.example:2048/?v=8");
    opened();
    EXPECT_EQ(sent(7),
              (std::vector<json>{
                  {{"server_id", "41"}, {"session_id", "session-1"}, {"token", "token-1"}, {"seq_ack", 2}}}));
    EXPECT_TRUE(sent(0).empty());
    text(hello());
    text(message(9, nullptr));
    EXPECT_TRUE(has<voice::Resumed>());
    EXPECT_FALSE(has<voice::Ready>()) << "key, SSRC and counters go on";
    EXPECT_EQ(sent(5).at(0).at("speaking"), 1) << "what was sent while the socket was down is lost";
    EXPECT_TRUE(session_.ready());
}

TEST_P(ResumingCodes, LeadToAFullJoinWhenTheResumeIsRefused) {
    reach_ready();
    closed(GetParam());
    opened();
    closed(4006);
    EXPECT_EQ(one<voice::Lost>().reason, kVoiceRejected);
    EXPECT_TRUE(has<voice::CloseUdp>());
    pass(1s);
    EXPECT_EQ(one<voice::JoinWanted>().channel, kStage);
    rejoin();
}

TEST_P(ResumingCodes, LeadToAFullJoinBeforeThereIsASession) {
    reach_selecting();
    closed(GetParam());
    EXPECT_FALSE(has<voice::ConnectWs>());
    EXPECT_TRUE(has<voice::CloseUdp>());
    pass(999ms);
    EXPECT_FALSE(has<voice::JoinWanted>());
    pass(1ms);
    EXPECT_TRUE(has<voice::JoinWanted>());
}

TEST_F(VoiceRecovery, TriesToResumeTwiceThenJoinsAnew) {
    reach_ready();
    closed(0);
    EXPECT_TRUE(has<voice::ConnectWs>());
    closed(0);
    EXPECT_FALSE(has<voice::ConnectWs>()) << "the second try waits";
    pass(1s);
    EXPECT_TRUE(has<voice::ConnectWs>());
    closed(0);
    EXPECT_TRUE(has<voice::Lost>());
    pass(1s);
    EXPECT_TRUE(has<voice::JoinWanted>());
}

TEST_F(VoiceRecovery, TakesReplayedMessagesBeforeAndBehindResumed) {
    for (const bool before : {true, false}) {
        session_ = VoiceSession{{kGuild, kBot, kStage}};
        reach_ready();
        closed(4015);
        opened();
        text(hello());
        if (!before) text(message(9, nullptr));
        text(message(11, {{"user_ids", {"20"}}}, 3));
        text(message(4, description_d(), 2));
        EXPECT_FALSE(has<voice::Ready>()) << "the same key again";
        if (before) text(message(9, nullptr));
        EXPECT_TRUE(session_.ready());
        EXPECT_TRUE(session_.users().contains(base::UserId{20}));
    }
}

TEST_F(VoiceRecovery, GivesAResumeFifteenSeconds) {
    reach_ready();
    closed(0);
    pass(14s);
    EXPECT_FALSE(has<voice::CloseWs>());
    pass(1s);
    EXPECT_TRUE(has<voice::CloseWs>());
    pass(1s);
    EXPECT_TRUE(has<voice::ConnectWs>());
}

TEST_F(VoiceRecovery, KeepsTheUdpMappingAliveThroughAResume) {
    reach_ready();
    closed(0);
    pass(5s);
    EXPECT_TRUE(has<voice::SendDatagram>());
}

TEST_F(VoiceRecovery, ForgivesOldFailuresOnceItWasStable) {
    reach_ready();
    for (int round = 0; round < 10; ++round) {
        closed(0);
        ASSERT_TRUE(has<voice::ConnectWs>()) << "round " << round;
        resumed();
        keep_alive(30s);
    }
}

TEST_F(VoiceRecovery, DoesNotResumeForEverAServerThatCrashesAtOnce) {
    reach_ready();
    closed(4015);
    resumed();
    closed(4015);
    pass(1s);
    resumed();
    closed(4015);
    EXPECT_TRUE(has<voice::Lost>());
    EXPECT_FALSE(has<voice::ConnectWs>());
}

// ---- full joins

class RejoiningCodes : public VoiceRecovery, public ::testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(Voice, RejoiningCodes,
                         ::testing::Values(4001, 4002, 4003, 4004, 4005, 4006, 4009, 4011, 4012, 4016, 4020,
                                           4999));

TEST_P(RejoiningCodes, LeadToAFullJoinAfterASecond) {
    reach_ready();
    closed(GetParam());
    EXPECT_TRUE(has<voice::Lost>());
    EXPECT_THAT(one<voice::Lost>().detail, HasSubstr(std::to_string(GetParam())));
    EXPECT_TRUE(has<voice::CloseUdp>());
    EXPECT_FALSE(has<voice::ConnectWs>());
    EXPECT_FALSE(has<voice::JoinWanted>());
    pass(1s);
    EXPECT_EQ(one<voice::JoinWanted>().channel, kStage);
    rejoin();
}

class FinalAtSecondCodes : public VoiceRecovery, public ::testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(Voice, FinalAtSecondCodes,
                         ::testing::Values(4001, 4002, 4003, 4005, 4012, 4016, 4020));

TEST_P(FinalAtSecondCodes, AreTriedAgainOnlyOnce) {
    reach_identifying();
    closed(GetParam());
    pass(1s);
    own_state();
    server("token-2");
    opened();
    closed(GetParam());
    EXPECT_EQ(one<voice::GaveUp>().reason, kVoiceProtocol);
    EXPECT_TRUE(session_.ended());
}

TEST_F(VoiceRecovery, TriesAFreshTokenTwice) {
    reach_identifying();
    for (const auto delay : {1s, 3s}) {
        closed(4004);
        EXPECT_FALSE(has<voice::GaveUp>());
        pass(delay);
        ASSERT_TRUE(has<voice::JoinWanted>());
        own_state();
        server("another token");
        opened();
    }
    closed(4004);
    EXPECT_EQ(one<voice::GaveUp>().reason, kVoiceRejected);
}

TEST_F(VoiceRecovery, JoinsAnewFiveTimesWithGrowingDelaysThenGivesUp) {
    reach_identifying();
    for (const auto delay : {1s, 3s, 5s, 7s, 9s}) {
        closed(4006);
        pass(delay - 1ms);
        ASSERT_FALSE(has<voice::JoinWanted>());
        pass(1ms);
        ASSERT_TRUE(has<voice::JoinWanted>());
        own_state();
        server("another token");
        opened();
    }
    closed(4006);
    EXPECT_EQ(one<voice::GaveUp>().reason, kVoiceRejected);
    EXPECT_THAT(one<voice::GaveUp>().detail, HasSubstr("4006"));
}

TEST_F(VoiceRecovery, GoesOnTryingWhenARejoinIsNotAnswered) {
    reach_ready();
    closed(4006);
    pass(1s + 15s);
    EXPECT_FALSE(has<voice::GaveUp>());
    pass(3s);
    EXPECT_TRUE(has<voice::JoinWanted>());
    rejoin();
}

TEST_F(VoiceRecovery, JoinsWhenTheServerCannotBeReached) {
    reach_opening();
    closed(0);
    pass(1s);
    EXPECT_TRUE(has<voice::JoinWanted>());
}

TEST_F(VoiceRecovery, ForgetsTokenAndSessionBeforeAFullJoin) {
    reach_ready();
    closed(4006);
    pass(1s);
    server("token-2");
    EXPECT_FALSE(has<voice::ConnectWs>()) << "the old session id is not good any more";
    own_state(kStage, "session-2");
    opened();
    EXPECT_EQ(sent(0).at(0).at("session_id"), "session-2");
    EXPECT_EQ(sent(0).at(0).at("token"), "token-2");
}

// ---- giving up

TEST_F(VoiceRecovery, GivesUpAtOnceWhenEncryptionIsRequired) {
    reach_identifying();
    closed(4017);
    EXPECT_EQ(one<voice::GaveUp>().reason, kVoiceEncryptionRequired);
    EXPECT_THAT(one<voice::GaveUp>().detail, HasSubstr("end-to-end encryption"));
}

TEST_F(VoiceRecovery, GivesUpAtOnceWhenRateLimited) {
    reach_ready();
    closed(4021);
    EXPECT_EQ(one<voice::GaveUp>().reason, kVoiceRateLimited);
    EXPECT_TRUE(has<voice::CloseUdp>());
    EXPECT_FALSE(has<voice::Lost>()) << "GaveUp says it all";
}

TEST(VoiceClose, DescribesEveryCodeForAPerson) {
    EXPECT_EQ(describe_close(4006, ""), "the voice server closed with 4006 (session no longer valid)");
    EXPECT_EQ(describe_close(0, "reset by peer"),
              "the connection to the voice server was lost: reset by peer");
    for (const int code : {0,    1000, 4000, 4001, 4002, 4003, 4004, 4005, 4006, 4009, 4011,
                           4012, 4013, 4014, 4015, 4016, 4017, 4020, 4021, 4022, 4999}) {
        EXPECT_FALSE(close_meaning(static_cast<std::uint16_t>(code)).text.empty()) << code;
    }
}

// ---- 4014 and 4022: kicks, moves, fail-overs, in every order

class AwaitingCodes : public VoiceRecovery, public ::testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(Voice, AwaitingCodes, ::testing::Values(4014, 4022));

TEST_P(AwaitingCodes, HoldsThePlayerForTheGatewaysWord) {
    reach_ready();
    closed(GetParam());
    EXPECT_TRUE(has<voice::Lost>());
    pass(7s);
    EXPECT_FALSE(has<voice::JoinWanted>()) << "a blind rejoin would defy a moderator";
    EXPECT_FALSE(has<voice::ConnectWs>());
    EXPECT_FALSE(has<voice::GaveUp>());
    pass(1s);
    EXPECT_EQ(one<voice::GaveUp>().reason, kVoiceDisconnected);
}

TEST_P(AwaitingCodes, FollowsAMoveWhoseEventsComeAfterTheClose) {
    reach_ready();
    closed(GetParam());
    own_state(kOtherStage);
    EXPECT_EQ(one<voice::Moved>().channel, kOtherStage);
    server("token-2");
    EXPECT_TRUE(has<voice::ConnectWs>());
    opened();
    EXPECT_EQ(sent(0).at(0).at("token"), "token-2");
    EXPECT_TRUE(sent(7).empty());
}

TEST_P(AwaitingCodes, FollowsAMoveWhoseCloseComesBetweenItsEvents) {
    reach_ready();
    own_state(kOtherStage);
    EXPECT_FALSE(has<voice::ConnectWs>());
    closed(GetParam());
    server("token-2");
    opened();
    EXPECT_EQ(sent(0).size(), 1U);
}

TEST_P(AwaitingCodes, EndsWhenTheKickComesAfterTheClose) {
    reach_ready();
    closed(GetParam());
    own_state(base::ChannelId{});
    EXPECT_EQ(one<voice::GaveUp>().reason, kVoiceKicked);
}

TEST_P(AwaitingCodes, WaitsForAnotherServerWhenTheOldOneGoes) {
    reach_ready();
    closed(GetParam());
    server("token-2", "");
    pass(30s);
    EXPECT_FALSE(has<voice::GaveUp>());
    server("token-3", "other.example:443");
    EXPECT_EQ(one<voice::ConnectWs>().url, "wss://other.example:443/?v=8");
}

TEST_P(AwaitingCodes, IgnoresARedeliveryOfTheServerItWasThrownOff) {
    reach_ready();
    closed(GetParam());
    server();
    EXPECT_FALSE(has<voice::ConnectWs>());
    pass(8s);
    EXPECT_TRUE(has<voice::GaveUp>());
}

TEST_P(AwaitingCodes, JoinsAgainWhenTheMainGatewayAsksIt) {
    reach_ready();
    closed(GetParam());
    join();
    EXPECT_TRUE(has<voice::JoinWanted>());
    rejoin();
}

TEST_F(VoiceRecovery, EndsWhenTheKickComesBeforeTheClose) {
    reach_ready();
    own_state(base::ChannelId{});
    EXPECT_EQ(one<voice::GaveUp>().reason, kVoiceKicked);
    EXPECT_TRUE(has<voice::CloseWs>());
    EXPECT_TRUE(has<voice::CloseUdp>());
    closed(4014);
    EXPECT_TRUE(seen_.empty());
}

TEST_F(VoiceRecovery, FollowsAMoveWhoseEventsComeBeforeTheClose) {
    reach_ready();
    own_state(kOtherStage);
    EXPECT_TRUE(session_.ready()) << "the old server is still there";
    server("token-2");
    EXPECT_EQ(one<voice::Lost>().reason, kVoiceServerChanged);
    EXPECT_TRUE(has<voice::CloseUdp>());
    EXPECT_TRUE(has<voice::ConnectWs>());
    opened();
    EXPECT_EQ(sent(0).at(0).at("token"), "token-2");
    text(hello());
    text(message(2, ready_d(), 1));
    datagram(discovery_answer());
    text(message(4, description_d(9), 2));
    EXPECT_EQ(one<voice::Ready>().params.channel, kOtherStage);
}

TEST_F(VoiceRecovery, FollowsAMoveWhoseServerComesFirst) {
    reach_ready();
    server("token-2");
    opened();
    own_state(kOtherStage);
    EXPECT_TRUE(has<voice::Moved>());
    EXPECT_FALSE(has<voice::ConnectWs>()) << "the handshake with the new token goes on";
}

TEST_F(VoiceRecovery, RejoinsTheChannelItWasMovedTo) {
    reach_ready();
    own_state(kOtherStage);
    closed(4006);
    pass(1s);
    EXPECT_EQ(one<voice::JoinWanted>().channel, kOtherStage);
}

TEST_F(VoiceRecovery, StaysWhereItIsUntilDiscordMovesIt) {
    reach_ready();
    join(kOtherStage);
    EXPECT_EQ(one<voice::JoinWanted>().channel, kOtherStage);
    pass(5s);
    EXPECT_TRUE(session_.ready()) << "the other channel may be full";
}

// ---- new servers

TEST_F(VoiceRecovery, IdentifiesAtANewServerWithItsToken) {
    reach_ready();
    server("token-2", "other.example");
    EXPECT_TRUE(has<voice::Lost>());
    EXPECT_EQ(one<voice::ConnectWs>().url, "wss://other.example/?v=8");
    opened();
    EXPECT_EQ(sent(0).size(), 1U);
    EXPECT_TRUE(sent(7).empty()) << "never Resume with a new token";
}

TEST_F(VoiceRecovery, IdentifiesAnewEvenIfOnlyTheTokenChanged) {
    reach_ready();
    server("token-2");
    EXPECT_TRUE(has<voice::ConnectWs>());
}

TEST_F(VoiceRecovery, IgnoresARepeatedServerEvent) {
    reach_opening();
    server();
    EXPECT_TRUE(seen_.empty());
    opened();
    server("token-1", "wss://voice.example:2048/");
    EXPECT_TRUE(seen_.empty());
    text(hello());
    text(message(2, ready_d(), 1));
    datagram(discovery_answer());
    text(message(4, description_d(), 2));
    server();
    own_state();
    EXPECT_TRUE(seen_.empty());
}

TEST_F(VoiceRecovery, StartsTheHandshakeAnewForANewServerAndForANewSession) {
    reach_identifying();
    server("token-2");
    EXPECT_TRUE(has<voice::ConnectWs>());
    opened();
    own_state(kStage, "session-2");
    EXPECT_TRUE(has<voice::ConnectWs>());
    opened();
    EXPECT_EQ(sent(0).at(0).at("session_id"), "session-2");
    EXPECT_EQ(sent(0).at(0).at("token"), "token-2");
}

TEST_F(VoiceRecovery, TakesANewServerInsteadOfResuming) {
    reach_ready();
    closed(4015);
    server("token-2");
    opened();
    EXPECT_EQ(sent(0).size(), 1U);
    EXPECT_TRUE(sent(7).empty());
}

TEST_F(VoiceRecovery, TakesANewServerDuringThePauseBeforeARejoin) {
    reach_ready();
    closed(4006);
    server("token-2");
    EXPECT_TRUE(has<voice::ConnectWs>());
    pass(10s);
    EXPECT_FALSE(has<voice::JoinWanted>());
}

TEST_F(VoiceRecovery, LetsGoOfAServerThatIsBeingReplaced) {
    reach_ready();
    server("", "");
    EXPECT_EQ(one<voice::Lost>().reason, kVoiceServerGone);
    EXPECT_TRUE(has<voice::CloseWs>());
    EXPECT_TRUE(has<voice::CloseUdp>());
    pass(59s);
    EXPECT_FALSE(has<voice::JoinWanted>());
    server("token-1");
    EXPECT_TRUE(has<voice::ConnectWs>()) << "the same server may come back";
}

TEST_F(VoiceRecovery, AsksAgainWhenNoServerIsFoundForAMinute) {
    reach_ready();
    server("", "");
    pass(60s);
    EXPECT_FALSE(has<voice::GaveUp>());
    pass(1s);
    EXPECT_TRUE(has<voice::JoinWanted>());
    rejoin();
}

TEST_F(VoiceRecovery, EndsWhenKickedWhileResuming) {
    reach_ready();
    closed(4015);
    opened();
    own_state(base::ChannelId{});
    EXPECT_EQ(one<voice::GaveUp>().reason, kVoiceKicked);
    EXPECT_TRUE(has<voice::CloseWs>());
}

}  // namespace
}  // namespace bandstand::discord
