#include "domain/rendering.hpp"

#include <gtest/gtest.h>

#include "domain/look.hpp"
#include "domain/sentences.hpp"
#include "tests/builders.hpp"

namespace bandstand::gateway::domain {
namespace {

using namespace std::chrono_literals;
using namespace test;

CommandAnswered answered(std::string command, std::variant<Refused, Enqueued, Done> outcome,
                         PlayerView view = {}, bool from_component = false) {
    CommandAnswered made;
    made.command = std::move(command);
    made.outcome = std::move(outcome);
    made.view = std::move(view);
    made.reply.from_component = from_component;
    return made;
}

std::string all_text(const discord::OutgoingMessage& message) {
    auto text = message.content;
    for (const auto& embed : message.embeds) {
        text += embed.title + "\n" + embed.description + "\n" + embed.footer;
        for (const auto& field : embed.fields) text += "\n" + field.name + ": " + field.value;
    }
    return text;
}

void expect_sendable(const discord::OutgoingMessage& message) {
    const auto json = discord::to_json(message);
    EXPECT_TRUE(json) << json.error().describe();
}

TEST(RenderAnswer, ASongThatPlaysNowIsThePanel) {
    const auto song = track("e1", "Air");
    const auto rendered = render_answer(answered("play", Enqueued{song, 0, 0ms}, playing(song)));
    EXPECT_TRUE(rendered.is_panel);
    ASSERT_EQ(rendered.message.buttons.size(), 4U);
    EXPECT_EQ(rendered.message.buttons[0].label, "Pause");
    EXPECT_EQ(rendered.message.buttons[1].custom_id, "v1:skip:e1");
    EXPECT_NE(all_text(rendered.message).find("Now playing\nAir by J. S. Bach"), std::string::npos)
        << all_text(rendered.message);
    expect_sendable(rendered.message);
}

TEST(RenderAnswer, ASongThatWaitsSaysWhereAndHowLong) {
    const auto rendered = render_answer(
        answered("play", Enqueued{track("e2", "Badinerie"), 3, 200s}, playing(track("e1", "Air"))));
    EXPECT_FALSE(rendered.is_panel);
    const auto text = all_text(rendered.message);
    EXPECT_NE(text.find("Place: 3"), std::string::npos) << text;
    EXPECT_NE(text.find("Plays in: 3:20"), std::string::npos) << text;
}

TEST(RenderAnswer, ARefusalIsASentence) {
    const auto rendered = render_answer(answered("skip", Refused{"audio.nothing_playing", ""}));
    EXPECT_EQ(rendered.message.content, "Nothing is playing. Start something with `/play`.");
    EXPECT_FALSE(rendered.as_private_follow_up);
}

TEST(RenderAnswer, ARefusedButtonLeavesThePanelAlone) {
    const auto rendered = render_answer(answered("skip", Refused{"audio.track_gone", ""}, {}, true));
    EXPECT_TRUE(rendered.as_private_follow_up);
    EXPECT_TRUE(rendered.message.ephemeral);
}

TEST(RenderAnswer, APressedPauseTurnsIntoResume) {
    auto view = playing(track("e1", "Air"));
    view.state = PlayerState::paused;
    const auto rendered = render_answer(answered("toggle_pause", Done{}, view, true));
    EXPECT_TRUE(rendered.is_panel);
    EXPECT_EQ(rendered.message.buttons[0].label, "Resume");
    EXPECT_EQ(rendered.message.embeds[0].title, "Paused");
}

TEST(RenderAnswer, APressedStopEndsThePanel) {
    const auto rendered = render_answer(answered("stop", Done{track("e1", "Air"), 0}, {}, true));
    EXPECT_FALSE(rendered.is_panel);
    EXPECT_TRUE(rendered.message.buttons.empty());
}

TEST(RenderAnswer, EveryCommandHasItsWords) {
    for (const auto* command :
         {"join", "leave", "pause", "resume", "skip", "stop", "seek", "volume", "queue", "nowplaying"}) {
        const auto rendered = render_answer(answered(command, Done{}, {}));
        EXPECT_FALSE(all_text(rendered.message).empty()) << command;
        EXPECT_EQ(all_text(rendered.message).find("Done."), std::string::npos) << command;
        expect_sendable(rendered.message);
    }
}

TEST(RenderPanel, ShowsOtherPeoplesTextAsItIsWritten) {
    auto song = track("e1", "**@everyone** [x](http://evil) `rm`");
    song.artist = "_a_\nb";
    const auto text = all_text(render_panel(playing(song)));
    EXPECT_NE(text.find(R"(\*\*@everyone\*\* \[x\](http://evil) \`rm\` by \_a\_ b)"), std::string::npos)
        << text;
}

TEST(RenderPanel, StaysWithinTheLimitsWhateverTheTitle) {
    auto song = track("e1", std::string(50'000, '*'));
    song.artist = std::string(50'000, '_');
    song.link = "https://x/" + std::string(50'000, 'a');
    expect_sendable(render_panel(playing(song)));
    expect_sendable(render_track_failed(song, std::string(50'000, '|')));
    expect_sendable(render_ended(song, EndCause::finished));
    auto view = playing(song);
    view.upcoming.assign(10, song);
    view.upcoming_total = 5'000;
    view.page = 3;
    expect_sendable(render_queue(view));
}

TEST(RenderQueue, NumbersTheSongsOfItsPageAndTurnsPages) {
    auto view = playing(track("e1", "Air"));
    view.upcoming = {track("e12", "Badinerie"), track("e13", "Gavotte")};
    view.upcoming_total = 12;
    view.page = 2;
    const auto message = render_queue(view);
    const auto text = all_text(message);
    EXPECT_NE(text.find("11. Badinerie"), std::string::npos) << text;
    EXPECT_NE(text.find("Page 2 of 2"), std::string::npos) << text;
    ASSERT_EQ(message.buttons.size(), 2U);
    EXPECT_FALSE(message.buttons[0].disabled);
    EXPECT_EQ(message.buttons[0].custom_id, "v1:page:1");
    EXPECT_TRUE(message.buttons[1].disabled);
    EXPECT_NE(message.buttons[0].custom_id, message.buttons[1].custom_id);
}

TEST(RenderQueue, TheFirstPageCannotGoBack) {
    auto view = playing(track("e1", "Air"));
    view.upcoming = {track("e2", "Badinerie")};
    view.upcoming_total = 25;
    const auto message = render_queue(view);
    EXPECT_TRUE(message.buttons.at(0).disabled);
    EXPECT_EQ(message.buttons.at(1).custom_id, "v1:page:2");
    EXPECT_NE(message.buttons[0].custom_id, message.buttons[1].custom_id);
}

TEST(Sentences, ReasonsOfOurOwnComeBackAsTheyWere) {
    EXPECT_EQ(sentence_for("gateway.channel_full", "<#62> is full."), "<#62> is full.");
}

TEST(Sentences, AnUnknownReasonShowsItsDetail) {
    EXPECT_EQ(sentence_for("audio.new_thing", "It is *new*."), R"(It is \*new\*.)");
    EXPECT_FALSE(sentence_for("audio.new_thing", "").empty());
}

TEST(Look, WritesTimesAsClocksDo) {
    EXPECT_EQ(clock_text(0ms), "0:00");
    EXPECT_EQ(clock_text(65s), "1:05");
    EXPECT_EQ(clock_text(3723s), "1:02:03");
    EXPECT_EQ(clock_text(-5s), "0:00");
}

TEST(Look, DrawsHowFarTheSongIs) {
    const auto bar = progress_bar(60s, 120s);
    EXPECT_TRUE(bar.starts_with("1:00 ")) << bar;
    EXPECT_TRUE(bar.ends_with(" 2:00")) << bar;
    EXPECT_EQ(progress_bar(500s, 120s), progress_bar(120s, 120s)) << "never beyond its end";
    EXPECT_EQ(progress_bar(65s, 0ms), "1:05") << "live";
}

TEST(ChoiceText, FitsADiscordChoiceWithItsLength) {
    EXPECT_EQ(choice_text("Air", "Bach", 65s), "Air, Bach (1:05)");
    const auto text = choice_text(std::string(200, 'x'), "Bach", 65s);
    EXPECT_EQ(discord::count_characters(text), 100U);
    EXPECT_TRUE(text.ends_with(" (1:05)"));
}

}  // namespace
}  // namespace bandstand::gateway::domain
