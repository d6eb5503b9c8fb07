#include <gtest/gtest.h>

#include "adapters/inbox_codec.hpp"
#include "adapters/playback_codec.hpp"
#include "bandstand/events/player/v1/playback.pb.h"
#include "tests/builders.hpp"

namespace bandstand::gateway {
namespace {

using namespace std::chrono_literals;
using namespace test;
namespace pb = bandstand::events::player::v1;

domain::PlayerCommand command_with(domain::PlayerRequest request) {
    domain::PlayerCommand made;
    made.guild = kGuild;
    made.bot = kBot;
    made.requester = kAlice;
    made.voice_channel = kStage;
    made.reply.token = "t";
    made.request = std::move(request);
    return made;
}

TEST(InboxCodec, CarriesEveryRequest) {
    using pb::PlayerCommand;
    const auto kind = [](domain::PlayerRequest request) {
        return to_proto(command_with(std::move(request))).command().request_case();
    };
    EXPECT_EQ(kind(domain::Join{}), PlayerCommand::kJoin);
    EXPECT_EQ(kind(domain::Leave{}), PlayerCommand::kLeave);
    EXPECT_EQ(kind(domain::PlayQuery{"a"}), PlayerCommand::kPlay);
    EXPECT_EQ(kind(domain::Pause{}), PlayerCommand::kPause);
    EXPECT_EQ(kind(domain::Resume{}), PlayerCommand::kResume);
    EXPECT_EQ(kind(domain::TogglePause{}), PlayerCommand::kTogglePause);
    EXPECT_EQ(kind(domain::Skip{}), PlayerCommand::kSkip);
    EXPECT_EQ(kind(domain::Stop{}), PlayerCommand::kStop);
    EXPECT_EQ(kind(domain::ShowQueue{}), PlayerCommand::kShowQueue);
    EXPECT_EQ(kind(domain::ShowNowPlaying{}), PlayerCommand::kShowNowPlaying);
    EXPECT_EQ(kind(domain::Seek{}), PlayerCommand::kSeek);
    EXPECT_EQ(kind(domain::SetVolume{}), PlayerCommand::kSetVolume);
}

TEST(InboxCodec, KeepsWhatARequestSays) {
    EXPECT_EQ(to_proto(command_with(domain::PlayUrl{"https://x"})).command().play().url(), "https://x");
    discord::Attachment file;
    file.size_bytes = 7;
    EXPECT_EQ(to_proto(command_with(domain::PlayAttachment{file})).command().play().attachment().size_bytes(),
              7U);
    EXPECT_EQ(to_proto(command_with(domain::Seek{-10s, true})).command().seek().position_ms(), -10'000);
    EXPECT_FALSE(
        to_proto(command_with(domain::SetVolume{std::nullopt})).command().set_volume().has_percent());
    EXPECT_EQ(to_proto(command_with(domain::SetVolume{0})).command().set_volume().percent(), 0U);
    EXPECT_TRUE(to_proto(command_with(domain::SetVolume{0})).command().set_volume().has_percent());
}

TEST(InboxCodec, CarriesEverySignal) {
    const auto proto = [](domain::Signal signal) {
        return to_proto(domain::AddressedSignal{kGuild, kBot, std::move(signal)});
    };
    EXPECT_EQ(proto(domain::OwnVoiceState{kStage, "s", true, true}).own_voice_state().session_id(), "s");
    EXPECT_EQ(proto(domain::VoiceServer{"t", "e"}).voice_server().endpoint(), "e");
    EXPECT_EQ(proto(domain::Occupancy{kStage, 3}).occupancy().listeners(), 3U);
    EXPECT_TRUE(proto(domain::GuildUnavailable{true}).guild_unavailable().removed());
    EXPECT_EQ(proto(domain::Occupancy{kStage, 3}).bot_id(), kBot.value());
}

pb::PlaybackEvent event() {
    pb::PlaybackEvent made;
    made.set_guild_id(kGuild.value());
    made.set_bot_id(kBot.value());
    made.mutable_meta()->set_event_id("e");
    return made;
}

TEST(PlaybackCodec, ReadsAnAnswer) {
    auto proto = event();
    auto& answered = *proto.mutable_command_answered();
    answered.set_command("play");
    answered.mutable_reply()->set_token("t");
    answered.mutable_enqueued()->mutable_track()->set_title("Air");
    answered.mutable_enqueued()->set_position(2);
    answered.mutable_view()->set_state(pb::PlayerView::STATE_PAUSED);
    const auto fact = parse_playback(proto.SerializeAsString());
    ASSERT_TRUE(fact) << fact.error().describe();
    const auto& read = std::get<domain::CommandAnswered>(fact->fact);
    EXPECT_EQ(read.reply.token, "t");
    EXPECT_EQ(std::get<domain::Enqueued>(read.outcome).track.title, "Air");
    EXPECT_EQ(read.view.state, domain::PlayerState::paused);
    EXPECT_EQ(read.view.page, 1U);
}

TEST(PlaybackCodec, ReadsTheOtherFacts) {
    const auto read = [](const pb::PlaybackEvent& proto) {
        return parse_playback(proto.SerializeAsString())->fact;
    };
    auto started = event();
    started.mutable_track_started()->set_position_ms(1'500);
    EXPECT_EQ(std::get<domain::TrackStarted>(read(started)).position, 1'500ms);
    auto ended = event();
    ended.mutable_track_ended()->set_cause(pb::TrackEnded::CAUSE_FAILED);
    EXPECT_EQ(std::get<domain::TrackEnded>(read(ended)).cause, domain::EndCause::failed);
    auto lost = event();
    lost.mutable_voice_lost()->set_reason("audio.voice_kicked");
    EXPECT_EQ(std::get<domain::VoiceLost>(read(lost)).reason, "audio.voice_kicked");
    auto paused = event();
    paused.mutable_playback_paused();
    EXPECT_TRUE(std::holds_alternative<domain::PlaybackPaused>(read(paused)));
}

TEST(PlaybackCodec, IgnoresFactsThatItDoesNotKnow) {
    auto changed = event();
    changed.mutable_queue_changed();
    EXPECT_TRUE(std::holds_alternative<domain::OtherFact>(parse_playback(changed.SerializeAsString())->fact));
    auto newer = event().SerializeAsString();
    newer += std::string{"\xfa\x07\x00", 3};  // field 127, empty
    ASSERT_TRUE(parse_playback(newer));
    EXPECT_TRUE(std::holds_alternative<domain::OtherFact>(parse_playback(newer)->fact));
}

TEST(PlaybackCodec, RefusesWhatIsNoPlaybackEvent) {
    EXPECT_FALSE(parse_playback("\xff\xff\xff"));
    EXPECT_FALSE(parse_playback("")) << "no guild";
}

}  // namespace
}  // namespace bandstand::gateway
