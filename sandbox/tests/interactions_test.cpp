#include "sandbox/discord/interactions.hpp"

#include "sandbox/tests/builders.hpp"

namespace bandstand::sandbox {
namespace {

using namespace testing;
using std::chrono::milliseconds;

Interaction of(InteractionType type) {
    Interaction interaction;
    interaction.id = InteractionId{1};
    interaction.token = "secret";
    interaction.application = ApplicationId{7};
    interaction.type = type;
    interaction.at = kStart;
    return interaction;
}
int code_of(const auto& result) {
    return result ? 0 : result.error().code;
}

TEST(Interactions, AnAnswerWithinThreeSecondsIsTakenALaterOneIsUnknown) {
    Interactions all;
    all.add(of(InteractionType::command));
    EXPECT_EQ(code_of(all.awaiting_answer(InteractionId{1}, "secret", kStart + kAnswerWindow)), 0);
    EXPECT_EQ(
        code_of(all.awaiting_answer(InteractionId{1}, "secret", kStart + kAnswerWindow + milliseconds{1})),
        10062);
    EXPECT_EQ(code_of(all.awaiting_answer(InteractionId{1}, "wrong", kStart)), 10062);
    EXPECT_EQ(code_of(all.awaiting_answer(InteractionId{2}, "secret", kStart)), 10062);
}

TEST(Interactions, ASecondAnswerIsRefused) {
    Interactions all;
    all.add(of(InteractionType::command)).answered_with = CallbackType::message;
    EXPECT_EQ(code_of(all.awaiting_answer(InteractionId{1}, "secret", kStart)), 40060);
}

TEST(Interactions, ATokenEditsForAQuarterOfAnHourAfterItsAnswer) {
    Interactions all;
    auto& held = all.add(of(InteractionType::command));
    EXPECT_EQ(code_of(all.answered(ApplicationId{7}, "secret", kStart)), 10015);
    held.answered_with = CallbackType::deferred_message;
    EXPECT_EQ(code_of(all.answered(ApplicationId{7}, "secret", kStart + kTokenLife)), 0);
    EXPECT_EQ(code_of(all.answered(ApplicationId{8}, "secret", kStart)), 10015);
    EXPECT_EQ(code_of(all.answered(ApplicationId{7}, "secret", kStart + kTokenLife + milliseconds{1})),
              50027);
}

TEST(Interactions, EachKindTakesItsOwnCallbacks) {
    const auto accepts = [](InteractionType type, int callback) {
        Json data{{"content", "a"}, {"choices", Json::array()}};
        if (callback == 9) {
            data = {
                {"custom_id", "m"}, {"title", "t"}, {"components", {{{"type", 10}, {"content", "text"}}}}};
        }
        return parse_callback({{"type", callback}, {"data", data}}, of(type), false).has_value();
    };
    for (const int callback : {4, 5, 9}) EXPECT_TRUE(accepts(InteractionType::command, callback)) << callback;
    for (const int callback : {1, 6, 7, 8, 10})
        EXPECT_FALSE(accepts(InteractionType::command, callback)) << callback;
    for (const int callback : {4, 5, 6, 7, 9})
        EXPECT_TRUE(accepts(InteractionType::component, callback)) << callback;
    EXPECT_TRUE(accepts(InteractionType::autocomplete, 8));
    EXPECT_FALSE(accepts(InteractionType::autocomplete, 4));
    EXPECT_FALSE(accepts(InteractionType::modal, 9));
}

TEST(Interactions, ChoicesAreBounded) {
    const auto autocomplete = of(InteractionType::autocomplete);
    const auto body = [](Json choices) {
        return Json{{"type", 8}, {"data", {{"choices", std::move(choices)}}}};
    };
    Json many = Json::array();
    for (int i = 0; i < 26; ++i) many.push_back({{"name", "n"}, {"value", "v"}});
    const auto too_many = parse_callback(body(many), autocomplete, false);
    ASSERT_FALSE(too_many);
    EXPECT_EQ(code_at(too_many.error(), "data.choices"), "BASE_TYPE_MAX_LENGTH");
    const auto too_long =
        parse_callback(body({{{"name", "n"}, {"value", std::string(101, 'v')}}}), autocomplete, false);
    ASSERT_FALSE(too_long);
    EXPECT_EQ(code_at(too_long.error(), "data.choices.0.value"), "BASE_TYPE_BAD_LENGTH");
    EXPECT_TRUE(parse_callback(body(Json::array()), autocomplete, false));
}

TEST(Interactions, ForgetsOldOnes) {
    Interactions all;
    all.add(of(InteractionType::command));
    all.expire(kStart + kTokenLife);
    EXPECT_EQ(all.size(), 1U);
    all.expire(kStart + 3 * kTokenLife);
    EXPECT_EQ(all.size(), 0U);
}

}  // namespace
}  // namespace bandstand::sandbox
