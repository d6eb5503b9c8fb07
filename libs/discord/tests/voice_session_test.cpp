#include "discord/voice_session.hpp"

#include "voice_session_fixture.hpp"

namespace bandstand::discord {
namespace {

using namespace std::chrono_literals;

// ---- joining

TEST_F(VoiceSessionTest, AsksTheMainGatewayToJoin) {
    join();
    EXPECT_EQ(one<voice::JoinWanted>().channel, kStage);
    EXPECT_FALSE(has<voice::ConnectWs>());
}

TEST_F(VoiceSessionTest, WaitsForTheServerWhenTheStateComesFirst) {
    join();
    own_state();
    EXPECT_FALSE(has<voice::ConnectWs>());
    server();
    EXPECT_EQ(one<voice::ConnectWs>().url, "wss://voice.example:2048/?v=8");
}

TEST_F(VoiceSessionTest, WaitsForTheStateWhenTheServerComesFirst) {
    join();
    server();
    EXPECT_FALSE(has<voice::ConnectWs>());
    own_state();
    EXPECT_EQ(one<voice::ConnectWs>().url, "wss://voice.example:2048/?v=8");
}

TEST_F(VoiceSessionTest, ToleratesASchemeInTheEndpoint) {
    join();
    own_state();
    server("token-1", "wss://voice.example");
    EXPECT_EQ(one<voice::ConnectWs>().url, "wss://voice.example/?v=8");
}

TEST_F(VoiceSessionTest, WaitsForAnotherServerWhenTheEndpointIsNull) {
    join();
    own_state();
    server("token-1", "");
    EXPECT_FALSE(has<voice::ConnectWs>());
    pass(30s);
    EXPECT_FALSE(has<voice::JoinWanted>()) << "op 4 again would only make Discord start over";
    server("token-2");
    EXPECT_TRUE(has<voice::ConnectWs>());
}

TEST_F(VoiceSessionTest, GivesUpWhenDiscordDoesNotAnswerTheJoin) {
    join();
    pass(14s);
    EXPECT_FALSE(has<voice::GaveUp>());
    pass(1s);
    EXPECT_EQ(one<voice::GaveUp>().reason, kVoiceJoinTimeout);
    EXPECT_TRUE(session_.ended());
}

TEST_F(VoiceSessionTest, GivesUpWhenOnlyHalfOfTheAnswerComes) {
    join();
    own_state();
    pass(15s);
    EXPECT_EQ(one<voice::GaveUp>().reason, kVoiceJoinTimeout);
}

TEST_F(VoiceSessionTest, IgnoresTheFarewellOfAnEarlierConnection) {
    join();
    own_state(base::ChannelId{}, "session-0");
    EXPECT_FALSE(has<voice::GaveUp>());
    own_state();
    server();
    EXPECT_TRUE(has<voice::ConnectWs>());
}

TEST_F(VoiceSessionTest, IgnoresEventsWhenNobodyWantsToJoin) {
    own_state();
    server();
    EXPECT_TRUE(seen_.empty());
}

// ---- the handshake

TEST_F(VoiceSessionTest, ShakesHandsAsVersion8Describes) {
    reach_opening();
    opened();
    const auto identify = sent(0);
    ASSERT_EQ(identify.size(), 1U);
    EXPECT_EQ(identify[0], (json{{"server_id", "41"},
                                 {"user_id", "7"},
                                 {"session_id", "session-1"},
                                 {"token", "token-1"},
                                 {"max_dave_protocol_version", 0}}));
    text(hello());
    text(message(2, ready_d(), 1));
    EXPECT_EQ(one<voice::OpenUdp>().ip, "127.0.0.1");
    EXPECT_EQ(one<voice::OpenUdp>().port, 5000);
    const auto request = one<voice::SendDatagram>().bytes;
    EXPECT_EQ(request.size(), 74U);
    EXPECT_EQ(base::to_hex(base::ByteView{request}.first(12)), "000100460000123400000000");

    datagram(discovery_answer());
    const auto select = sent(1);
    ASSERT_EQ(select.size(), 1U);
    EXPECT_EQ(select[0], json::parse(R"({"protocol":"udp","data":{"address":"203.0.113.9","port":40000,
                                         "mode":"aead_aes256_gcm_rtpsize"}})"));
    EXPECT_FALSE(has<voice::Ready>());

