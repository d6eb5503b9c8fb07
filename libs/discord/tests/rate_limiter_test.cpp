#include "discord/rate_limiter.hpp"

#include <gtest/gtest.h>

#include "testing/manual_clock.hpp"

namespace bandstand::discord {
namespace {

using namespace std::chrono_literals;
using Tickets = std::vector<TicketId>;

Route message_to(const std::string& channel) {
    return {.method = "POST", .path_template = "/channels/{channel}/messages", .major = channel, .path = {}};
}
Route edit_in(const std::string& channel) {
    return {
        .method = "PATCH", .path_template = "/channels/{channel}/messages/:id", .major = channel, .path = {}};
}
Route callback_of(const std::string& token) {
    return {.method = "POST",
            .path_template = "/interactions/:id/{token}/callback",
            .major = token,
            .path = {},
            .interaction = true};
}

LimitHeaders bucket(std::string hash, std::uint32_t limit, std::uint32_t remaining,
                    base::Duration reset_after) {
    LimitHeaders answer;
    answer.status = 200;
    answer.bucket = std::move(hash);
    answer.limit = limit;
    answer.remaining = remaining;
    answer.reset_after = reset_after;
    return answer;
}
LimitHeaders status(int code) {
    LimitHeaders answer;
    answer.status = code;
    return answer;
}
LimitHeaders too_many(base::Duration retry_after) {
    auto answer = status(429);
    answer.retry_after = retry_after;
    return answer;
}

class RateLimiterTest : public ::testing::Test {
protected:
    TicketId enqueue(const Route& route) {
        const auto ticket = limiter_.enqueue(route, now());
        EXPECT_TRUE(ticket) << ticket.error().describe();
        return ticket.value_or(0);
    }
    Tickets release() { return limiter_.release(now()); }
    void answer(TicketId ticket, const LimitHeaders& headers) { limiter_.on_answer(ticket, headers, now()); }
    /// Enqueues one, lets it go and answers it.
    void exchange(const Route& route, const LimitHeaders& headers) {
        const auto ticket = enqueue(route);
        ASSERT_EQ(release(), Tickets{ticket});
        answer(ticket, headers);
    }
    base::Instant now() const { return clock_.now(); }
    void advance_to_wakeup() {
        const auto at = limiter_.next_wakeup(now());
        ASSERT_TRUE(at);
        clock_.advance(*at - now());
    }

