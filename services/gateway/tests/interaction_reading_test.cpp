#include "domain/interaction_reading.hpp"

#include <gtest/gtest.h>

#include "domain/command_list.hpp"
#include "domain/custom_id.hpp"
#include "tests/builders.hpp"

namespace bandstand::gateway::domain {
namespace {

using namespace test;

template <class Request>
Request asked_for(const discord::Interaction& interaction) {
    const auto asked = read_interaction(interaction);
    const auto* player = std::get_if<AskedPlayer>(&asked);
    const auto* request = player == nullptr ? nullptr : std::get_if<Request>(&player->request);
    EXPECT_NE(request, nullptr);
    return request == nullptr ? Request{} : *request;
}

std::string refused(const discord::Interaction& interaction) {
    const auto asked = read_interaction(interaction);
    const auto* refusal = std::get_if<Refusal>(&asked);
    return refusal == nullptr ? "not refused" : std::string{refusal->reason};
}

discord::Interaction with_attachment(discord::Attachment attachment) {
    auto made = command("play", {text("attachment", "77")});
    attachment.id = "77";
    made.attachments = {std::move(attachment)};
    return made;
}
discord::Attachment song() {
    return {.id = "77",
            .filename = "a.mp3",
            .url = "https://cdn/a.mp3",
            .content_type = "audio/mpeg",
            .size_bytes = 5};
}

TEST(ReadInteraction, KnowsEveryCommandOfTheList) {
    for (const auto& definition : command_list()) {
        auto made = command(definition.name);
        if (definition.name == "play") made.options = {text("query", "bach")};
        if (definition.name == "seek") made.options = {text("time", "1:30")};
        EXPECT_EQ(refused(made), "not refused") << definition.name;
    }
}

TEST(ReadInteraction, PlaysWordsLinksAndFiles) {
    EXPECT_EQ(asked_for<PlayQuery>(command("play", {text("query", " bach ")})).text, "bach");
    EXPECT_EQ(asked_for<PlayQuery>(command("play", {text("query", "lib:air")})).text, "lib:air");
    EXPECT_EQ(asked_for<PlayUrl>(command("play", {text("query", "https://x/a.mp3")})).url, "https://x/a.mp3");
    EXPECT_EQ(asked_for<PlayUrl>(command("play", {text("url", "http://x/a.ogg")})).url, "http://x/a.ogg");
    EXPECT_EQ(asked_for<PlayAttachment>(with_attachment(song())).attachment.filename, "a.mp3");
}

TEST(ReadInteraction, RefusesAPlayThatSaysNothingOrTooMuch) {
    EXPECT_EQ(refused(command("play")), "gateway.nothing_to_play");
    EXPECT_EQ(refused(command("play", {text("query", "  ")})), "gateway.nothing_to_play");
    EXPECT_EQ(refused(command("play", {text("query", "a"), text("url", "https://x")})),
              "gateway.several_sources");
    EXPECT_EQ(refused(command("play", {text("query", std::string(600, 'a'))})), "gateway.query_too_long");
}

TEST(ReadInteraction, RefusesLinksThatItCannotOpen) {
    EXPECT_EQ(refused(command("play", {text("url", "file:///etc/passwd")})), "gateway.not_a_link");
    EXPECT_EQ(refused(command("play", {text("url", "https://a b")})), "gateway.not_a_link");
    EXPECT_EQ(refused(command("play", {text("url", "https://" + std::string(2'000, 'a'))})),
              "gateway.url_too_long");
}

TEST(ReadInteraction, RefusesFilesThatAreNoSong) {
    auto picture = song();
    picture.content_type = "image/png";
    EXPECT_EQ(refused(with_attachment(picture)), "gateway.attachment_not_audio");
    auto empty = song();
    empty.size_bytes = 0;
    EXPECT_EQ(refused(with_attachment(empty)), "gateway.attachment_empty");
    auto large = song();
    large.size_bytes = kMaxAttachmentBytes + 1;
    EXPECT_EQ(refused(with_attachment(large)), "gateway.attachment_too_large");
    EXPECT_EQ(refused(command("play", {text("attachment", "77")})), "gateway.attachment_missing");
    auto unknown_type = song();
    unknown_type.content_type = "";
    EXPECT_EQ(refused(with_attachment(unknown_type)), "not refused");
}

TEST(ReadInteraction, ReadsNumbersWithinTheirBounds) {
    EXPECT_EQ(asked_for<Skip>(command("skip")).count, 1U);
    EXPECT_EQ(asked_for<Skip>(command("skip", {number("count", 3)})).count, 3U);
    EXPECT_EQ(asked_for<Skip>(command("skip", {number("count", 100'000)})).count, kMaxSkip);
    EXPECT_EQ(asked_for<ShowQueue>(command("queue", {number("page", 2)})).page, 2U);
    EXPECT_EQ(asked_for<SetVolume>(command("volume")).percent, std::nullopt);
    EXPECT_EQ(asked_for<SetVolume>(command("volume", {number("percent", 0)})).percent, 0U);
    EXPECT_EQ(refused(command("volume", {number("percent", 201)})), "gateway.bad_volume");
    EXPECT_EQ(refused(command("volume", {number("percent", -1)})), "gateway.bad_volume");
}

TEST(ReadInteraction, ReadsTimes) {
    EXPECT_EQ(asked_for<Seek>(command("seek", {text("time", "-10")})).position, std::chrono::seconds{-10});
    EXPECT_EQ(refused(command("seek", {text("time", "soon")})), "gateway.bad_time");
    EXPECT_EQ(refused(command("seek")), "gateway.bad_time");
}

TEST(ReadInteraction, ReadsButtons) {
    EXPECT_EQ(asked_for<Skip>(press("v1:skip:e7")).entry_id, "e7");
    asked_for<TogglePause>(press("v1:toggle:e7"));
    asked_for<Stop>(press("v1:stop:e7"));
    EXPECT_EQ(asked_for<ShowQueue>(press("v1:page:3")).page, 3U);
    for (const auto* unknown :
         {"", "v0:skip:e7", "v1:skip", "v1:dance:e7", "v1:page:x", "v1:page:0", "skip"}) {
        EXPECT_EQ(refused(press(unknown)), "gateway.unknown_button") << unknown;
    }
}

TEST(ReadInteraction, AButtonChangesItsMessageButTheQueueIsShownToThePersonAlone) {
    const auto skip = std::get<AskedPlayer>(read_interaction(press("v1:skip:e7")));
    EXPECT_EQ(skip.acknowledgement, Acknowledgement::update);
    const auto queue = std::get<AskedPlayer>(read_interaction(press("v1:queue:e7")));
    EXPECT_EQ(queue.acknowledgement, Acknowledgement::private_reply);
    const auto typed = std::get<AskedPlayer>(read_interaction(command("pause")));
    EXPECT_EQ(typed.acknowledgement, Acknowledgement::public_reply);
}

TEST(ReadInteraction, CompletesWhatIsTypedIntoTheQuery) {
    auto typing = interaction(discord::InteractionType::autocomplete, "play");
    typing.options = {text("query", "ba")};
    typing.options[0].focused = true;
    EXPECT_EQ(std::get<AskedChoices>(read_interaction(typing)).typed, "ba");
    typing.options = {text("query", "https://x/a.mp3")};
    typing.options[0].focused = true;
    EXPECT_EQ(std::get<AskedChoices>(read_interaction(typing)).typed, "") << "a link is not searched for";
    typing.options = {text("query", "ba"), text("url", "h")};
    typing.options[1].focused = true;
    EXPECT_EQ(std::get<AskedChoices>(read_interaction(typing)).typed, "");
}

TEST(ReadInteraction, RefusesACommandThatIsNoLongerThere) {
    EXPECT_EQ(refused(command("dance")), "gateway.unknown_command");
}

TEST(CustomId, SurvivesTheRoundTrip) {
    for (const auto press : {Press::toggle_pause, Press::skip, Press::stop, Press::queue}) {
        const auto read = parse_custom_id(to_text({.press = press, .entry_id = "0193-abc"}));
        ASSERT_TRUE(read);
        EXPECT_EQ(read->press, press);
        EXPECT_EQ(read->entry_id, "0193-abc");
    }
    EXPECT_EQ(parse_custom_id(to_text({.press = Press::queue_page, .page = 12}))->page, 12U);
}

TEST(CommandList, KeepsDiscordsLimits) {
    for (const auto& definition : command_list()) {
        EXPECT_LE(definition.name.size(), 32U);
        EXPECT_LE(discord::count_characters(definition.description), 100U) << definition.name;
        EXPECT_FALSE(definition.description.empty());
        for (const auto& option : definition.options) {
            EXPECT_LE(discord::count_characters(option.description), 100U) << definition.name;
        }
    }
    EXPECT_TRUE(discord::to_json(help_message()));
}

}  // namespace
}  // namespace bandstand::gateway::domain
