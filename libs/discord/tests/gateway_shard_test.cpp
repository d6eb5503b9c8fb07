#include "discord/gateway_shard.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "testing/manual_clock.hpp"
#include "testing/seeded.hpp"

namespace bandstand::discord {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

constexpr auto kInterval = 40s;
constexpr GuildId kGuild{41};
constexpr ChannelId kStage{7};

class GatewayShardTest : public testing::SeededTest {
protected:
    template <class T>
    std::vector<T> only(const ShardActions& actions) {
        std::vector<T> found;
        for (const auto& action : actions) {
            if (const auto* wanted = std::get_if<T>(&action)) found.push_back(*wanted);
        }
        return found;
    }
    template <class T>
    bool has(const ShardActions& actions) {
        return !only<T>(actions).empty();
    }
    std::vector<Json> sent(const ShardActions& actions) {
        std::vector<Json> found;
        for (const auto& text : only<SendText>(actions)) found.push_back(Json::parse(text.text));
        return found;
    }
    std::vector<int> opcodes(const ShardActions& actions) {
        std::vector<int> found;
        for (const auto& json : sent(actions)) found.push_back(json["op"].get<int>());
        return found;
    }
    base::Instant now() const { return clock_.now(); }

    static Dispatch ready_event(std::int64_t sequence = 1) {
        return {sequence, "READY",
                Ready{.user = {.id = UserId{9}, .name = "Bandstand", .bot = true},
                      .application = ApplicationId{8},
                      .session_id = "session-1",
                      .resume_url = "wss://resume.example/",
                      .guilds = {}}};
    }
    /// Connects and says Hello.
    ShardActions open() {
        shard_.on_connected(now());
        return shard_.on_payload(Hello{kInterval}, now());
    }
    void become_ready() {
        shard_.start(now());
        open();
        shard_.on_identify_granted(now());
        shard_.on_payload(ready_event(), now());
        ASSERT_EQ(shard_.state(), ShardState::ready);
    }
    /// Moves to the next wake-up and rings it.
    ShardActions ring() {
        clock_.advance(std::max<base::Duration>(shard_.next_wakeup() - now(), 0ns));
        return shard_.on_timer(now());
    }
    /// Through the wait for a reconnect; the URL that it leads to.
    std::string reconnect() {
        const auto actions = ring();
        const auto connects = only<ConnectSocket>(actions);
        return connects.empty() ? "" : connects.front().url;
    }

