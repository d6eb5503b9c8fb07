#include "discord/message.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace bandstand::discord {
namespace {

using Json = nlohmann::json;

Json json_of(const OutgoingMessage& message) {
    const auto text = to_json(message);
    EXPECT_TRUE(text) << text.error().describe();
    return Json::parse(*text);
}

TEST(OutgoingMessage, PingsNobody) {
    const auto json = json_of({.content = "@everyone", .embeds = {}, .buttons = {}});
    EXPECT_EQ(json["allowed_mentions"]["parse"], Json::array());
}

TEST(OutgoingMessage, AnEditTakesAwayWhatIsNotThereAnyMore) {
    const auto json = json_of({.content = "done", .embeds = {}, .buttons = {}});
    EXPECT_EQ(json["components"], Json::array());
    EXPECT_EQ(json["embeds"], Json::array());
}

TEST(OutgoingMessage, PutsItsButtonsIntoOneRow) {
    const auto json =
        json_of({.content = "",
                 .embeds = {},
                 .buttons = {{.label = "Pause", .custom_id = "v1:pause:1"},
                             {.label = "Stop", .custom_id = "v1:stop", .style = ButtonStyle::danger}}});
    ASSERT_EQ(json["components"].size(), 1U);
    ASSERT_EQ(json["components"][0]["components"].size(), 2U);
    EXPECT_EQ(json["components"][0]["components"][1]["style"], 4);
}

TEST(OutgoingMessage, IsRefusedOverTheLimitsOfDiscord) {
    Embed embed;
    embed.description = std::string(4'000, 'x');
    EXPECT_TRUE(to_json(OutgoingMessage{.content = "", .embeds = {embed}, .buttons = {}}));
    EXPECT_FALSE(to_json(OutgoingMessage{.content = "", .embeds = {embed, embed}, .buttons = {}}))
        << "6000 in all";
    EXPECT_FALSE(to_json(OutgoingMessage{.content = std::string(2'001, 'x'), .embeds = {}, .buttons = {}}));
    Embed long_title;
    long_title.title = std::string(257, 'x');
    const auto refused = to_json(OutgoingMessage{.content = "", .embeds = {long_title}, .buttons = {}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().detail(), "embed title 257 of at most 256");
}

TEST(OutgoingMessage, SurvivesTextThatIsNotUtf8) {
    const auto json = json_of({.content = "caf\xe9", .embeds = {}, .buttons = {}});
    EXPECT_EQ(json["content"], "caf\xEF\xBF\xBD");
}

TEST(Shorten, CutsBetweenCharactersAndMarksTheCut) {
    EXPECT_EQ(shorten("prélude", 7), "prélude");
    EXPECT_EQ(shorten("prélude", 4), "pré…");
    EXPECT_EQ(shorten("prélude", 0), "");
    EXPECT_EQ(count_characters("pré…"), 4U);
}

TEST(EscapeMarkdown, ShowsATitleAsItIsWritten) {
    EXPECT_EQ(escape_markdown("*A* [x](http) <@1>\n_b_"), R"(\*A\* \[x\](http) \<@1\> \_b\_)");
}

TEST(Callback, ADeferralCarriesOnlyItsEphemeralFlag) {
    const auto open = to_json(Callback{.type = CallbackType::deferred_message});
    ASSERT_TRUE(open);
    EXPECT_EQ(Json::parse(*open), (Json{{"type", 5}}));
    const auto hidden =
        to_json(Callback{.type = CallbackType::deferred_message,
                         .message = {.content = "", .embeds = {}, .buttons = {}, .ephemeral = true}});
    ASSERT_TRUE(hidden);
    EXPECT_EQ(Json::parse(*hidden)["data"]["flags"], 64);
}

TEST(Callback, OffersAtMostTwentyFiveChoicesOfAtMostAHundredCharacters) {
    Callback callback{.type = CallbackType::autocomplete};
    for (int i = 0; i < 40; ++i) callback.choices.push_back({std::string(150, 'n'), "value"});
    const auto text = to_json(callback);
    ASSERT_TRUE(text);
    const auto choices = Json::parse(*text)["data"]["choices"];
    EXPECT_EQ(choices.size(), 25U);
    EXPECT_EQ(count_characters(choices[0]["name"].get<std::string>()), 100U);
}

TEST(Commands, AreForGuildsOnly) {
    const auto json = Json::parse(to_json(std::vector<CommandDefinition>{
        {"play",
         "Plays a song",
         {{.type = OptionType::string, .name = "query", .description = "What", .autocomplete = true}}}}));
    EXPECT_EQ(json[0]["contexts"], Json::array({0}));
    EXPECT_EQ(json[0]["integration_types"], Json::array({0}));
    EXPECT_EQ(json[0]["options"][0]["autocomplete"], true);
}

}  // namespace
}  // namespace bandstand::discord