    text(message(4, description_d(), 2));
    EXPECT_EQ(sent(5), (std::vector<json>{{{"speaking", 0}, {"delay", 0}, {"ssrc", kSsrc}}}));
    const auto params = one<voice::Ready>().params;
    EXPECT_EQ(params.mode, crypto::TransportMode::aes256_gcm_rtpsize);
    EXPECT_EQ(params.ssrc, kSsrc);
    EXPECT_EQ(params.ip, "127.0.0.1");
    EXPECT_EQ(params.port, 5000);
    EXPECT_EQ(params.channel, kStage);
    EXPECT_EQ(params.dave_protocol_version, 0);
    EXPECT_EQ(base::to_hex(params.key.reveal()).substr(0, 8), "01020304");
    EXPECT_TRUE(session_.ready());
}

TEST_F(VoiceSessionTest, SaysSpeakingBeforeItTellsThatAudioMayFlow) {
    reach_selecting();
    text(message(4, description_d(), 2));
    const auto first = [this]<class T>(std::type_identity<T>) {
        return std::ranges::find_if(seen_,
                                    [](const auto& action) { return std::holds_alternative<T>(action); });
    };
    const auto speaking = first(std::type_identity<voice::SendText>{});
    const auto ready = first(std::type_identity<voice::Ready>{});
    ASSERT_NE(ready, seen_.end());
    EXPECT_LT(speaking - seen_.begin(), ready - seen_.begin());
}

TEST_F(VoiceSessionTest, TakesXChaChaWhenAesIsNotOffered) {
    reach_identifying();
    auto ready = ready_d();
    ready["modes"] = {"xsalsa20_poly1305", "aead_xchacha20_poly1305_rtpsize"};
    text(message(2, ready));
    datagram(discovery_answer());
    EXPECT_EQ(sent(1).at(0).at("data").at("mode"), "aead_xchacha20_poly1305_rtpsize");
}

TEST_F(VoiceSessionTest, GivesUpWithoutACommonMode) {
    reach_identifying();
    auto ready = ready_d();
    ready["modes"] = {"xsalsa20_poly1305"};
    text(message(2, ready));
    EXPECT_EQ(one<voice::GaveUp>().reason, kVoiceNoCommonMode);
    EXPECT_TRUE(has<voice::CloseWs>());
}

TEST_F(VoiceSessionTest, TakesTheModeThatTheServerSettledOn) {
    reach_selecting();
    text(message(4, description_d(1, "aead_xchacha20_poly1305_rtpsize")));
    EXPECT_EQ(one<voice::Ready>().params.mode, crypto::TransportMode::xchacha20_poly1305_rtpsize);
}

TEST_F(VoiceSessionTest, RepeatsDiscoveryEverySecondUpToTenTimes) {
    reach_discovering();
    pass(4500ms);
    EXPECT_EQ(all<voice::SendDatagram>().size(), 4U);
    EXPECT_FALSE(has<voice::Lost>());
    datagram(discovery_answer());
    EXPECT_EQ(sent(1).size(), 1U);
    pass(3s);
    EXPECT_FALSE(has<voice::SendDatagram>()) << "it was answered";
}

TEST_F(VoiceSessionTest, JoinsAnewWhenDiscoveryStaysUnanswered) {
    reach_discovering();
    pass(9900ms);
    EXPECT_EQ(all<voice::SendDatagram>().size(), 9U);  // and one at once
    pass(100ms);
    EXPECT_TRUE(has<voice::CloseWs>());
    EXPECT_TRUE(has<voice::CloseUdp>());
    pass(1s);
    EXPECT_TRUE(has<voice::JoinWanted>());
}

TEST_F(VoiceSessionTest, IgnoresDatagramsThatAreNoAnswer) {
    reach_discovering();
    auto wrong_type = discovery_answer();
    wrong_type[1] = std::byte{1};
    auto wrong_length = discovery_answer();
    wrong_length[3] = std::byte{71};
    auto cut = discovery_answer();
    cut.pop_back();
    for (const auto& bytes : {wrong_type, wrong_length, cut, discovery_answer(kSsrc + 1), base::Bytes{},
                              discovery_answer(kSsrc, ""), discovery_answer(kSsrc, "a host"),
                              discovery_answer(kSsrc, "203.0.113.9", 0)}) {
        datagram(bytes);
        EXPECT_TRUE(seen_.empty());
    }
    datagram(discovery_answer());
    EXPECT_EQ(sent(1).size(), 1U);
}

TEST_F(VoiceSessionTest, JoinsAnewWhenTheHandshakeStalls) {
    const auto stalls = [this](auto reach) {
        session_ = VoiceSession{{kGuild, kBot, kStage}};
        due_.reset();
        reach();
        for (int second = 0; second < 14; ++second) {
            pass(1s);
            EXPECT_FALSE(has<voice::CloseWs>());
            text(message(6, nullptr));
        }
        pass(1s);
        EXPECT_TRUE(has<voice::CloseWs>());
        pass(1s);
        EXPECT_TRUE(has<voice::JoinWanted>());
    };
    stalls([this] { reach_opening(); });
    stalls([this] { reach_identifying(); });
    stalls([this] { reach_selecting(); });
}

TEST_F(VoiceSessionTest, JoinsAnewWhenThereIsNoUdpSocket) {
    reach_discovering();
    see(session_.on_udp_failed("no buffer space", now_));
    EXPECT_TRUE(has<voice::CloseWs>());
    pass(1s);
    EXPECT_TRUE(has<voice::JoinWanted>());
}

// ---- heartbeats and sequence numbers

TEST_F(VoiceSessionTest, BeatsAtTheIntervalOfHello) {
    reach_opening();
    opened();
    text(hello(2000));
    pass(1999ms);
    EXPECT_TRUE(sent(3).empty());
    pass(1ms);
    ASSERT_EQ(sent(3).size(), 1U);
    EXPECT_EQ(sent(3)[0].at("seq_ack"), -1);
    EXPECT_TRUE(sent(3)[0].at("t").is_number_integer());
}

TEST_F(VoiceSessionTest, BeatsAtLeastEveryFiveSeconds) {
    reach_opening();
    opened();
    text(hello(41250.5));
    pass(5s);
    EXPECT_EQ(sent(3).size(), 1U);
}

TEST_F(VoiceSessionTest, BoundsAnAbsurdInterval) {
    for (const double interval : {0.0, -5.0, 1e300}) {
        session_ = VoiceSession{{kGuild, kBot, kStage}};
        due_.reset();
        reach_opening();
        opened();
        text(hello(interval));
        pass(99ms);
        EXPECT_TRUE(sent(3).empty()) << interval;
    }
}

TEST_F(VoiceSessionTest, BeatsAtOnceWhenTheServerAsks) {
    reach_ready();
    text(message(3, nullptr));
    EXPECT_EQ(sent(3).size(), 1U);
}

TEST_F(VoiceSessionTest, ReportsTheLastSequenceNumberOfEitherForm) {
    reach_ready();
    const auto reported = [this] {
        text(message(3, nullptr));
        return sent(3).at(0).at("seq_ack").get<int>();
    };
    EXPECT_EQ(reported(), 2);
    see(session_.on_ws_binary(base::from_hex("80001b").value(), now_));
    EXPECT_EQ(reported(), 0x8000) << "unsigned";
    text(message(18, {{"user_id", "9"}}, 65535));
    EXPECT_EQ(reported(), 65535);
    text(message(18, {{"user_id", "9"}}, 0));
    EXPECT_EQ(reported(), 0) << "the counter wraps, and 0 is a number like any other";
    text(message(6, {{"t", 5}}));
    EXPECT_EQ(reported(), 0) << "an unnumbered message changes nothing";
    see(session_.on_ws_binary(base::from_hex("00051dff").value(), now_));
    EXPECT_EQ(reported(), 5);
}

TEST_F(VoiceSessionTest, StartsTheSequenceAnewWithIdentify) {
    reach_ready();
    server("token-2");
    opened();
    text(message(3, nullptr));
    EXPECT_EQ(sent(3).at(0).at("seq_ack"), -1);
}

TEST_F(VoiceSessionTest, ResumesALinkThatStopsAnswering) {
    reach_ready();
    pass(14s);
    EXPECT_EQ(sent(3).size(), 2U);
    EXPECT_FALSE(has<voice::CloseWs>());
    pass(1s);
    EXPECT_GE(one<voice::CloseWs>().code, 4000);
    EXPECT_TRUE(has<voice::ConnectWs>());
    opened();
    EXPECT_EQ(sent(7).size(), 1U);
}

TEST_F(VoiceSessionTest, StaysOnALinkThatAnswers) {
    reach_ready();
    for (int second = 0; second < 300; ++second) {
        pass(1s);
        ASSERT_FALSE(has<voice::CloseWs>());
        text(message(6, {{"t", 5}}));
    }
    EXPECT_TRUE(session_.ready());
}

TEST_F(VoiceSessionTest, WatchesAServerThatNeverSaysHello) {
    reach_opening();
    opened();
    text(message(2, ready_d(), 1));
    datagram(discovery_answer());
    text(message(4, description_d(), 2));
    pass(15s);
    EXPECT_TRUE(has<voice::CloseWs>());
}

// ---- while connected

TEST_F(VoiceSessionTest, AnnouncesSpeakingOnlyOnChanges) {
    reach_ready();
    see(session_.set_speaking(true));
    EXPECT_EQ(sent(5), (std::vector<json>{{{"speaking", 1}, {"delay", 0}, {"ssrc", kSsrc}}}));
    see(session_.set_speaking(true));
    EXPECT_TRUE(seen_.empty());
    see(session_.set_speaking(false));
    EXPECT_EQ(sent(5).at(0).at("speaking"), 0);
}

TEST_F(VoiceSessionTest, RemembersSpeakingUntilItIsConnected) {
    see(session_.set_speaking(true));
    EXPECT_TRUE(seen_.empty());
    reach_ready();
    EXPECT_EQ(sent(5).at(0).at("speaking"), 1);
}

TEST_F(VoiceSessionTest, SendsKeepalivesWhileSilent) {
    reach_ready();
    pass(10s);
    const auto sent_bytes = all<voice::SendDatagram>();
    ASSERT_EQ(sent_bytes.size(), 2U);
    EXPECT_EQ(base::to_hex(sent_bytes[0].bytes), "0000000000000000");
    EXPECT_EQ(base::to_hex(sent_bytes[1].bytes), "0100000000000000");
    text(message(6, nullptr));
    see(session_.set_speaking(true));
    pass(10s);
    EXPECT_FALSE(has<voice::SendDatagram>()) << "the audio keeps the mapping alive";
}

TEST_F(VoiceSessionTest, TellsANewKey) {
    reach_ready();
    text(message(4, description_d(99), 3));
    EXPECT_EQ(base::to_hex(one<voice::Ready>().params.key.reveal()).substr(0, 2), "63");
    EXPECT_FALSE(has<voice::Lost>());
}

TEST_F(VoiceSessionTest, DoesNotRestartASenderForTheKeyItHas) {
    reach_ready();
    text(message(4, description_d(), 3));
    EXPECT_TRUE(seen_.empty()) << "nonces would repeat under one key";
}

TEST_F(VoiceSessionTest, KeepsTheUsersOfTheChannel) {
    reach_ready();
    text(message(11, {{"user_ids", {"20", "21", 22, "not a user", nullptr}}}, 3));
    using Users = std::set<base::UserId>;
    EXPECT_EQ(session_.users(), (Users{kBot, base::UserId{20}, base::UserId{21}, base::UserId{22}}));
    text(message(13, {{"user_id", "21"}}, 4));
    EXPECT_EQ(one<voice::UserLeft>().user, base::UserId{21});
    EXPECT_EQ(session_.users(), (Users{kBot, base::UserId{20}, base::UserId{22}}));
}

TEST_F(VoiceSessionTest, TellsWhoSpeaks) {
    reach_ready();
    text(message(5, {{"user_id", "20"}, {"ssrc", 77}, {"speaking", 1}}, 3));
    const auto speaking = one<voice::Speaking>();
    EXPECT_EQ(speaking.user, base::UserId{20});
    EXPECT_EQ(speaking.ssrc, 77U);
    EXPECT_EQ(speaking.flags, 1U);
}

TEST_F(VoiceSessionTest, IgnoresWhatItDoesNotKnow) {
    reach_ready();
    for (const int op : {10, 12, 14, 15, 16, 17, 18, 19, 20, 21, 22, 24, 31, 32, 99, 100000}) {
        text(message(op, {{"anything", {1, 2, 3}}}));
        EXPECT_TRUE(seen_.empty()) << op;
    }
    text(message(5, {{"user_id", 5.5}, {"ssrc", -1}}));
    text(message(13, "nobody"));
    text(message(11, 12));
    EXPECT_TRUE(session_.ready());
}

TEST_F(VoiceSessionTest, AllowsMessagesOutOfTurn) {
    reach_identifying();
    text(message(4, description_d()));
    text(message(9, nullptr));
    EXPECT_TRUE(seen_.empty());
    text(message(2, ready_d()));
    text(message(2, ready_d()));
    EXPECT_TRUE(seen_.empty()) << "a second Ready must not restart discovery";
}

TEST_F(VoiceSessionTest, LeavesPolitely) {
    reach_ready();
    see(session_.leave());
    EXPECT_EQ(one<voice::CloseWs>().code, 1000);
    EXPECT_TRUE(has<voice::CloseUdp>());
    EXPECT_FALSE(has<voice::GaveUp>());
    EXPECT_TRUE(session_.ended());
    own_state(base::ChannelId{});
    EXPECT_TRUE(seen_.empty());
}

TEST_F(VoiceSessionTest, JoinsAgainAfterLeaving) {
    reach_ready();
    see(session_.leave());
    reach_ready();
    EXPECT_TRUE(session_.ready());
}

// ---- hostile messages

TEST_F(VoiceSessionTest, JoinsAnewOnceWhenItCannotUnderstandTheServer) {
    const std::vector<std::string> nonsense{
        "",
        "{",
        "[]",
        "null",
        R"({"op":"2"})",
        R"({"op":-1})",
        R"({"op":8,"d":{}})",
        R"({"op":2,"d":{"ssrc":1,"ip":"1.2.3.4","port":70000,"modes":[]}})",
        R"({"op":2,"d":{"ssrc":4294967296,"ip":"1.2.3.4","port":7,"modes":[]}})",
        R"({"op":2,"d":null})",
        R"({"op":4,"d":{"mode":"none","secret_key":[]}})",
        R"({"op":4,"d":{"mode":"aead_aes256_gcm_rtpsize","secret_key":[1,2]}})",
        std::string(600'000, '['),
        std::string(600'000, ' ')};
    for (const auto& bad : nonsense) {
        SCOPED_TRACE(bad.substr(0, 80));
        session_ = VoiceSession{{kGuild, kBot, kStage}};
        due_.reset();
        reach_identifying();
        text(bad);
        EXPECT_EQ(one<voice::CloseWs>().code, 4002);
        EXPECT_FALSE(has<voice::GaveUp>());
        pass(1s);
        EXPECT_TRUE(has<voice::JoinWanted>());
        own_state();
        server("token-2");
        opened();
        text(bad);
        EXPECT_EQ(one<voice::GaveUp>().reason, kVoiceProtocol);
    }
}

TEST_F(VoiceSessionTest, RefusesAKeyThatIsNotMadeOfBytes) {
    reach_selecting();
    auto description = description_d();
    description["secret_key"][31] = 256;
    text(message(4, description));
    EXPECT_FALSE(has<voice::Ready>());
    EXPECT_EQ(one<voice::CloseWs>().code, 4002);
}

TEST_F(VoiceSessionTest, RefusesABinaryMessageWithoutHeader) {
    reach_ready();
    see(session_.on_ws_binary(base::Bytes(2), now_));
    EXPECT_EQ(one<voice::CloseWs>().code, 4002);
    EXPECT_TRUE(has<voice::Lost>());
}

TEST_F(VoiceSessionTest, RefusesAnEndpointThatIsNoAddress) {
    for (const std::string endpoint : {"a/b?c", "host name", "wss://", "u@host", "x\r\ny"}) {
        session_ = VoiceSession{{kGuild, kBot, kStage}};
        join();
        own_state();
        server("token-1", endpoint);
        EXPECT_FALSE(has<voice::ConnectWs>()) << endpoint;
    }
}

TEST_F(VoiceSessionTest, SendsValidTextWhateverTheGatewayCalledUs) {
    join();
    own_state(kStage, "\xff\xfe\"\\");
    server(std::string{"\xc3\x28", 2});
    opened();
    EXPECT_EQ(sent(0).size(), 1U);
}

TEST_F(VoiceSessionTest, RemembersABoundedNumberOfUsers) {
    reach_ready();
    std::uint64_t id = 100;
    for (int round = 0; round < 3; ++round) {
        json ids = json::array();
        for (int i = 0; i < 10'000; ++i) ids.push_back(std::to_string(id++));
        text(message(11, {{"user_ids", ids}}));
    }
    EXPECT_EQ(session_.users().size(), 16'384U);
}

}  // namespace
}  // namespace bandstand::discord