    testing::ManualClock clock_;
    GatewayShard shard_{{.token = base::Secret{"token-1"},
                         .shard_id = 3,
                         .shard_count = 8,
                         .gateway_url = "wss://gateway.example",
                         .seed = random_()}};
};

TEST_F(GatewayShardTest, ConnectsWithVersionEncodingAndCompression) {
    const auto connects = only<ConnectSocket>(shard_.start(now()));
    ASSERT_EQ(connects.size(), 1U);
    EXPECT_EQ(connects[0].url, "wss://gateway.example/?v=10&encoding=json&compress=zstd-stream");
}

TEST_F(GatewayShardTest, AsksForATicketAfterHelloAndIdentifiesWithIt) {
    shard_.start(now());
    const auto after_hello = open();
    EXPECT_TRUE(has<RequestIdentify>(after_hello));
    EXPECT_TRUE(sent(after_hello).empty());
    const auto identify = sent(shard_.on_identify_granted(now()));
    ASSERT_EQ(identify.size(), 1U);
    EXPECT_EQ(identify[0]["op"], 2);
    EXPECT_EQ(identify[0]["d"]["token"], "token-1");
    EXPECT_EQ(identify[0]["d"]["intents"], 129);
    EXPECT_EQ(identify[0]["d"]["shard"], Json::array({3, 8}));
}

TEST_F(GatewayShardTest, IsReadyAfterReadyAndDeliversIt) {
    shard_.start(now());
    open();
    shard_.on_identify_granted(now());
    const auto actions = shard_.on_payload(ready_event(), now());
    EXPECT_EQ(shard_.state(), ShardState::ready);
    ASSERT_EQ(only<Deliver>(actions).size(), 1U);
}

TEST_F(GatewayShardTest, FirstHeartbeatComesWithinTheIntervalAndLaterOnesEachInterval) {
    shard_.start(now());
    open();
    shard_.on_identify_granted(now());
    shard_.on_payload(ready_event(5), now());
    const auto hello_at = now();
    auto beat = sent(ring());
    ASSERT_EQ(beat.size(), 1U);
    EXPECT_EQ(beat[0]["op"], 1);
    EXPECT_EQ(beat[0]["d"], 5);
    EXPECT_LT(now() - hello_at, kInterval);
    shard_.on_payload(HeartbeatAcknowledged{}, now());
    const auto first_at = now();
    EXPECT_EQ(opcodes(ring()), std::vector{1});
    EXPECT_EQ(now() - first_at, kInterval);
}

TEST_F(GatewayShardTest, MeasuresTheLatencyOfAHeartbeat) {
    become_ready();
    ring();
    clock_.advance(37ms);
    shard_.on_payload(HeartbeatAcknowledged{}, now());
    EXPECT_EQ(shard_.latency(), 37ms);
}

TEST_F(GatewayShardTest, AnUnansweredHeartbeatIsAZombieThatIsClosedAndResumed) {
    become_ready();
    EXPECT_EQ(opcodes(ring()), std::vector{1});
    const auto actions = ring();
    const auto closes = only<CloseSocket>(actions);
    ASSERT_EQ(closes.size(), 1U);
    EXPECT_EQ(closes[0].code, 4000);
    EXPECT_EQ(shard_.state(), ShardState::waiting);
    EXPECT_TRUE(reconnect().starts_with("wss://resume.example/?v=10"));
    const auto resume = sent(open());
    ASSERT_EQ(resume.size(), 1U);
    EXPECT_EQ(resume[0]["op"], 6);
}

TEST_F(GatewayShardTest, AHeartbeatThatTheServerAskedForDoesNotShiftTheTimerOrLookLikeAZombie) {
    become_ready();
    const auto due = shard_.next_wakeup();
    EXPECT_EQ(opcodes(shard_.on_payload(HeartbeatRequested{}, now())), std::vector{1});
    EXPECT_EQ(shard_.next_wakeup(), due);
    EXPECT_EQ(opcodes(ring()), std::vector{1});
    EXPECT_EQ(shard_.state(), ShardState::ready);
}

TEST_F(GatewayShardTest, ResumesWithTheNewestSequenceAndIsReadyAfterResumed) {
    become_ready();
    shard_.on_payload(Dispatch{17, "X", OtherEvent{"X"}}, now());
    shard_.on_closed(0, now());
    reconnect();
    const auto resume = sent(open());
    ASSERT_EQ(resume.size(), 1U);
    EXPECT_EQ(resume[0]["d"]["session_id"], "session-1");
    EXPECT_EQ(resume[0]["d"]["seq"], 17);
    EXPECT_EQ(only<Deliver>(shard_.on_payload(Dispatch{18, "X", OtherEvent{"X"}}, now())).size(), 1U);
    EXPECT_EQ(shard_.state(), ShardState::resuming);
    shard_.on_payload(Dispatch{19, "RESUMED", Resumed{}}, now());
    EXPECT_EQ(shard_.state(), ShardState::ready);
}

TEST_F(GatewayShardTest, ReconnectRequestedClosesAndResumesWithinASecond) {
    become_ready();
    const auto closes = only<CloseSocket>(shard_.on_payload(ReconnectRequested{}, now()));
    ASSERT_EQ(closes.size(), 1U);
    EXPECT_EQ(closes[0].code, 4000);
    EXPECT_LE(shard_.next_wakeup() - now(), 1s);
    reconnect();
    EXPECT_EQ(opcodes(open()), std::vector{6});
}

TEST_F(GatewayShardTest, ReconnectRequestsDoNotAddUpToALongWait) {
    become_ready();
    for (int i = 0; i < 10; ++i) {
        shard_.on_payload(ReconnectRequested{}, now());
        EXPECT_LE(shard_.next_wakeup() - now(), 1s);
        reconnect();
        open();
        shard_.on_payload(Dispatch{2, "RESUMED", Resumed{}}, now());
    }
}

TEST_F(GatewayShardTest, AReconnectRequestInsteadOfHelloStartsAgain) {
    shard_.start(now());
    shard_.on_connected(now());
    EXPECT_TRUE(has<CloseSocket>(shard_.on_payload(ReconnectRequested{}, now())));
    EXPECT_TRUE(reconnect().starts_with("wss://gateway.example/"));
}

TEST_F(GatewayShardTest, AnInvalidSessionThatIsResumableIsResumedAfterAWait) {
    become_ready();
    shard_.on_payload(InvalidSession{true}, now());
    EXPECT_GE(shard_.next_wakeup() - now(), 1s);
    EXPECT_TRUE(reconnect().starts_with("wss://resume.example/"));
    EXPECT_EQ(opcodes(open()), std::vector{6});
}

TEST_F(GatewayShardTest, AnInvalidSessionThatIsGoneIsIdentifiedAgainAtTheGeneralAddress) {
    become_ready();
    shard_.on_payload(InvalidSession{false}, now());
    EXPECT_GE(shard_.next_wakeup() - now(), 1s);
    EXPECT_LE(shard_.next_wakeup() - now(), 6s);
    EXPECT_TRUE(reconnect().starts_with("wss://gateway.example/"));
    EXPECT_TRUE(has<RequestIdentify>(open()));
}

struct CloseCase {
    std::uint16_t code;
    AfterClose action;
};
class CloseCodes : public GatewayShardTest, public ::testing::WithParamInterface<CloseCase> {};

TEST_P(CloseCodes, LeadsToTheActionOfTheTable) {
    become_ready();
    const auto actions = shard_.on_closed(GetParam().code, now());
    if (GetParam().action == AfterClose::fatal) {
        ASSERT_TRUE(has<ShardFailed>(actions));
        EXPECT_FALSE(only<ShardFailed>(actions)[0].error.detail().empty());
        EXPECT_EQ(shard_.state(), ShardState::failed);
        EXPECT_EQ(shard_.next_wakeup(), base::Instant::max());
        return;
    }
    EXPECT_FALSE(has<ShardFailed>(actions));
    const auto url = reconnect();
    const auto next = open();
    if (GetParam().action == AfterClose::resume) {
        EXPECT_TRUE(url.starts_with("wss://resume.example/")) << url;
        EXPECT_EQ(opcodes(next), std::vector{6});
    } else {
        EXPECT_TRUE(url.starts_with("wss://gateway.example/")) << url;
        EXPECT_TRUE(has<RequestIdentify>(next));
    }
}

INSTANTIATE_TEST_SUITE_P(
    Table, CloseCodes,
    ::testing::Values(CloseCase{0, AfterClose::resume}, CloseCase{1000, AfterClose::reidentify},
                      CloseCase{1001, AfterClose::resume}, CloseCase{1006, AfterClose::resume},
                      CloseCase{1011, AfterClose::resume}, CloseCase{4000, AfterClose::resume},
                      CloseCase{4001, AfterClose::resume}, CloseCase{4002, AfterClose::resume},
                      CloseCase{4003, AfterClose::reidentify}, CloseCase{4004, AfterClose::fatal},
                      CloseCase{4005, AfterClose::reidentify}, CloseCase{4007, AfterClose::reidentify},
                      CloseCase{4008, AfterClose::resume}, CloseCase{4009, AfterClose::reidentify},
                      CloseCase{4010, AfterClose::fatal}, CloseCase{4011, AfterClose::fatal},
                      CloseCase{4012, AfterClose::fatal}, CloseCase{4013, AfterClose::fatal},
                      CloseCase{4014, AfterClose::fatal}, CloseCase{4999, AfterClose::resume}),
    [](const auto& info) { return "Code" + std::to_string(info.param.code); });

TEST_F(GatewayShardTest, PausesWhenItWasRateLimited) {
    become_ready();
    shard_.on_closed(4008, now());
    EXPECT_GE(shard_.next_wakeup() - now(), 5s);
}

TEST_F(GatewayShardTest, BacksOffLongerWhileNoConnectionStays) {
    shard_.start(now());
    base::Duration longest{};
    for (int attempt = 0; attempt < 40; ++attempt) {
        shard_.on_connect_failed(now());
        const auto wait = shard_.next_wakeup() - now();
        EXPECT_LE(wait, 60s);
        longest = std::max(longest, wait);
        reconnect();
    }
    EXPECT_GT(longest, 5s);
}

TEST_F(GatewayShardTest, ForgetsItsFailuresOnceAConnectionWasStable) {
    shard_.start(now());
    for (int attempt = 0; attempt < 10; ++attempt) {
        shard_.on_connect_failed(now());
        reconnect();
    }
    open();
    shard_.on_identify_granted(now());
    shard_.on_payload(ready_event(), now());
    clock_.advance(61s);
    shard_.on_closed(4000, now());
    EXPECT_LE(shard_.next_wakeup() - now(), 1s);
}

TEST_F(GatewayShardTest, GivesUpTheResumeAddressAfterThreeFailuresAndIdentifies) {
    become_ready();
    shard_.on_closed(0, now());
    for (int attempt = 0; attempt < 3; ++attempt) {
        EXPECT_TRUE(reconnect().starts_with("wss://resume.example/"));
        shard_.on_connect_failed(now());
    }
    EXPECT_TRUE(reconnect().starts_with("wss://gateway.example/"));
    EXPECT_TRUE(has<RequestIdentify>(open()));
}

TEST_F(GatewayShardTest, AResumeAddressWithoutTlsIsNotFollowed) {
    shard_.start(now());
    open();
    shard_.on_identify_granted(now());
    auto ready = ready_event();
    std::get<Ready>(ready.event).resume_url = "ws://plain.example/";
    shard_.on_payload(std::move(ready), now());
    shard_.on_closed(0, now());
    EXPECT_TRUE(reconnect().starts_with("wss://gateway.example/"));
    EXPECT_EQ(opcodes(open()), std::vector{6});
}

TEST_F(GatewayShardTest, StartsAgainWhenHelloOrReadyDoNotCome) {
    shard_.start(now());
    shard_.on_connected(now());
    EXPECT_TRUE(has<CloseSocket>(ring()));
    EXPECT_EQ(shard_.state(), ShardState::waiting);
    reconnect();
    shard_.on_connected(now());
    shard_.on_payload(Hello{600s}, now());
    shard_.on_identify_granted(now());
    clock_.advance(21s);
    EXPECT_TRUE(has<CloseSocket>(shard_.on_timer(now())));
    EXPECT_EQ(shard_.state(), ShardState::waiting);
}

TEST_F(GatewayShardTest, SendsAVoiceStateUpdate) {
    become_ready();
    const auto actions = shard_.update_voice_state(kGuild, kStage, true, now());
    ASSERT_TRUE(actions) << actions.error().describe();
    const auto update = sent(*actions);
    ASSERT_EQ(update.size(), 1U);
    EXPECT_EQ(update[0]["op"], 4);
    EXPECT_EQ(update[0]["d"]["guild_id"], "41");
    EXPECT_EQ(update[0]["d"]["channel_id"], "7");
    EXPECT_EQ(update[0]["d"]["self_deaf"], true);
    const auto leave = shard_.update_voice_state(kGuild, ChannelId{}, true, now());
    ASSERT_TRUE(leave);
    EXPECT_TRUE(sent(*leave)[0]["d"]["channel_id"].is_null());
}

TEST_F(GatewayShardTest, RefusesAVoiceStateUpdateWhileItIsNotReady) {
    shard_.start(now());
    const auto refused = shard_.update_voice_state(kGuild, kStage, true, now());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason(), kShardNotReady);
    EXPECT_EQ(refused.error().kind(), base::ErrorKind::unavailable);
}

