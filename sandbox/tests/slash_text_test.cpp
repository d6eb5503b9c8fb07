#include "sandbox/discord/slash_text.hpp"

#include "sandbox/discord/command_rules.hpp"
#include "sandbox/discord/render.hpp"
#include "sandbox/tests/builders.hpp"

namespace bandstand::sandbox {
namespace {

using namespace testing;

class SlashTextTest : public ::testing::Test {
protected:
    SlashTextTest() {
        const Json definition{
            {"name", "play"},
            {"description", "d"},
            {"options",
             {{{"type", 3},
               {"name", "query"},
               {"description", "d"},
               {"required", true},
               {"autocomplete", true}},
              {{"type", 4}, {"name", "at"}, {"description", "d"}, {"min_value", 1}, {"max_value", 9}},
              {{"type", 5}, {"name", "now"}, {"description", "d"}},
              {{"type", 6}, {"name", "for"}, {"description", "d"}},
              {{"type", 11}, {"name", "file"}, {"description", "d"}}}}};
        command_.name = "play";
        command_.definition = *parse_command(definition);
    }
    base::Result<SlashCall> read(std::string_view text, bool completing = false,
                                 std::vector<Json> files = {}) {
        return read_slash(text, command_, world_, guild_named(world_, "Lounge"), files, completing);
    }
    Json value_of(const SlashCall& call, std::string_view name) {
        for (const auto& option : call.options) {
            if (text_of(option, "name") == name) return option.at("value");
        }
        return nullptr;
    }

    World world_ = default_world();
    Command command_;
};

TEST_F(SlashTextTest, AValueGoesOnUntilTheNextKnownOption) {
    const auto call = read("/play query:toccata: and fugue https://a.b/c at:3");
    ASSERT_TRUE(call) << call.error().detail();
    EXPECT_EQ(value_of(*call, "query"), "toccata: and fugue https://a.b/c");
    EXPECT_EQ(value_of(*call, "at"), 3);
}

TEST_F(SlashTextTest, ValuesAreTypedAndPeopleNamed) {
    const auto call = read("/play query:x now:true for:@bob");
    ASSERT_TRUE(call) << call.error().detail();
    const auto bob = base::to_string(user_named(world_, "bob"));
    EXPECT_EQ(value_of(*call, "now"), true);
    EXPECT_EQ(value_of(*call, "for"), bob);
    EXPECT_EQ(call->resolved.at("users").at(bob).at("username"), "bob");
}

TEST_F(SlashTextTest, RefusesWhatDiscordsClientWouldNotSend) {
    for (const auto* text :
         {"/play", "/play at:3", "/play query:x at:0", "/play query:x at:three", "/play query:x now:maybe",
          "/play query:x for:nobody", "/play words", "/play query:x query:y", "/play query:x file:a.mp3"}) {
        EXPECT_FALSE(read(text)) << text;
    }
}

TEST_F(SlashTextTest, AnAttachedFileFillsTheFreeAttachmentOption) {
    const Json file{{"id", "42"}, {"filename", "song.mp3"}};
    const auto call = read("/play query:x", false, {file});
    ASSERT_TRUE(call) << call.error().detail();
    EXPECT_EQ(value_of(*call, "file"), "42");
    EXPECT_EQ(call->resolved.at("attachments").at("42"), file);
}

TEST_F(SlashTextTest, CompletingFocusesTheLastOptionAndRequiresNothing) {
    const auto call = read("/play query:ba", true);
    ASSERT_TRUE(call) << call.error().detail();
    EXPECT_EQ(call->options.at(0).at("focused"), true);
    EXPECT_FALSE(read("/play at:3", true)) << "that option offers no completion";
    EXPECT_FALSE(read("/play", true));
}

TEST_F(SlashTextTest, SubcommandsNest) {
    command_.definition = *parse_command(
        {{"name", "settings"},
         {"description", "d"},
         {"options",
          {{{"type", 2},
            {"name", "dj"},
            {"description", "d"},
            {"options",
             {{{"type", 1},
               {"name", "set"},
               {"description", "d"},
               {"options",
                {{{"type", 8}, {"name", "role"}, {"description", "d"}, {"required", true}}}}}}}}}}});
    const auto call = read("/settings dj set role:Bandstand");
    ASSERT_TRUE(call) << call.error().detail();
    EXPECT_EQ(call->options.at(0).at("options").at(0).at("options").at(0).at("name"), "role");
    EXPECT_FALSE(read("/settings dj"));
}

TEST(SlashName, IsTheWordBehindTheSlash) {
    EXPECT_EQ(slash_name("  /play query:x").value(), "play");
    EXPECT_FALSE(slash_name("play"));
}

TEST(Render, ShowsEmbedsAndButtonsAndFindsButtonsByLabel) {
    const Json message{
        {"content", "Hello"},
        {"embeds", {{{"title", "Song"}, {"description", "by Bach"}}}},
        {"components",
         {{{"type", 1},
           {"components",
            {{{"type", 2}, {"label", "Skip"}, {"custom_id", "v1:skip"}},
             {{"type", 2}, {"label", "Stop"}, {"custom_id", "v1:stop"}, {"disabled", true}}}}}}}};
    EXPECT_EQ(render_message(message), "Hello\n│ Song\n│ by Bach\n[Skip] (Stop)");
    EXPECT_EQ(find_component(message["components"], "skip")->at("custom_id"), "v1:skip");
    EXPECT_EQ(find_component(message["components"], "V1:STOP")->at("label"), "Stop");
    EXPECT_EQ(find_component(message["components"], "v1"), nullptr) << "two fit";
    EXPECT_EQ(find_component(message["components"], "pause"), nullptr);
}

}  // namespace
}  // namespace bandstand::sandbox
