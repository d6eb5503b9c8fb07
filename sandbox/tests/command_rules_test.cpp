#include "sandbox/discord/command_rules.hpp"

#include "sandbox/tests/builders.hpp"

namespace bandstand::sandbox {
namespace {

using namespace testing;

Json play() {
    return {{"name", "play"},
            {"description", "Plays"},
            {"options", {{{"type", 3}, {"name", "query"}, {"description", "What"}, {"autocomplete", true}}}}};
}
std::string refused(const Json& command, std::string_view path) {
    const auto parsed = parse_command(command);
    return parsed ? "accepted" : code_at(parsed.error(), path);
}
Json option(std::int64_t type, std::string name) {
    return {{"type", type}, {"name", std::move(name)}, {"description", "d"}};
}

TEST(CommandRules, FillsInWhatDiscordReturns) {
    const auto parsed = parse_command(play());
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->at("type"), 1);
    EXPECT_TRUE(parsed->at("default_member_permissions").is_null());
    EXPECT_EQ(parsed->at("nsfw"), false);
}

TEST(CommandRules, NamesAreLowerCaseLettersDigitsDashesOfAnyScript) {
    for (const auto* good : {"play", "now-playing", "a_1", "воспроизвести", "再生", "हिन्दी"}) {
        EXPECT_TRUE(is_command_name(good)) << good;
    }
    for (const auto* bad : {"", "Play", "two words", "play!", "♪", "🎵", "a.b"})
        EXPECT_FALSE(is_command_name(bad)) << bad;
    EXPECT_FALSE(is_command_name(std::string(33, 'a')));
}

TEST(CommandRules, RefusesWhatDiscordRefuses) {
    auto command = play();
    command["name"] = "Play";
    EXPECT_EQ(refused(command, "name"), "APPLICATION_COMMAND_INVALID_NAME");
    command = play();
    command["description"] = "";
    EXPECT_EQ(refused(command, "description"), "BASE_TYPE_REQUIRED");
    command = play();
    command["options"].push_back(command["options"][0]);
    EXPECT_EQ(refused(command, "options.1.name"), "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS");
    command = play();
    command["options"].push_back(option(4, "at"));
    command["options"][1]["required"] = true;
    EXPECT_EQ(refused(command, "options.1"), "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID");
    command = play();
    command["options"][0]["choices"] = {{{"name", "a"}, {"value", "a"}}};
    EXPECT_EQ(refused(command, "options.0.autocomplete"), "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES");
    command = play();
    command["options"][0]["type"] = 5;
    EXPECT_EQ(refused(command, "options.0.type"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID");
    command = play();
    command["contexts"] = {7};
    EXPECT_EQ(refused(command, "contexts"), "BASE_TYPE_CHOICES");
}

TEST(CommandRules, SubcommandsNestOneGroupDeepAndDoNotMix) {
    auto group = option(2, "dj");
    group["options"] = Json::array({option(1, "set")});
    EXPECT_EQ(refused({{"name", "s"}, {"description", "d"}, {"options", {group}}}, ""), "accepted");
    group["options"] = Json::array({option(2, "inner")});
    EXPECT_EQ(
        refused({{"name", "s"}, {"description", "d"}, {"options", {group}}}, "options.0.options.0.type"),
        "BASE_TYPE_CHOICES");
    EXPECT_EQ(refused({{"name", "s"}, {"description", "d"}, {"options", {option(1, "a"), option(3, "b")}}},
                      "options"),
              "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID");
}

TEST(CommandRules, CountsTheLongestTranslationInTheTotal) {
    auto command = play();
    for (int i = 0; i < 24; ++i) {
        auto choice = option(3, "o" + std::to_string(i));
        choice["choices"] = Json::array();
        for (int j = 0; j < 5; ++j) {
            choice["choices"].push_back(
                {{"name", std::to_string(j)}, {"value", std::string(80, 'v') + std::to_string(j)}});
        }
        command["options"].push_back(choice);
    }
    EXPECT_EQ(refused(command, ""), "APPLICATION_COMMAND_TOO_LARGE");
}

TEST(CommandRules, AListHasUniqueNamesAndAtMostAHundred) {
    const auto twice = parse_commands({play(), play()});
    ASSERT_FALSE(twice);
    EXPECT_EQ(code_at(twice.error(), "1.name"), "APPLICATION_COMMANDS_DUPLICATE_NAME");
    Json many = Json::array();
    for (int i = 0; i < 101; ++i) many.push_back({{"name", "c" + std::to_string(i)}, {"description", "d"}});
    const auto too_many = parse_commands(many);
    ASSERT_FALSE(too_many);
    EXPECT_EQ(too_many.error().code, 30032);
}

}  // namespace
}  // namespace bandstand::sandbox
