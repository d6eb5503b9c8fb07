#include <gtest/gtest.h>

#include "adapters/inbox_codec.hpp"
#include "adapters/playback_codec.hpp"
#include "adapters/snapshot_json.hpp"
#include "bandstand/events/player/v1/inbox.pb.h"

namespace bandstand::audio {
namespace {

namespace pb = bandstand::events::player::v1;

pb::PlayerInbox command() {
    pb::PlayerInbox in;
    in.mutable_meta()->set_event_id("interaction:7");
    in.mutable_meta()->set_traceparent("00-aa-bb-01");
    in.set_guild_id(1);
    in.set_bot_id(2);
    auto& command = *in.mutable_command();
    command.set_requester_id(3);
    command.set_voice_channel_id(4);
    command.set_voice_channel_bitrate(64'000);
    command.mutable_reply()->set_token("secret");
    command.mutable_reply()->set_text_channel_id(5);
    return in;
}

template <class Request>
Request parsed(const pb::PlayerInbox& in) {
    const auto message = parse_inbox(in.SerializeAsString());
    EXPECT_TRUE(message) << message.error().describe();
    const auto& request = std::get<domain::Command>(message->input.value()).request;
    EXPECT_TRUE(std::holds_alternative<Request>(request));
    return std::get<Request>(request);
}

TEST(InboxCodec, ReadsWhoAskedWhereAndHowToAnswer) {
    auto in = command();
    in.mutable_command()->mutable_play()->set_query("lib:abc");
    const auto message = parse_inbox(in.SerializeAsString());
    ASSERT_TRUE(message) << message.error().describe();
    EXPECT_EQ(message->key, (domain::PlayerKey{base::GuildId{1}, base::UserId{2}}));
    EXPECT_EQ(message->event_id, "interaction:7");
    const auto& read = std::get<domain::Command>(*message->input);
    EXPECT_EQ(read.requester, base::UserId{3});
    EXPECT_EQ(read.voice_channel, base::ChannelId{4});
    EXPECT_EQ(read.voice_channel_bitrate, 64'000U);
    EXPECT_EQ(read.ask.command, "play");
    EXPECT_EQ(read.ask.traceparent, "00-aa-bb-01");
    EXPECT_EQ(read.ask.reply.token, "secret");
    EXPECT_EQ(read.ask.reply.text_channel, base::ChannelId{5});
    EXPECT_EQ(std::get<domain::Play>(read.request).source.locator, "lib:abc");
}

TEST(InboxCodec, ReadsEveryKindOfSource) {
    auto in = command();
    in.mutable_command()->mutable_play()->set_url("https://example.org/a.mp3");
    EXPECT_EQ(parsed<domain::Play>(in).source.kind, domain::SourceKind::url);
    auto& attachment = *in.mutable_command()->mutable_play()->mutable_attachment();
    attachment.set_url("https://cdn/x");
    attachment.set_filename("x.flac");
    const auto source = parsed<domain::Play>(in).source;
    EXPECT_EQ(source.kind, domain::SourceKind::attachment);
    EXPECT_EQ(source.filename, "x.flac");
}

TEST(InboxCodec, FillsInWhatZeroStandsFor) {
    auto in = command();
    in.mutable_command()->mutable_skip();
    EXPECT_EQ(parsed<domain::Skip>(in).count, 1U);
    EXPECT_FALSE(parsed<domain::Skip>(in).only);
    in.mutable_command()->mutable_skip()->set_entry_id("42");
    EXPECT_EQ(parsed<domain::Skip>(in).only, domain::EntryId{42});
    in.mutable_command()->mutable_show_queue();
    EXPECT_EQ(parsed<domain::ShowQueue>(in).page, 1U);
    in.mutable_command()->mutable_set_volume();
    EXPECT_FALSE(parsed<domain::SetVolume>(in).percent);
    in.mutable_command()->mutable_set_volume()->set_percent(0);
    EXPECT_EQ(parsed<domain::SetVolume>(in).percent, 0U);
}

TEST(InboxCodec, RefusesWhatItCannotAnswerFor) {
    EXPECT_FALSE(parse_inbox("\xff\xff\xff"));
    EXPECT_FALSE(parse_inbox("")) << "no guild";
    auto in = command();
    in.mutable_command()->mutable_play()->set_query(std::string(2'000, 'x'));
    EXPECT_FALSE(parse_inbox(in.SerializeAsString())) << "too long";
    in = command();
    in.mutable_command()->mutable_pause();
    in.mutable_meta()->clear_event_id();
    EXPECT_FALSE(parse_inbox(in.SerializeAsString())) << "could not be recognised when it comes again";
}

TEST(InboxCodec, PassesOverWhatALaterVersionMaySend) {
    pb::PlayerInbox in;
    in.set_guild_id(1);
    in.set_bot_id(2);
    const auto message = parse_inbox(in.SerializeAsString());
    ASSERT_TRUE(message);
    EXPECT_FALSE(message->input);
    const auto unknown = parse_inbox(command().SerializeAsString());
    ASSERT_TRUE(unknown);
    EXPECT_FALSE(unknown->input) << "a request of a kind that did not exist";
}

domain::Reply reply() {
    domain::Reply reply;
    reply.token = "t";
    reply.locale = "de";
    return reply;
}

domain::Entry entry() {
    return {.id = domain::EntryId{9},
            .source = {domain::SourceKind::attachment, "https://cdn/x", "x.flac"},
            .info = {.title = "Tītle",
                     .artist = "Artist",
                     .duration = std::chrono::seconds{3},
                     .passthrough = true},
            .requester = base::UserId{0xFFFF'FFFF'FFFF'FFFF},
            .text_channel = base::ChannelId{5},
            .traceparent = "00-aa",
            .resolved = true,
            .announced = true,
            .ask = domain::Ask{.event_id = "interaction:7", .command = "play", .reply = reply()}};
}

TEST(SnapshotJson, GivesBackWhatWentIn) {
    domain::Snapshot snapshot;
    snapshot.entries = {entry(),
                        domain::Entry{.id = domain::EntryId{10}, .requester = {}, .text_channel = {}}};
    snapshot.waiting_for_voice = {*entry().ask};
    domain::Snapshot back;
    const auto filled = from_json(to_json(snapshot), back);
    ASSERT_TRUE(filled) << filled.error().describe();
    EXPECT_EQ(back, snapshot);
}

TEST(SnapshotJson, KeepsTheQueueThoughATitleIsNotUtf8) {
    domain::Snapshot snapshot;
    snapshot.entries = {entry()};
    snapshot.entries[0].info.title = "bad \xFF title";
    domain::Snapshot back;
    ASSERT_TRUE(from_json(to_json(snapshot), back));
    EXPECT_EQ(back.entries.size(), 1U);
}

TEST(SnapshotJson, RefusesDamagedText) {
    domain::Snapshot back;
    EXPECT_EQ(from_json(base::as_bytes("{\"entries\":[{}]"), back).error().reason(), kBadSnapshot);
    EXPECT_EQ(from_json(base::as_bytes("[]"), back).error().reason(), kBadSnapshot);
}

TEST(PlaybackCodec, AnswersCarryTheReplyAndTheView) {
    domain::View view;
    view.state = domain::PlayerState::playing;
    view.position = std::chrono::seconds{2};
    view.upcoming = {entry()};
    view.upcoming_total = 11;
    const auto out =
        to_proto({base::GuildId{1}, base::UserId{2}},
                 domain::Answered{*entry().ask, domain::Enqueued{entry(), 3, std::chrono::minutes{1}}, view});
    const auto& answer = out.command_answered();
    EXPECT_EQ(out.guild_id(), 1U);
    EXPECT_EQ(answer.reply().token(), "t");
    EXPECT_EQ(answer.enqueued().track().title(), "Tītle");
    EXPECT_EQ(answer.enqueued().wait_ms(), 60'000U);
    EXPECT_EQ(answer.view().state(), pb::PlayerView::STATE_PLAYING);
    EXPECT_EQ(answer.view().position_ms(), 2'000U);
    EXPECT_EQ(answer.view().upcoming_total(), 11U);
}

TEST(PlaybackCodec, AFailedTrackSaysWhyAndWhere) {
    const auto out = to_proto({base::GuildId{1}, base::UserId{2}},
                              domain::TrackEnded{entry(), domain::EndCause::failed, "The server hung up."});
    EXPECT_EQ(out.track_ended().cause(), pb::TrackEnded::CAUSE_FAILED);
    EXPECT_EQ(out.track_ended().detail(), "The server hung up.");
    EXPECT_EQ(out.track_ended().text_channel_id(), 5U);
    EXPECT_EQ(out.track_ended().track().link(), "https://cdn/x");
    EXPECT_EQ(out.track_ended().track().entry_id(), "9");
}

}  // namespace
}  // namespace bandstand::audio
