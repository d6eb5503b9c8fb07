#include "app/bot.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "app/bots.hpp"
#include "app/command_registration.hpp"
#include "app/playback_desk.hpp"
#include "app/voice_control.hpp"
#include "runtime/testing.hpp"
#include "tests/builders.hpp"
#include "tests/doubles.hpp"

namespace bandstand::gateway {
namespace {

using namespace std::chrono_literals;
using namespace test;
using discord::CallbackType;
using runtime::Task;
using Names = std::vector<std::string>;

class BotTest : public runtime::LoopTest {
protected:
    void event(std::string name, discord::Event what, base::Duration ago = {}) {
        bot_.on_event({.shard_id = 0,
                       .received_at = context_.clock().now() - ago,
                       .dispatch = {.sequence = 1, .name = std::move(name), .event = std::move(what)}});
    }
    void log_in(std::vector<discord::VoiceState> voice_states = {in_voice(kAlice, kStage)}) {
        event("READY", ready());
        event("GUILD_CREATE", discord::GuildCreate{lounge(std::move(voice_states))});
        settle();
        discord_.sent.clear();
    }
    void ask(discord::Interaction interaction, base::Duration ago = {}) {
        event("INTERACTION_CREATE", discord::InteractionCreated{std::move(interaction)}, ago);
        settle();
    }
    void tell(
        std::variant<domain::CommandAnswered, domain::TrackStarted, domain::TrackEnded,
                     domain::PlaybackPaused, domain::PlaybackResumed, domain::VoiceLost, domain::OtherFact>
            fact,
        base::Duration ago = {}) {
        domain::PlaybackFact told{
            .guild = kGuild,
            .bot = kBot,
            .event_id = "0193e000-0000-7000-8000-00000000000" + std::to_string(++facts_),
            .occurred_at = context_.clock().wall_now() - ago,
            .traceparent = {},
            .fact = std::move(fact)};
        run([](PlaybackDesk& desk, domain::PlaybackFact one, base::Result<void>* out) -> Task<void> {
            *out = co_await desk.show(std::move(one));
        }(desk_, std::move(told), &shown_));
        settle();
    }
    domain::CommandAnswered answer_to(std::uint64_t interaction, std::string command,
                                      std::variant<domain::Refused, domain::Enqueued, domain::Done> outcome,
                                      domain::PlayerView view, bool from_component = false) {
        domain::CommandAnswered made;
        made.reply = {.application = kApplication,
                      .interaction = base::InteractionId{interaction},
                      .token = "t",
                      .text_channel = kText,
                      .received_at = context_.clock().wall_now(),
                      .from_component = from_component,
                      .locale = "en-US"};
        made.command = std::move(command);
        made.outcome = std::move(outcome);
        made.view = std::move(view);
        return made;
    }
    /// A panel of song e1, in message 1500.
    void show_panel() {
        tell(answer_to(500, "play", domain::Enqueued{track("e1", "Air"), 0, 0ms},
                       playing(track("e1", "Air"))));
        discord_.sent.clear();
    }
    /// Until everything that an event started has ended.
    void settle() {
        run([](runtime::TaskGroup& visits, SignalPost& post) -> Task<void> {
            for (int i = 0; i < 1'000 && (visits.size() > 1 || post.waiting() > 0); ++i) {
                co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
            }
        }(visits_, signals_));
    }
    ~BotTest() override {
        run([](runtime::TaskGroup& visits) -> Task<void> {
            visits.stop();
            (void)co_await visits.join();
        }(visits_));
    }
    BotTest() {
        bots_.add(bot_);
        visits_.spawn("signals", signals_.run());
    }