    testing::ManualClock clock_;
    RateLimiter limiter_;
};

TEST_F(RateLimiterTest, AnUnknownRouteSendsOneRequestAtATime) {
    const auto first = enqueue(message_to("1"));
    const auto second = enqueue(message_to("1"));
    EXPECT_EQ(release(), Tickets{first});
    EXPECT_EQ(release(), Tickets{});
    EXPECT_EQ(limiter_.next_wakeup(now()), std::nullopt) << "an answer is awaited, not time";
    answer(first, bucket("h", 5, 4, 5s));
    EXPECT_EQ(release(), Tickets{second});
}

TEST_F(RateLimiterTest, OtherMajorParametersDoNotWait) {
    const auto first = enqueue(message_to("1"));
    const auto second = enqueue(message_to("2"));
    EXPECT_EQ(release(), (Tickets{first, second}));
}

TEST_F(RateLimiterTest, AKnownBucketSendsWhatRemainsAndWaitsForTheReset) {
    exchange(message_to("1"), bucket("h", 3, 2, 4s));
    const auto a = enqueue(message_to("1"));
    const auto b = enqueue(message_to("1"));
    const auto c = enqueue(message_to("1"));
    EXPECT_EQ(release(), (Tickets{a, b}));
    EXPECT_EQ(limiter_.next_wakeup(now()), now() + 4s);
    clock_.advance(4s);
    EXPECT_EQ(release(), Tickets{c});
}

TEST_F(RateLimiterTest, TemplatesOfOneHashShareABucket) {
    exchange(message_to("1"), bucket("h", 2, 1, 5s));
    exchange(edit_in("1"), bucket("h", 2, 0, 5s));
    enqueue(message_to("1"));
    EXPECT_EQ(release(), Tickets{});
}

TEST_F(RateLimiterTest, WaitingRequestsMoveToTheBucketThatIsDiscovered) {
    exchange(message_to("1"), bucket("h", 5, 0, 5s));
    const auto first = enqueue(edit_in("1"));
    const auto second = enqueue(edit_in("1"));
    EXPECT_EQ(release(), Tickets{first});
    answer(first, bucket("h", 5, 0, 5s));
    EXPECT_EQ(release(), Tickets{});
    clock_.advance(5s);
    EXPECT_EQ(release(), Tickets{second});
}

TEST_F(RateLimiterTest, AnswersOutOfOrderDoNotRaiseWhatRemains) {
    exchange(message_to("1"), bucket("h", 5, 4, 5s));
    const auto a = enqueue(message_to("1"));
    const auto b = enqueue(message_to("1"));
    release();
    answer(b, bucket("h", 5, 2, 5s));
    answer(a, bucket("h", 5, 3, 5s));
    for (int i = 0; i < 3; ++i) enqueue(message_to("1"));
    EXPECT_EQ(release().size(), 2U);
}

TEST_F(RateLimiterTest, ARouteWithoutHeadersHasNoLimitOfItsOwn) {
    exchange(message_to("1"), status(204));
    for (int i = 0; i < 10; ++i) enqueue(message_to("1"));
    EXPECT_EQ(release().size(), 10U);
}

TEST_F(RateLimiterTest, AServerErrorTeachesNothingAboutTheRoute) {
    exchange(message_to("1"), status(502));
    enqueue(message_to("1"));
    enqueue(message_to("1"));
    EXPECT_EQ(release().size(), 1U);
}

TEST_F(RateLimiterTest, SendsAtMostFiftyRequestsASecondInAll) {
    for (int i = 0; i < 60; ++i) enqueue(message_to(std::to_string(i)));
    EXPECT_EQ(release().size(), 50U);
    EXPECT_EQ(limiter_.next_wakeup(now()), now() + 1s);
    clock_.advance(1s);
    EXPECT_EQ(release().size(), 10U);
}

TEST_F(RateLimiterTest, InteractionsBypassTheGlobalLimit) {
    for (int i = 0; i < 60; ++i) enqueue(message_to(std::to_string(i)));
    release();
    const auto callback = enqueue(callback_of("token"));
    EXPECT_EQ(release(), Tickets{callback});
}

TEST_F(RateLimiterTest, A429OfTheUserBlocksItsBucketForTheTimeTold) {
    exchange(message_to("1"), too_many(2s));
    const auto again = enqueue(message_to("1"));
    const auto other = enqueue(message_to("2"));
    EXPECT_EQ(release(), Tickets{other});
    advance_to_wakeup();
    EXPECT_EQ(release(), Tickets{again});
    EXPECT_EQ(limiter_.invalid_requests(now()), 1U);
}

TEST_F(RateLimiterTest, A429OfAHiddenLimitBlocksOnlyThatKindOfRequest) {
    exchange(edit_in("1"), bucket("h", 5, 4, 5s));
    exchange(message_to("1"), bucket("h", 5, 4, 5s));
    auto hidden = bucket("h", 5, 3, 5s);
    hidden.status = 429;
    hidden.retry_after = 60s;
    exchange(edit_in("1"), hidden);
    enqueue(edit_in("1"));
    const auto message = enqueue(message_to("1"));
    EXPECT_EQ(release(), Tickets{message});
}

TEST_F(RateLimiterTest, AGlobal429BlocksEverythingButInteractions) {
    auto global = too_many(3s);
    global.global = true;
    exchange(message_to("1"), global);
    enqueue(message_to("2"));
    const auto callback = enqueue(callback_of("token"));
    EXPECT_EQ(release(), Tickets{callback});
    clock_.advance(3'100ms);
    EXPECT_EQ(release().size(), 1U);
}

TEST_F(RateLimiterTest, A429OfTheResourceIsNotCountedAgainstUs) {
    auto shared = too_many(1s);
    shared.shared = true;
    exchange(message_to("1"), shared);
    EXPECT_EQ(limiter_.invalid_requests(now()), 0U);
}

TEST_F(RateLimiterTest, A429OfCloudflareStopsEverything) {
    auto banned = too_many(90s);
    banned.from_discord = false;
    exchange(message_to("1"), banned);
    enqueue(message_to("2"));
    enqueue(callback_of("token"));
    EXPECT_EQ(release(), Tickets{});
    clock_.advance(90s);
    EXPECT_EQ(release().size(), 2U);
}

TEST_F(RateLimiterTest, RefusesOrdinaryRequestsWhileTooManyWereInvalid) {
    for (int i = 0; i < 5'000; ++i) {
        const auto ticket = enqueue(callback_of(std::to_string(i)));
        release();
        answer(ticket, status(403));
    }
    const auto refused = limiter_.enqueue(message_to("1"), now());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason(), kTooManyInvalid);
    EXPECT_TRUE(limiter_.enqueue(callback_of("x"), now()));
    clock_.advance(10min);
    EXPECT_TRUE(limiter_.enqueue(message_to("1"), now()));
}

TEST_F(RateLimiterTest, AfterA401TheTokenIsNotUsedAgain) {
    exchange(message_to("1"), status(401));
    const auto refused = limiter_.enqueue(message_to("2"), now());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason(), kTokenRefused);
}

TEST_F(RateLimiterTest, AWebhookThatIsGoneIsNotCalledAgain) {
    auto gone = status(404);
    gone.unknown_webhook = true;
    exchange(callback_of("token"), gone);
    const auto refused = limiter_.enqueue(callback_of("token"), now());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason(), kWebhookGone);
}

TEST_F(RateLimiterTest, ARequestThatFailedFreesItsPlace) {
    const auto first = enqueue(message_to("1"));
    const auto second = enqueue(message_to("1"));
    release();
    limiter_.on_failure(first, now());
    EXPECT_EQ(release(), Tickets{second});
    limiter_.on_failure(second, now());
    EXPECT_EQ(limiter_.waiting(), 0U);
}

TEST_F(RateLimiterTest, ForgetsTheBucketsOfOldInteractions) {
    for (int i = 0; i < 5'000; ++i) {
        exchange(callback_of(std::to_string(i)), bucket("c", 5, 4, 1s));
        clock_.advance(10ms);
    }
    EXPECT_LE(limiter_.bucket_count(), 1'001U);
}

}  // namespace
}  // namespace bandstand::discord
