#include "player_fixture.hpp"

namespace bandstand::audio::domain::testing {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

struct PlayerTest : ::testing::Test {
    PlayerBench bench;
};

TEST_F(PlayerTest, JoinsTheChannelOfWhoeverAsksFirstOnceTheTrackIsFound) {
    bench.ask(Play{{SourceKind::library, "bach", {}}});
    EXPECT_TRUE(bench.all_effects<RequestJoin>().empty());
    bench.tell(Resolved{bench.last_effect<Resolve>().entry, {}, {.title = "Air"}});
    EXPECT_EQ(bench.last_effect<RequestJoin>().channel, kStage);
    EXPECT_EQ(bench.last_effect<OpenStream>().from, Milliseconds{0});
}

TEST_F(PlayerTest, AnswersPlayWhenTheTrackIsFoundAndTheGatewayAccepted) {
    bench.play("Air");
    EXPECT_TRUE(bench.all_facts<Answered>().empty());
    bench.tell(JoinAccepted{});
    const auto answer = bench.last_fact<Answered>();
    const auto enqueued = std::get<Enqueued>(answer.outcome);
    EXPECT_EQ(enqueued.entry.info.title, "Air");
    EXPECT_EQ(enqueued.position, 0U);
    EXPECT_EQ(answer.view.state, PlayerState::connecting);
}

TEST_F(PlayerTest, DoesNotComeInForATrackThatIsNotFound) {
    const auto id = bench.ask(Play{{SourceKind::library, "nonsense", {}}});
    bench.tell(ResolveFailed{bench.last_effect<Resolve>().entry, "audio.not_found", "Nothing found."});
    EXPECT_EQ(bench.refusal(id), "audio.not_found");
    EXPECT_TRUE(bench.all_effects<RequestJoin>().empty());
    EXPECT_FALSE(bench.player.active());
    EXPECT_TRUE(bench.player.queue().empty());
}

TEST_F(PlayerTest, RefusesWhoIsInNoOrAnotherChannel) {
    EXPECT_EQ(bench.refusal(bench.ask(Play{}, base::ChannelId{})), "audio.not_in_voice");
    bench.playing();
    EXPECT_EQ(bench.refusal(bench.ask(Play{}, kElsewhere)), "audio.other_channel");
    EXPECT_EQ(bench.refusal(bench.ask(Skip{}, kElsewhere)), "audio.other_channel");
    EXPECT_EQ(bench.refusal(bench.ask(SetVolume{50}, kElsewhere)), "audio.other_channel");
    EXPECT_EQ(bench.refusal(bench.ask(ShowQueue{}, base::ChannelId{})), "");
}

TEST_F(PlayerTest, StartsNothingWhenTheProcessIsFull) {
    EXPECT_EQ(bench.refusal(bench.ask(Play{}, kStage, false)), "audio.at_capacity");
    bench.playing();
    bench.ask(Play{{SourceKind::library, "x", {}}}, kStage, false);
    EXPECT_EQ(bench.player.queue().size(), 2U);
}

TEST_F(PlayerTest, EveryCommandButPlayAndQueueNeedsSomethingThatPlays) {
    for (const auto& request :
         std::vector<Request>{Pause{}, Resume{}, TogglePause{}, Skip{}, Stop{}, ShowNowPlaying{}, Seek{}}) {
        EXPECT_EQ(bench.refusal(bench.ask(request)), "audio.nothing_playing");
    }
    EXPECT_EQ(bench.refusal(bench.ask(ShowQueue{})), "");
    EXPECT_EQ(bench.refusal(bench.ask(Leave{})), "audio.not_connected");
}

TEST_F(PlayerTest, AJoinThatTheGatewayRefusesIsTheAnswerAndTakesTheTrackBack) {
    bench.play();
    bench.tell(JoinRefused{"gateway.no_permission", "I may not speak there."});
    EXPECT_EQ(std::get<Refused>(bench.last_fact<Answered>().outcome).reason, "gateway.no_permission");
    EXPECT_TRUE(bench.player.queue().empty());
    EXPECT_FALSE(bench.player.active());
    EXPECT_TRUE(bench.all_facts<VoiceLost>().empty());
}

TEST_F(PlayerTest, KeepsTheQueueWhenDiscordNeverAnswersTheJoin) {
    bench.play();
    bench.tell(JoinAccepted{});
    bench.now = *bench.player.deadline();
    bench.tell(Tick{});
    EXPECT_EQ(bench.last_fact<VoiceLost>().reason, "audio.voice_no_answer");
    EXPECT_EQ(bench.last_fact<VoiceLost>().text_channel, kGeneral);
    EXPECT_EQ(bench.player.queue().size(), 1U);
    EXPECT_FALSE(bench.player.active());
}

TEST_F(PlayerTest, JoinIsAnsweredWhenTheVoiceIsReady) {
    const auto id = bench.ask(Join{});
    bench.tell(JoinAccepted{});
    EXPECT_TRUE(bench.answers_to(id).empty());
    bench.tell(VoiceReady{});
    EXPECT_EQ(bench.refusal(id), "");
    EXPECT_EQ(bench.refusal(bench.ask(Join{})), "");
}

TEST_F(PlayerTest, JoinIsRefusedWhenTheVoiceNeverBecomesReady) {
    const auto id = bench.ask(Join{});
    bench.now = *bench.player.deadline();
    bench.tell(Tick{});
    EXPECT_EQ(bench.refusal(id), "audio.voice_no_answer");
    EXPECT_TRUE(bench.all_facts<VoiceLost>().empty()) << "told already";
}

TEST_F(PlayerTest, JoinMovesABotThatNobodyListensTo) {
    bench.playing();
    bench.tell(Occupancy{kStage, 0});
    bench.ask(Join{}, kElsewhere);
    EXPECT_EQ(bench.last_effect<RequestJoin>().channel, kElsewhere);
}

TEST_F(PlayerTest, TracksPlayInTheOrderOfTheirCommandsHoweverLongTheSearchTook) {
    bench.ask(Play{{SourceKind::url, "http://slow", {}}});
    const auto slow = bench.last_effect<Resolve>().entry;
    const auto fast = bench.play("Fast");
    EXPECT_TRUE(bench.all_effects<OpenStream>().empty());
    bench.tell(Resolved{slow, {SourceKind::url, "http://slow", {}}, {.title = "Slow"}});
    EXPECT_EQ(bench.last_effect<OpenStream>().entry, slow);
    bench.tell(JoinAccepted{});
    const auto answers = bench.all_facts<Answered>();
    ASSERT_EQ(answers.size(), 2U);
    EXPECT_EQ(std::get<Enqueued>(answers[1].outcome).entry.id, fast);
    EXPECT_EQ(std::get<Enqueued>(answers[1].outcome).position, 1U);
}

TEST_F(PlayerTest, TellsHowLongAQueuedTrackWaits) {
    const auto stream = bench.playing(minutes{3});
    bench.tell(Position{stream, minutes{1}});
    bench.play("Second", minutes{4});
    EXPECT_EQ(std::get<Enqueued>(bench.last_fact<Answered>().outcome).wait, minutes{2});
    bench.play("Third");
    EXPECT_EQ(std::get<Enqueued>(bench.last_fact<Answered>().outcome).wait, minutes{6});
}

TEST_F(PlayerTest, OpensTheNextTrackShortlyBeforeTheEndAndGoesOnWithoutAHole) {
    const auto first = bench.playing(minutes{3});
    const auto second = bench.play("Second");
    bench.tell(Position{first, seconds{169}});
    EXPECT_EQ(bench.all_effects<OpenStream>().size(), 1U);
    bench.tell(Position{first, seconds{170}});
    const auto opened = bench.last_effect<OpenStream>();
    EXPECT_EQ(opened.entry, second);
    bench.tell(StreamOpened{opened.stream, {}, true});
    EXPECT_EQ(bench.last_effect<QueueStream>().stream, opened.stream);
    bench.forget_past();
    bench.tell(StreamDrained{first});
    bench.tell(StreamStarted{opened.stream});
    EXPECT_EQ(bench.last_fact<TrackEnded>().cause, EndCause::finished);
    EXPECT_EQ(bench.last_fact<TrackStarted>().entry.id, second);
    EXPECT_TRUE(bench.effects.empty()) << "the engine went on by itself";
}

TEST_F(PlayerTest, OpensTheNextTrackOfUnknownLengthWhenTheSourceIsReadToItsEnd) {
    const auto first = bench.playing(minutes{3});
    bench.play("Second");
    bench.tell(StreamReadToEnd{first});
    EXPECT_EQ(bench.all_effects<OpenStream>().size(), 2U);
}

TEST_F(PlayerTest, WindingBackPutsTheNextTrackAway) {
    const auto first = bench.playing(minutes{3});
    bench.play("Second");
    bench.tell(Position{first, seconds{175}});
    const auto next = bench.last_effect<OpenStream>().stream;
    bench.ask(Seek{seconds{5}});
    EXPECT_EQ(bench.last_effect<CloseStream>().stream, next);
    EXPECT_EQ(bench.last_effect<SeekStream>().stream, first);
    bench.tell(StreamDrained{first});
    EXPECT_EQ(bench.player.queue().size(), 2U) << "a late report of before the seek";
}

TEST_F(PlayerTest, SkipGoesToTheNextTrackAtOnce) {
    const auto first = bench.playing();
    const auto second = bench.play("Second");
    const auto id = bench.ask(Skip{});
    const auto answer = bench.answers_to(id).at(0);
    EXPECT_EQ(std::get<Done>(answer.outcome).count, 1U);
    EXPECT_EQ(answer.view.current->id, second);
    EXPECT_EQ(bench.last_effect<CloseStream>().stream, first);
    EXPECT_EQ(bench.last_effect<OpenStream>().entry, second);
    EXPECT_EQ(bench.last_fact<TrackEnded>().cause, EndCause::skipped);
}

TEST_F(PlayerTest, SkipOfManyTakesNoMoreThanThereAre) {
    bench.playing();
    bench.play("Second");
    const auto id = bench.ask(Skip{.count = 4'000'000'000U});
    EXPECT_EQ(std::get<Done>(bench.answers_to(id).at(0).outcome).count, 2U);
    EXPECT_TRUE(bench.player.queue().empty());
    EXPECT_TRUE(bench.player.active()) << "it stays, somebody may want more";
}

TEST_F(PlayerTest, AnOldSkipButtonDoesNotSkipTheTrackThatPlaysNow) {
    bench.playing();
    const auto second = bench.play("Second");
    EXPECT_EQ(bench.refusal(bench.ask(Skip{1, second})), "audio.track_gone");
    EXPECT_EQ(bench.player.queue().size(), 2U);
}

TEST_F(PlayerTest, StopClearsLeavesAndAnswersWhoStillWaits) {
    bench.playing();
    const auto waiting = bench.ask(Play{{SourceKind::url, "http://slow", {}}});
    EXPECT_EQ(bench.refusal(bench.ask(Stop{})), "");
    EXPECT_EQ(bench.refusal(waiting), "audio.removed");
    EXPECT_EQ(bench.last_fact<TrackEnded>().cause, EndCause::stopped);
    EXPECT_EQ(bench.all_effects<RequestLeave>().size(), 1U);
    EXPECT_EQ(bench.player.view().state, PlayerState::idle);
}

TEST_F(PlayerTest, LeaveKeepsTheQueueForWhoCallsTheBotBack) {
    const auto stream = bench.playing();
    bench.tell(Position{stream, seconds{42}});
    bench.ask(Leave{});
    EXPECT_EQ(bench.last_effect<CloseStream>().stream, stream);
    EXPECT_EQ(bench.player.view().state, PlayerState::paused);
    bench.forget_past();
    const auto id = bench.ask(Resume{}, kElsewhere);
    EXPECT_EQ(bench.last_effect<RequestJoin>().channel, kElsewhere);
    EXPECT_EQ(bench.last_effect<OpenStream>().from, seconds{42});
    bench.connect();
    EXPECT_EQ(bench.refusal(id), "");
    bench.open_and_start();
    EXPECT_TRUE(bench.all_facts<TrackStarted>().empty()) << "it was announced before";
}

TEST_F(PlayerTest, JoinGoesOnWithAKeptQueue) {
    const auto stream = bench.playing();
    bench.tell(Position{stream, seconds{42}});
    bench.ask(Leave{});
    bench.forget_past();
    bench.ask(Join{});
    bench.connect();
    EXPECT_EQ(bench.last_effect<OpenStream>().from, seconds{42});
    bench.open_and_start();
    EXPECT_EQ(bench.player.view().state, PlayerState::playing);
}

TEST_F(PlayerTest, TheAnswerIsPublishedBeforeTheNews) {
    bench.playing();
    bench.forget_past();
    bench.ask(Skip{});
    EXPECT_TRUE(std::holds_alternative<Answered>(bench.facts.at(0)));
}

TEST_F(PlayerTest, PauseAndResumeTakeTurns) {
    bench.playing();
    EXPECT_EQ(bench.refusal(bench.ask(Resume{})), "audio.not_paused");
    EXPECT_EQ(bench.refusal(bench.ask(Pause{})), "");
    EXPECT_EQ(bench.all_effects<PauseSound>().size(), 1U);
    EXPECT_EQ(bench.refusal(bench.ask(Pause{})), "audio.already_paused");
    bench.ask(TogglePause{});
    EXPECT_EQ(bench.all_effects<ResumeSound>().size(), 1U);
    bench.ask(TogglePause{});
    EXPECT_EQ(bench.all_effects<PauseSound>().size(), 2U);
    EXPECT_EQ(bench.all_facts<PlaybackPaused>().size(), 2U);
    EXPECT_EQ(bench.all_facts<PlaybackResumed>().size(), 1U);
}

TEST_F(PlayerTest, WhatIsPlayedAfterAPausedTrackWasSkippedSounds) {
    bench.playing();
    bench.ask(Pause{});
    bench.ask(Skip{});
    EXPECT_EQ(bench.all_effects<ResumeSound>().size(), 1U);
    bench.play("Second");
    EXPECT_EQ(bench.player.view().state, PlayerState::connecting);
}

TEST_F(PlayerTest, SeeksWithinTheTrackOnly) {
    const auto stream = bench.playing(minutes{3});
    bench.tell(Position{stream, seconds{60}});
    EXPECT_EQ(bench.refusal(bench.ask(Seek{minutes{4}})), "audio.seek_out_of_range");
    EXPECT_EQ(bench.refusal(bench.ask(Seek{Milliseconds::max(), true})), "audio.seek_out_of_range");
    EXPECT_EQ(bench.refusal(bench.ask(Seek{-seconds{1}})), "audio.seek_out_of_range");
    EXPECT_EQ(bench.refusal(bench.ask(Seek{seconds{10}, true})), "");
    EXPECT_EQ(bench.last_effect<SeekStream>().to, seconds{70});
    EXPECT_EQ(bench.refusal(bench.ask(Seek{Milliseconds::min(), true})), "");
    EXPECT_EQ(bench.last_effect<SeekStream>().to, seconds{0});
}

TEST_F(PlayerTest, SeekInATrackThatIsStillOpeningOpensItAtThePlace) {
    bench.play();
    bench.connect();
    const auto first = bench.last_effect<OpenStream>().stream;
    EXPECT_EQ(bench.refusal(bench.ask(Seek{seconds{30}})), "");
    EXPECT_EQ(bench.last_effect<CloseStream>().stream, first);
    EXPECT_EQ(bench.last_effect<OpenStream>().from, seconds{30});
}

TEST_F(PlayerTest, RefusesToWindWhatCannotBeWound) {
    bench.play();
    bench.connect();
    bench.tell(StreamOpened{bench.last_effect<OpenStream>().stream, {}, false});
    EXPECT_EQ(bench.refusal(bench.ask(Seek{seconds{30}})), "audio.not_seekable");
}

TEST_F(PlayerTest, VolumeIsBoundedAndOutlivesTheTrack) {
    EXPECT_EQ(bench.refusal(bench.ask(SetVolume{201})), "audio.volume_out_of_range");
    EXPECT_EQ(bench.refusal(bench.ask(SetVolume{50})), "");
    EXPECT_EQ(bench.last_effect<ApplyVolume>().percent, 50U);
    bench.playing();
    bench.ask(Stop{});
    const auto id = bench.ask(SetVolume{});
    EXPECT_EQ(bench.answers_to(id).at(0).view.volume_percent, 50U);
}

TEST_F(PlayerTest, ReportsAFailedTrackAndPlaysTheNext) {
    const auto first = bench.playing();
    const auto second = bench.play("Second");
    bench.tell(StreamFailed{first, "audio.fetch_failed", "The server hung up."});
    const auto ended = bench.last_fact<TrackEnded>();
    EXPECT_EQ(ended.cause, EndCause::failed);
    EXPECT_EQ(ended.detail, "The server hung up.");
    EXPECT_EQ(ended.entry.text_channel, kGeneral);
    EXPECT_EQ(bench.last_effect<OpenStream>().entry, second);
}

TEST_F(PlayerTest, PausesAfterFiveFailuresInARow) {
    bench.play("0");
    bench.connect();
    for (int i = 1; i < 7; ++i) bench.play(std::to_string(i));
    for (int i = 0; i < 5; ++i) {
        EXPECT_TRUE(bench.all_effects<PauseSound>().empty());
        bench.tell(StreamFailed{bench.last_effect<OpenStream>().stream, "audio.fetch_failed", "Gone."});
    }
    EXPECT_EQ(bench.all_effects<PauseSound>().size(), 1U);
    EXPECT_EQ(bench.player.queue().size(), 2U) << "the rest is kept";
    EXPECT_EQ(bench.refusal(bench.ask(Resume{})), "");
}

TEST_F(PlayerTest, ANextTrackThatCannotBeOpenedIsDroppedBeforeItsTurn) {
    const auto first = bench.playing(minutes{3});
    const auto second = bench.play("Broken");
    const auto third = bench.play("Third");
    bench.tell(Position{first, seconds{175}});
    bench.tell(StreamFailed{bench.last_effect<OpenStream>().stream, "audio.unsupported_media", "No audio."});
    EXPECT_EQ(bench.last_fact<TrackEnded>().entry.id, second);
    EXPECT_EQ(bench.last_effect<OpenStream>().entry, third);
    EXPECT_EQ(bench.player.current_stream(), first) << "the listener notices nothing";
}

TEST_F(PlayerTest, PausesWhenNobodyListensResumesWhenSomebodyReturnsLeavesAfterFiveMinutes) {
    bench.playing();
    bench.tell(Occupancy{kStage, 0});
    EXPECT_EQ(bench.all_effects<PauseSound>().size(), 1U);
    bench.tell(Occupancy{kStage, 0});
    EXPECT_EQ(bench.all_facts<PlaybackPaused>().size(), 1U);
    bench.tell(Occupancy{kStage, 2});
    EXPECT_EQ(bench.all_effects<ResumeSound>().size(), 1U);
    EXPECT_FALSE(bench.player.deadline());
    bench.tell(Occupancy{kStage, 0});
    EXPECT_EQ(bench.player.deadline(), bench.now + seconds{300});
    bench.now += seconds{299};
    bench.tell(Tick{});
    EXPECT_TRUE(bench.player.active());
    bench.now += seconds{1};
    bench.tell(Tick{});
    EXPECT_EQ(bench.last_fact<VoiceLost>().reason, "audio.left_alone");
    EXPECT_EQ(bench.player.queue().size(), 1U);
}

TEST_F(PlayerTest, APauseByAPersonOutlastsTheReturnOfListeners) {
    bench.playing();
    bench.ask(Pause{});
    bench.tell(Occupancy{kStage, 0});
    bench.tell(Occupancy{kStage, 1});
    EXPECT_TRUE(bench.all_effects<ResumeSound>().empty());
}

TEST_F(PlayerTest, LeavesWhenTheQueueWasEmptyForFiveMinutes) {
    const auto stream = bench.playing();
    bench.tell(StreamDrained{stream});
    EXPECT_EQ(bench.player.deadline(), bench.now + seconds{300});
    bench.now += seconds{300};
    bench.tell(Tick{});
    EXPECT_EQ(bench.last_fact<VoiceLost>().reason, "audio.left_idle");
    EXPECT_FALSE(bench.player.active());
}

TEST_F(PlayerTest, AKickEndsTheConnectionButNotTheQueue) {
    const auto stream = bench.playing();
    bench.tell(OwnVoiceState{});
    EXPECT_EQ(bench.last_fact<VoiceLost>().reason, "audio.voice_kicked");
    EXPECT_EQ(bench.last_effect<CloseStream>().stream, stream);
    EXPECT_TRUE(bench.all_effects<RequestLeave>().empty());
    EXPECT_EQ(bench.player.queue().size(), 1U);
}

TEST_F(PlayerTest, TheEchoOfAnEarlierLeaveDoesNotEndAJoin) {
    bench.play();
    bench.tell(OwnVoiceState{});
    bench.tell(OwnVoiceState{kStage, "session"});
    EXPECT_EQ(bench.all_effects<ForwardVoiceState>().size(), 1U);
    EXPECT_TRUE(bench.player.active());
}

TEST_F(PlayerTest, FollowsAModeratorWhoMovesIt) {
    bench.playing();
    bench.tell(OwnVoiceState{kElsewhere, "session"});
    EXPECT_EQ(bench.player.view().voice_channel, kElsewhere);
    EXPECT_EQ(bench.refusal(bench.ask(Pause{}, kElsewhere)), "");
}

TEST_F(PlayerTest, GoesOnAfterTheConnectionCameBack) {
    bench.playing();
    bench.tell(VoiceInterrupted{});
    EXPECT_EQ(bench.player.view().state, PlayerState::connecting);
    bench.tell(JoinWanted{});
    EXPECT_EQ(bench.all_effects<RequestJoin>().size(), 2U);
    bench.tell(VoiceReady{});
    EXPECT_EQ(bench.player.view().state, PlayerState::playing);
    EXPECT_EQ(bench.all_effects<OpenStream>().size(), 1U) << "the music waited in its buffer";
}

TEST_F(PlayerTest, GivesUpWhenTheConnectionDoesNotComeBack) {
    bench.playing();
    bench.tell(VoiceInterrupted{});
    bench.now = *bench.player.deadline();
    bench.tell(Tick{});
    EXPECT_EQ(bench.all_facts<VoiceLost>().size(), 1U);
    EXPECT_FALSE(bench.player.active());
}

TEST_F(PlayerTest, ARemovedBotForgetsThePlayer) {
    bench.playing();
    bench.tell(GuildUnavailable{true});
    EXPECT_EQ(bench.all_effects<Forget>().size(), 1U);
    EXPECT_TRUE(bench.player.queue().empty());
}

TEST_F(PlayerTest, AnOutageOfTheGuildKeepsThePlayer) {
    bench.playing();
    bench.tell(GuildUnavailable{false});
    EXPECT_TRUE(bench.player.active());
    EXPECT_EQ(bench.player.queue().size(), 1U);
}

TEST_F(PlayerTest, RefusesMoreThanTheQueueHolds) {
    PlayerSettings small;
    small.queue_limit = 2;
    bench.player = Player{small, EntryId{1}};
    bench.play();
    bench.play();
    EXPECT_EQ(bench.refusal(bench.ask(Play{})), "audio.queue_full");
}

TEST_F(PlayerTest, ShowsTheQueueInPagesOfTen) {
    bench.playing();
    for (int i = 0; i < 12; ++i) bench.play(std::to_string(i), minutes{1});
    const auto id = bench.ask(ShowQueue{2});
    const auto view = bench.answers_to(id).at(0).view;
    EXPECT_EQ(view.upcoming.size(), 2U);
    EXPECT_EQ(view.upcoming.at(0).info.title, "10");
    EXPECT_EQ(view.upcoming_total, 12U);
    EXPECT_EQ(view.upcoming_duration, minutes{12});
    EXPECT_EQ(bench.refusal(bench.ask(ShowQueue{3})), "audio.no_such_page");
}

TEST_F(PlayerTest, ANewOwnerGoesOnWhereTheOldOneStopped) {
    const auto stream = bench.playing();
    const auto second = bench.play("Second");
    const auto unanswered = bench.ask(Play{{SourceKind::url, "http://slow", {}}});
    bench.ask(SetVolume{80});
    bench.tell(Position{stream, seconds{42}});
    PlayerBench heir;
    heir.player = Player{{}, bench.player.snapshot()};
    heir.tell(Restored{});
    EXPECT_EQ(heir.last_effect<RequestJoin>().channel, kStage);
    EXPECT_EQ(heir.last_effect<OpenStream>().from, seconds{42});
    EXPECT_EQ(heir.last_effect<ApplyVolume>().percent, 80U);
    heir.connect();
    heir.open_and_start();
    EXPECT_TRUE(heir.all_facts<TrackStarted>().empty()) << "announced by the old owner";
    heir.tell(Resolved{heir.last_effect<Resolve>().entry, {}, {.title = "Slow"}});
    EXPECT_EQ(heir.refusal(unanswered), "");
    EXPECT_EQ(heir.player.queue().next()->id, second);
}

}  // namespace
}  // namespace bandstand::audio::domain::testing