    FakeDiscord discord_;
    FakeInbox inbox_;
    FakeSearch search_;
    FakeCommunity community_;
    FakeRegistry registry_;
    InteractionMetrics metrics_{observer_.metrics()};
    runtime::TaskGroup visits_{context_};
    SignalPost signals_{context_, inbox_};
    Bot bot_{{.context = context_,
              .tasks = visits_,
              .discord = discord_,
              .inbox = inbox_,
              .search = search_,
              .community = community_,
              .registry = registry_,
              .signals = signals_,
              .metrics = metrics_}};
    Bots bots_;
    PlaybackDesk desk_{context_, bots_, visits_};
    base::Result<void> shown_;
    int facts_ = 0;
};

TEST_F(BotTest, AcknowledgesAndThenPublishes) {
    log_in();
    ask(command("play", {text("query", "bach")}));
    ASSERT_EQ(discord_.order(), Names{"acknowledge"});
    EXPECT_EQ(discord_.sent[0].callback.type, CallbackType::deferred_message);
    ASSERT_EQ(inbox_.commands.size(), 1U);
    const auto& sent = inbox_.commands[0];
    EXPECT_EQ(sent.guild, kGuild);
    EXPECT_EQ(sent.bot, kBot);
    EXPECT_EQ(sent.requester, kAlice);
    EXPECT_EQ(sent.voice_channel, kStage);
    EXPECT_TRUE(sent.voice_channel_is_stage);
    EXPECT_EQ(sent.voice_channel_bitrate, 64'000U);
    EXPECT_EQ(sent.reply.token, "token-500");
    EXPECT_EQ(sent.reply.text_channel, kText);
    EXPECT_EQ(std::get<domain::PlayQuery>(sent.request).text, "bach");
}

TEST_F(BotTest, WhatDiscordDidNotAcknowledgeIsNotDone) {
    log_in();
    discord_.failures["acknowledge"] = base::ErrorKind::not_found;
    ask(command("play", {text("query", "bach")}));
    EXPECT_TRUE(inbox_.commands.empty());
}

TEST_F(BotTest, APersonWhoseCommandCouldNotBePassedOnIsToldSo) {
    log_in();
    inbox_.failures = 1;
    ask(command("pause"));
    ASSERT_EQ(discord_.order(), (Names{"acknowledge", "edit_answer"}));
    EXPECT_NE(discord_.sent[1].message.content.find("Try again"), std::string::npos);
}

TEST_F(BotTest, APressThatCouldNotBePassedOnLeavesThePanelAlone) {
    log_in();
    inbox_.failures = 1;
    ask(press("v1:skip:e1"));
    EXPECT_EQ(discord_.order(), (Names{"acknowledge", "follow_up"}));
    EXPECT_EQ(discord_.sent[0].callback.type, CallbackType::deferred_update);
    EXPECT_TRUE(discord_.sent[1].message.ephemeral);
}

TEST_F(BotTest, ARefusalIsInstantAndForThePersonAlone) {
    log_in({});
    ask(command("play", {text("query", "bach")}));
    ASSERT_EQ(discord_.order(), Names{"acknowledge"});
    EXPECT_EQ(discord_.sent[0].callback.type, CallbackType::message);
    EXPECT_TRUE(discord_.sent[0].callback.message.ephemeral);
    EXPECT_NE(discord_.sent[0].callback.message.content.find("not in a voice channel"), std::string::npos);
    EXPECT_TRUE(inbox_.commands.empty());
}

TEST_F(BotTest, HelpIsAnsweredAtOnce) {
    log_in();
    ask(command("help"));
    ASSERT_EQ(discord_.order(), Names{"acknowledge"});
    EXPECT_EQ(discord_.sent[0].callback.type, CallbackType::message);
}

TEST_F(BotTest, SuggestsSongsThatFitAChoice) {
    log_in();
    search_.found = {{.key = "air", .title = "Air", .artist = "Bach", .duration = 65s},
                     {.key = std::string(100, 'k'), .title = "Too long", .artist = "", .duration = 0ms}};
    auto typing = interaction(discord::InteractionType::autocomplete, "play");
    typing.options = {text("query", "ba")};
    typing.options[0].focused = true;
    ask(typing);
    ASSERT_EQ(discord_.order(), Names{"acknowledge"});
    const auto& choices = discord_.sent[0].callback.choices;
    ASSERT_EQ(choices.size(), 1U);
    EXPECT_EQ(choices[0].value, "lib:air");
    EXPECT_EQ(choices[0].name, "Air, Bach (1:05)");
}

TEST_F(BotTest, ASearchThatFailsSuggestsNothing) {
    log_in();
    search_.fails = true;
    auto typing = interaction(discord::InteractionType::autocomplete, "play");
    typing.options = {text("query", "ba")};
    typing.options[0].focused = true;
    ask(typing);
    ASSERT_EQ(discord_.order(), Names{"acknowledge"});
    EXPECT_EQ(discord_.sent[0].callback.type, CallbackType::autocomplete);
    EXPECT_TRUE(discord_.sent[0].callback.choices.empty());
}

TEST_F(BotTest, AnInteractionThatIsTooOldIsNotAnswered) {
    log_in();
    ask(command("pause"), 3s);
    EXPECT_TRUE(discord_.sent.empty());
    EXPECT_TRUE(inbox_.commands.empty());
}

TEST_F(BotTest, RegistersItsCommandsOnlyWhenTheyChanged) {
    event("READY", ready());
    settle();
    EXPECT_EQ(discord_.order(), Names{"register"});
    const auto again = [this] {
        run([](runtime::Context context, FakeDiscord& discord, FakeRegistry& registry) -> Task<void> {
            (void)co_await register_commands(context, discord, registry, kApplication);
        }(context_, discord_, registry_));
    };
    again();
    EXPECT_EQ(discord_.order().size(), 1U) << "nothing changed";
    discord_.registered[0].version = "2";
    again();
    EXPECT_EQ(discord_.order().size(), 2U) << "somebody changed them";
    discord_.registered.clear();
    again();
    EXPECT_EQ(discord_.order().size(), 3U) << "somebody removed them";
}

TEST_F(BotTest, PassesVoiceSignallingOnInItsOrder) {
    log_in();
    event("VOICE_STATE_UPDATE", discord::VoiceStateChanged{in_voice(kBot, kStage, true)});
    event("VOICE_SERVER_UPDATE", discord::VoiceServerChanged{kGuild, "token", "voice.example:443"});
    event("VOICE_STATE_UPDATE", discord::VoiceStateChanged{in_voice(kBob, kStage)});
    event("GUILD_DELETE", discord::GuildDelete{kGuild, true});
    settle();
    ASSERT_EQ(inbox_.signals.size(), 5U);
    EXPECT_EQ(std::get<domain::OwnVoiceState>(inbox_.signals[0].signal).channel, kStage);
    EXPECT_EQ(std::get<domain::Occupancy>(inbox_.signals[1].signal).listeners, 1U);
    EXPECT_EQ(std::get<domain::VoiceServer>(inbox_.signals[2].signal).endpoint, "voice.example:443");
    EXPECT_EQ(std::get<domain::Occupancy>(inbox_.signals[3].signal).listeners, 2U);
    EXPECT_FALSE(std::get<domain::GuildUnavailable>(inbox_.signals[4].signal).removed);
    EXPECT_EQ(inbox_.signals[2].bot, kBot);
}

TEST_F(BotTest, SignallingSurvivesAnOutageOfTheBus) {
    log_in();
    inbox_.failures = 1;
    event("VOICE_SERVER_UPDATE", discord::VoiceServerChanged{kGuild, "a", ""});
    event("VOICE_SERVER_UPDATE", discord::VoiceServerChanged{kGuild, "b", ""});
    run([](FakeInbox* inbox) -> Task<void> {
        while (inbox->signals.size() < 2) co_await runtime::sleep_for(1ms);
    }(&inbox_));
    EXPECT_EQ(std::get<domain::VoiceServer>(inbox_.signals[0].signal).token, "a");
    EXPECT_EQ(std::get<domain::VoiceServer>(inbox_.signals[1].signal).token, "b");
}

TEST_F(BotTest, BecomesASpeakerWhenAStagePutsItIntoTheAudience) {
    log_in();
    auto audience = in_voice(kBot, kStage, true);
    audience.suppressed = true;
    event("VOICE_STATE_UPDATE", discord::VoiceStateChanged{audience});
    settle();
    ASSERT_EQ(discord_.order(), Names{"speak"});
    EXPECT_EQ(discord_.sent[0].channel, kStage);
}

TEST_F(BotTest, AsksForItsChannelAgainWhenANewSessionLostIt) {
    log_in({in_voice(kAlice, kStage), in_voice(kBot, kStage, true)});
    event("READY", ready());
    event("GUILD_CREATE", discord::GuildCreate{lounge({in_voice(kAlice, kStage)})});
    settle();
    ASSERT_EQ(discord_.order(), Names{"voice"});
    EXPECT_EQ(discord_.sent[0].channel, kStage);
}

TEST_F(BotTest, AnnouncesThatItJoinedOrLeftAGuild) {
    log_in();
    auto other = lounge();
    other.id = base::GuildId{42};
    event("GUILD_CREATE", discord::GuildCreate{std::move(other)});
    event("GUILD_DELETE", discord::GuildDelete{base::GuildId{42}, false});
    settle();
    EXPECT_EQ(community_.told, (Names{"joined 42 Lounge", "left 42"}));
}

TEST_F(BotTest, ShowsTheAnswerOfThePlayer) {
    log_in();
    tell(answer_to(500, "pause", domain::Refused{"audio.nothing_playing", ""}, {}));
    ASSERT_EQ(discord_.order(), Names{"edit_answer"});
    EXPECT_NE(discord_.sent[0].message.content.find("Nothing is playing"), std::string::npos);
}

TEST_F(BotTest, ThePanelFollowsTheMusic) {
    log_in();
    show_panel();
    tell(domain::TrackStarted{track("e1", "Air"), 0ms});
    EXPECT_TRUE(discord_.sent.empty()) << "it is on show already";
    tell(domain::PlaybackPaused{5s});
    ASSERT_EQ(discord_.order(), Names{"edit"});
    EXPECT_EQ(discord_.sent[0].id, base::MessageId{1'500});
    EXPECT_EQ(discord_.sent[0].message.buttons.at(0).label, "Resume");
    tell(domain::PlaybackPaused{5s});
    EXPECT_EQ(discord_.sent.size(), 1U) << "it says so already";
    tell(domain::TrackEnded{track("e1", "Air"), domain::EndCause::finished, "", kText});
    EXPECT_TRUE(discord_.sent.back().message.buttons.empty());
    tell(domain::TrackStarted{track("e2", "Badinerie"), 0ms});
    EXPECT_EQ(discord_.order().back(), "send");
    EXPECT_EQ(discord_.sent.back().channel, kText);
    EXPECT_LE(discord_.sent.back().nonce.size(), 25U);
}

TEST_F(BotTest, ThereIsOnePanelPerPlayer) {
    log_in();
    show_panel();
    tell(answer_to(501, "nowplaying", domain::Done{}, playing(track("e1", "Air"))));
    ASSERT_EQ(discord_.order(), (Names{"edit_answer", "edit"}));
    EXPECT_EQ(discord_.sent[1].id, base::MessageId{1'500});
    EXPECT_TRUE(discord_.sent[1].message.buttons.empty()) << "the older one loses its buttons";
}

TEST_F(BotTest, TellsWhySongsFail) {
    log_in();
    tell(domain::TrackEnded{track("e9", "Broken"), domain::EndCause::failed, "The server said 404.", kText});
    ASSERT_EQ(discord_.order(), Names{"send"});
    EXPECT_NE(discord_.sent[0].message.embeds.at(0).description.find("The server said 404."),
              std::string::npos);
}

TEST_F(BotTest, DoesNotTalkAboutThePast) {
    log_in();
    show_panel();
    tell(domain::TrackStarted{track("e2", "Badinerie"), 0ms}, 10min);
    tell(domain::VoiceLost{"audio.voice_kicked", "", kText}, 10min);
    for (const auto& one : discord_.sent) EXPECT_NE(one.what, "send");
    auto old = answer_to(502, "pause", domain::Done{}, {});
    old.reply.received_at -= 16min;
    discord_.sent.clear();
    tell(std::move(old));
    EXPECT_TRUE(discord_.sent.empty()) << "its token is dead";
}

TEST_F(BotTest, OnlyAnOutageIsWorthAnotherTry) {
    log_in();
    discord_.failures["edit_answer"] = base::ErrorKind::not_found;
    tell(answer_to(503, "pause", domain::Done{}, {}));
    EXPECT_TRUE(shown_);
    discord_.failures["edit_answer"] = base::ErrorKind::unavailable;
    tell(answer_to(504, "pause", domain::Done{}, {}));
    EXPECT_FALSE(shown_);
}

TEST_F(BotTest, JoinsForOtherServicesUnlessItMayNot) {
    log_in();
    VoiceControl control{context_, bots_};
    EXPECT_TRUE(control.join(kGuild, kBot, kStage, true));
    EXPECT_EQ(discord_.sent.back().channel, kStage);
    const auto refused = control.join(kGuild, kBot, kText, true);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind(), base::ErrorKind::failed_precondition);
    EXPECT_EQ(refused.error().reason().name, "gateway.channel_unknown");
    EXPECT_EQ(control.join(kGuild, base::UserId{1}, kStage, true).error().reason(), kUnknownBot);
    EXPECT_EQ(control.join(base::GuildId{1}, kBot, kStage, true).error().reason(), kUnknownGuild);
    EXPECT_TRUE(control.leave(kGuild, kBot));
    EXPECT_FALSE(discord_.sent.back().channel);
    const auto members = control.members(kGuild, kBot);
    ASSERT_TRUE(members);
    ASSERT_EQ(members->size(), 1U);
    EXPECT_EQ((*members)[0].user, kAlice);
}

}  // namespace
}  // namespace bandstand::gateway