TEST_F(GatewayShardTest, KeepsTheSendBudgetAndStillBeats) {
    become_ready();
    std::size_t at_once = 0;
    for (int i = 0; i < 200; ++i) {
        const auto actions = shard_.update_voice_state(kGuild, kStage, true, now());
        ASSERT_TRUE(actions);
        at_once += sent(*actions).size();
    }
    EXPECT_EQ(at_once, 109U);  // Identify counts too
    std::size_t in_window = at_once + 1;
    const auto until = now() + 59s;
    while (shard_.next_wakeup() < until) {
        const auto codes = opcodes(ring());
        in_window += codes.size();
        if (std::ranges::count(codes, 1) > 0) shard_.on_payload(HeartbeatAcknowledged{}, now());
    }
    EXPECT_LE(in_window, 120U);
    EXPECT_GT(in_window, 110U) << "a heartbeat waits for nothing";
    std::size_t later = 0;
    while (now() < until + 2s) {
        const auto codes = opcodes(ring());
        later += static_cast<std::size_t>(std::ranges::count(codes, 4));
        if (std::ranges::count(codes, 1) > 0) shard_.on_payload(HeartbeatAcknowledged{}, now());
    }
    EXPECT_EQ(later, 91U);
}

TEST_F(GatewayShardTest, RefusesMoreThanItsQueueHolds) {
    become_ready();
    base::Result<ShardActions> last;
    for (int i = 0; i < 1'200; ++i) last = shard_.update_voice_state(kGuild, kStage, true, now());
    ASSERT_FALSE(last);
    EXPECT_EQ(last.error().reason(), kSendQueueFull);
}

TEST_F(GatewayShardTest, DoesNotAnswerAFloodOfHeartbeatRequestsBeyondTheLimit) {
    become_ready();
    std::size_t beats = 0;
    for (int i = 0; i < 500; ++i) beats += sent(shard_.on_payload(HeartbeatRequested{}, now())).size();
    EXPECT_LT(beats, 120U);
}

TEST_F(GatewayShardTest, ShutsDownWithACloseThatEndsTheSession) {
    become_ready();
    const auto closes = only<CloseSocket>(shard_.shut_down());
    ASSERT_EQ(closes.size(), 1U);
    EXPECT_EQ(closes[0].code, 1000);
    EXPECT_EQ(shard_.next_wakeup(), base::Instant::max());
}

TEST_F(GatewayShardTest, SurvivesAnyOrderOfEvents) {
    shard_.start(now());
    for (int step = 0; step < 20'000; ++step) {
        switch (random_.below(12)) {
            case 0:
                shard_.on_connected(now());
                break;
            case 1:
                shard_.on_connect_failed(now());
                break;
            case 2:
                shard_.on_payload(Hello{kInterval}, now());
                break;
            case 3:
                shard_.on_identify_granted(now());
                break;
            case 4:
                shard_.on_payload(ready_event(), now());
                break;
            case 5:
                shard_.on_payload(Dispatch{2, "RESUMED", Resumed{}}, now());
                break;
            case 6:
                shard_.on_payload(InvalidSession{random_.below(2) == 0}, now());
                break;
            case 7:
                shard_.on_payload(ReconnectRequested{}, now());
                break;
            case 8:
                shard_.on_closed(static_cast<std::uint16_t>(random_.below(2) == 0 ? 4000 : 1000), now());
                break;
            case 9:
                shard_.on_payload(HeartbeatAcknowledged{}, now());
                break;
            case 10:
                (void)shard_.update_voice_state(kGuild, kStage, true, now());
                break;
            default:
                clock_.advance(std::chrono::milliseconds{random_.below(20'000)});
                shard_.on_timer(now());
        }
        const auto state = shard_.state();
        const bool waits_for_somebody_else = state == ShardState::connecting;
        EXPECT_TRUE(waits_for_somebody_else || shard_.next_wakeup() < base::Instant::max()) << name(state);
    }
}

}  // namespace
}  // namespace bandstand::discord
