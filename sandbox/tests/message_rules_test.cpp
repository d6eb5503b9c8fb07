#include "sandbox/discord/message_rules.hpp"

#include <set>

#include "sandbox/tests/builders.hpp"

namespace bandstand::sandbox {
namespace {

using namespace testing;

std::string many(std::size_t count) {
    return std::string(count, 'x');
}
std::string refused(const Json& body, std::string_view path, MessageUse use = MessageUse::channel) {
    const auto draft = parse_message(body, use);
    return draft ? "accepted" : code_at(draft.error(), path);
}
/// A message with one row of these.
Json row(std::initializer_list<Json> components) {
    Json children = Json::array();
    for (const auto& component : components) children.push_back(component);
    return {{"components", Json::array({Json{{"type", 1}, {"components", std::move(children)}}})}};
}
Json button(std::string id, std::string label = "Skip") {
    return {{"type", 2}, {"style", 1}, {"label", std::move(label)}, {"custom_id", std::move(id)}};
}

TEST(MessageRules, TakesWhatFits) {
    const Json body{{"content", many(2000)},
                    {"embeds", {{{"title", many(256)}, {"description", many(4096)}}}},
                    {"allowed_mentions", {{"parse", Json::array()}}}};
    const auto draft = parse_message(body, MessageUse::channel);
    ASSERT_TRUE(draft) << draft.error().errors;
    EXPECT_EQ(draft->embeds->at(0).at("type"), "rich");
}

TEST(MessageRules, CountsCharactersNotBytes) {
    std::string notes;
    for (int i = 0; i < 2000; ++i) notes += "♪";
    EXPECT_TRUE(parse_message({{"content", notes}}, MessageUse::channel));
    EXPECT_EQ(refused({{"content", notes + "♪"}}, "content"), "BASE_TYPE_MAX_LENGTH");
}

TEST(MessageRules, RefusesEveryEmbedLimitAtItsPath) {
    const auto embed = [](Json part) { return Json{{"embeds", {std::move(part)}}}; };
    EXPECT_EQ(refused(embed({{"title", many(257)}}), "embeds.0.title"), "BASE_TYPE_MAX_LENGTH");
    EXPECT_EQ(refused(embed({{"description", many(4097)}}), "embeds.0.description"), "BASE_TYPE_MAX_LENGTH");
    EXPECT_EQ(refused(embed({{"footer", {{"text", many(2049)}}}}), "embeds.0.footer.text"),
              "BASE_TYPE_MAX_LENGTH");
    EXPECT_EQ(refused(embed({{"author", {{"name", many(257)}}}}), "embeds.0.author.name"),
              "BASE_TYPE_MAX_LENGTH");
    EXPECT_EQ(
        refused(embed({{"fields", {{{"name", "a"}, {"value", many(1025)}}}}}), "embeds.0.fields.0.value"),
        "BASE_TYPE_MAX_LENGTH");
    EXPECT_EQ(refused(embed({{"fields", {{{"name", " "}, {"value", "b"}}}}}), "embeds.0.fields.0.name"),
              "BASE_TYPE_REQUIRED");
    EXPECT_EQ(refused(embed({{"title", "a"}, {"url", "ftp://x"}}), "embeds.0.url"),
              "URL_TYPE_INVALID_SCHEME");
    EXPECT_EQ(refused(embed({{"title", "a"}, {"color", 0x1000000}}), "embeds.0.color"), "NUMBER_TYPE_MAX");
    EXPECT_EQ(refused(embed(Json::object()), "embeds.0.description"), "BASE_TYPE_REQUIRED");
}

TEST(MessageRules, SumsTheTextOfAllEmbeds) {
    const Json half{{"description", many(3000)}};
    EXPECT_TRUE(parse_message({{"embeds", {half, half}}}, MessageUse::channel));
    EXPECT_EQ(refused({{"embeds", {half, half, {{"title", "x"}}}}}, "embeds"), "MAX_EMBED_SIZE_EXCEEDED");
}

TEST(MessageRules, RefusesAnEmptyMessageWithItsOwnCode) {
    const auto draft = parse_message({{"content", "  "}}, MessageUse::channel);
    ASSERT_FALSE(draft);
    EXPECT_EQ(draft.error().code, 50006);
}

TEST(MessageRules, ReportsAllProblemsAtOnce) {
    const auto draft =
        parse_message({{"content", many(2001)}, {"embeds", {{{"title", many(300)}}}}}, MessageUse::channel);
    ASSERT_FALSE(draft);
    EXPECT_EQ(draft.error().code, 50035);
    EXPECT_EQ(code_at(draft.error(), "content"), "BASE_TYPE_MAX_LENGTH");
    EXPECT_EQ(code_at(draft.error(), "embeds.0.title"), "BASE_TYPE_MAX_LENGTH");
}

TEST(MessageRules, OnlyAnswersToInteractionsMayBeEphemeral) {
    const Json body{{"content", "a"}, {"flags", 64}};
    EXPECT_EQ(refused(body, "flags"), "MESSAGE_INVALID_FLAGS");
    EXPECT_EQ(refused(body, "flags", MessageUse::interaction), "accepted");
}

TEST(MessageRules, RefusesMentionsBothParsedAndListed) {
    const Json body{{"content", "a"}, {"allowed_mentions", {{"parse", {"users"}}, {"users", {"1"}}}}};
    EXPECT_EQ(refused(body, "allowed_mentions"), "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE");
}

TEST(ComponentRules, GivesComponentsTheNumbersThatDiscordAssigns) {
    const auto draft = parse_message(row({button("a"), button("b")}), MessageUse::channel);
    ASSERT_TRUE(draft);
    const auto& kept = draft->components->at(0);
    EXPECT_EQ(kept.at("id"), 1);
    EXPECT_EQ(kept.at("components").at(1).at("id"), 3);
}

TEST(ComponentRules, RefusesButtonsThatDiscordRefuses) {
    const auto at = std::string{"components.0.components.0."};
    EXPECT_EQ(refused(row({button(many(101))}), at + "custom_id"), "BASE_TYPE_BAD_LENGTH");
    EXPECT_EQ(refused(row({button("a", many(81))}), at + "label"), "BASE_TYPE_MAX_LENGTH");
    EXPECT_EQ(refused(row({{{"type", 2}, {"style", 1}, {"label", "x"}}}), at + "custom_id"),
              "BASE_TYPE_REQUIRED");
    EXPECT_EQ(refused(row({{{"type", 2}, {"style", 5}, {"label", "x"}}}), at + "url"), "BASE_TYPE_REQUIRED");
    EXPECT_EQ(refused(row({{{"type", 2}, {"style", 9}, {"custom_id", "a"}, {"label", "x"}}}), at + "style"),
              "BASE_TYPE_CHOICES");
    EXPECT_EQ(refused(row({button("a"), button("a")}), "components.0.components.1.custom_id"),
              "COMPONENT_CUSTOM_ID_DUPLICATED");
    EXPECT_EQ(refused(row({button("1"), button("2"), button("3"), button("4"), button("5"), button("6")}),
                      "components.0.components"),
              "BASE_TYPE_BAD_LENGTH");
    EXPECT_EQ(refused({{"components", {button("a")}}}, "components.0.type"), "UNION_TYPE_CHOICES");
}

TEST(ComponentRules, ASelectStandsAloneAndItsValuesAreUnique) {
    const Json option{{"label", "a"}, {"value", "a"}};
    const Json select{{"type", 3}, {"custom_id", "s"}, {"options", {option, option}}};
    EXPECT_EQ(refused(row({select}), "components.0.components.0.options.1.value"),
              "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED");
    const Json fine{{"type", 3}, {"custom_id", "s"}, {"options", {option}}};
    EXPECT_EQ(refused(row({fine, button("b")}), "components.0.components"),
              "COMPONENT_LAYOUT_WIDTH_EXCEEDED");
}

TEST(ComponentRules, V2TakesContainersButNoClassicParts) {
    const Json text{{"type", 10}, {"content", "hello"}};
    Json body{{"flags", 32'768}, {"components", {{{"type", 17}, {"components", {text}}}}}};
    EXPECT_EQ(refused(body, ""), "accepted");
    body["content"] = "x";
    EXPECT_EQ(refused(body, "content"), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2");
    EXPECT_EQ(refused({{"components", {text}}}, "components.0.type"), "UNION_TYPE_CHOICES");
}

TEST(ComponentRules, V2CountsNestedComponentsAndAllText) {
    Json parts = Json::array();
    for (int i = 0; i < 40; ++i) parts.push_back({{"type", 10}, {"content", many(101)}});
    const Json body{{"flags", 32'768}, {"components", {{{"type", 17}, {"components", parts}}}}};
    const auto draft = parse_message(body, MessageUse::channel);
    ASSERT_FALSE(draft);
    std::set<std::string> codes;
    for (const auto& problem : draft.error().errors.at("components").at("_errors"))
        codes.insert(problem.at("code"));
    EXPECT_EQ(codes, (std::set<std::string>{"COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
                                            "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED"}));
}

TEST(Json, DeepNestingIsNoDocument) {
    EXPECT_FALSE(parse_json(std::string(100'000, '[')));
    EXPECT_FALSE(parse_json(std::string(65, '[') + std::string(65, ']')));
    EXPECT_TRUE(parse_json(std::string(64, '[') + std::string(64, ']')));
    EXPECT_TRUE(parse_json(R"({"a":"[[[[[[\"[[["})"));
}

}  // namespace
}  // namespace bandstand::sandbox
