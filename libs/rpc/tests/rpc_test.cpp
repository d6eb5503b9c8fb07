#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "bandstand/rpc/player/v1/player.grpc.pb.h"
#include "observe/observer.hpp"
#include "rpc/call.hpp"
#include "rpc/server.hpp"
#include "rpc/service.hpp"
#include "runtime/deadline.hpp"
#include "runtime/task_group.hpp"
#include "runtime/testing.hpp"

namespace bandstand::rpc {
namespace {

namespace pb = bandstand::rpc::player::v1;
using base::ErrorKind;
using runtime::Task;
using runtime::TaskGroup;
using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr base::Reason kNotOwner{"audio.not_owner"};
constexpr std::string_view kTraceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

// The text of a search says how the handler behaves.
class PlayerApi final : public Service<pb::Player> {
public:
    explicit PlayerApi(Server& server) : Service{server} {}

    int waiting = 0;
    int cancelled = 0;
    std::optional<CallContext> last_call;

private:
    Reactor* GetPlayer(Call* call, const pb::GetPlayerRequest* in, pb::GetPlayerResponse* out) override {
        return on_loop(call, in, out, &PlayerApi::get_player);
    }
    Reactor* Search(Call* call, const pb::SearchRequest* in, pb::SearchResponse* out) override {
        return on_loop(call, in, out, &PlayerApi::search);
    }

    Task<base::Result<pb::GetPlayerResponse>> get_player(pb::GetPlayerRequest in, CallContext context) {
        last_call = std::move(context);
        if (in.guild_id() == 0) {
            co_return base::fail(ErrorKind::failed_precondition, kNotOwner, "guild", in.guild_id(),
                                 "is elsewhere");
        }
        pb::GetPlayerResponse out;
        out.mutable_view()->set_page(in.queue_page() + 1);
        co_return out;
    }

    Task<base::Result<pb::SearchResponse>> search(pb::SearchRequest in) {
        if (in.text() == "throw") throw std::runtime_error{"secret inside"};
        if (in.text() == "wait") co_await wait(10min);
        if (in.text() == "pause") co_await wait(50ms);
        pb::SearchResponse out;
        out.add_results()->set_title(in.text() == "large" ? std::string(2 * kMaxMessageBytes, 'x')
                                                          : in.text());
        co_return out;
    }

    Task<void> wait(base::Duration duration) {
        ++waiting;
        try {
            co_await runtime::sleep_for(duration);
        } catch (const boost::system::system_error&) {
            ++cancelled;
            throw;
        }
    }
};

class RpcTest : public runtime::LoopTest {
public:
    // Runs `body` beside a server, then stops it.
    void with_server(std::function<Task<void>(RpcTest&)> body) {
        ASSERT_TRUE(server_.listen());
        channel_.emplace(address());
        run([](RpcTest& test, std::function<Task<void>(RpcTest&)> inside) -> Task<void> {
            test.servers_.spawn("grpc", test.server_.serve());
            co_await inside(test);
            test.servers_.stop();
            EXPECT_TRUE(co_await test.servers_.join());
        }(*this, std::move(body)));
    }

    std::string address() const { return "127.0.0.1:" + std::to_string(server_.port()); }
    Task<base::Result<pb::SearchResponse>> search(std::string text, CallOptions options = {.limit = 20s}) {
        pb::SearchRequest request;
        request.set_text(std::move(text));
        return call<pb::Player>(*channel_, &Methods<pb::Player>::Search, std::move(request),
                                std::move(options));
    }
    Task<base::Result<pb::GetPlayerResponse>> get_player(std::uint64_t guild,
                                                         CallOptions options = {.limit = 20s}) {
        pb::GetPlayerRequest request;
        request.set_guild_id(guild);
        request.set_queue_page(4);
        return call<pb::Player>(*channel_, &Methods<pb::Player>::GetPlayer, std::move(request),
                                std::move(options));
    }
    // Starts calls that the handler keeps waiting, and returns when all of them have arrived there.
    Task<void> let_wait(TaskGroup& group, std::string text, int count) {
        const int before = api_.waiting;
        for (int i = 0; i < count; ++i) {
            group.spawn("caller", [](RpcTest& test, std::string how) -> Task<base::Result<void>> {
                const auto answer = co_await test.search(std::move(how));
                if (answer) co_return base::ok();
                co_return std::unexpected(answer.error());
            }(*this, text));
        }
        co_await until([&] { return api_.waiting == before + count; });
    }
    static Task<void> until(std::function<bool()> reached) {
        while (!reached()) co_await runtime::sleep_for(1ms);
    }

    TaskGroup servers_{context_};
    Server server_{context_, {.address = "127.0.0.1:0", .max_calls = 64, .drain_time = 200ms}};
    PlayerApi api_{server_};
    std::optional<Channel> channel_;
};

TEST_F(RpcTest, AnAnswerComesBack) {
    with_server([](RpcTest& test) -> Task<void> {
        const auto answer = co_await test.get_player(7);
        EXPECT_EQ(answer.value().view().page(), 5U);
    });
}

TEST_F(RpcTest, AnErrorKeepsItsKindReasonAndDetail) {
    with_server([](RpcTest& test) -> Task<void> {
        const auto answer = co_await test.get_player(0);
        EXPECT_EQ(answer.error().kind(), ErrorKind::failed_precondition);
        EXPECT_EQ(answer.error().reason(), kNotOwner);
        EXPECT_THAT(answer.error().detail(), HasSubstr("guild 0 is elsewhere"));
    });
}

TEST_F(RpcTest, AHandlerThatThrowsIsAnInternalErrorAndTellsTheCallerNothingMore) {
    with_server([](RpcTest& test) -> Task<void> {
        const auto answer = co_await test.search("throw");
        EXPECT_EQ(answer.error().kind(), ErrorKind::internal);
        EXPECT_EQ(answer.error().reason(), kHandlerThrew);
        EXPECT_THAT(answer.error().detail(), testing::Not(HasSubstr("secret")));
    });
}

TEST_F(RpcTest, ACallThatTakesTooLongEndsOnBothSides) {
    with_server([](RpcTest& test) -> Task<void> {
        const auto answer = co_await test.search("wait", {.limit = 100ms});
        EXPECT_EQ(answer.error().kind(), ErrorKind::deadline_exceeded);
        co_await until([&] { return test.api_.cancelled == 1; });
    });
}

TEST_F(RpcTest, AHandlerSeesTheDeadlineOfItsCaller) {
    with_server([](RpcTest& test) -> Task<void> {
        const auto now = test.context_.clock().now();
        EXPECT_TRUE(co_await test.get_player(7, {.limit = 3s}));
        EXPECT_GT(test.api_.last_call->deadline, now + 1s);
        EXPECT_LE(test.api_.last_call->deadline, now + 4s);
        EXPECT_TRUE(co_await test.get_player(7, {.limit = 24h}));
        EXPECT_LE(test.api_.last_call->deadline, test.context_.clock().now() + 30s)
            << "the server has a limit too";
    });
}

TEST_F(RpcTest, AStoppedCallerStopsTheHandler) {
    with_server([](RpcTest& test) -> Task<void> {
        TaskGroup callers{test.context_};
        co_await test.let_wait(callers, "wait", 1);
        callers.stop();
        EXPECT_TRUE(co_await callers.join());
        co_await until([&] { return test.api_.cancelled == 1; });
    });
}

TEST_F(RpcTest, AStopLetsCallsInProgressFinish) {
    with_server([](RpcTest& test) -> Task<void> {
        TaskGroup callers{test.context_};
        co_await test.let_wait(callers, "pause", 3);
        test.servers_.stop();
        EXPECT_TRUE(co_await test.servers_.join());
        EXPECT_TRUE(co_await callers.join());
        EXPECT_EQ(test.api_.cancelled, 0);
    });
}

TEST_F(RpcTest, AStopCancelsWhatDoesNotFinishInTheDrainTime) {
    with_server([](RpcTest& test) -> Task<void> {
        TaskGroup callers{test.context_};
        co_await test.let_wait(callers, "wait", 3);
        test.servers_.stop();
        EXPECT_TRUE(co_await test.servers_.join());
        EXPECT_EQ(test.api_.cancelled, 3);
        EXPECT_FALSE(co_await callers.join());
        const auto refused = co_await test.search("after");
        EXPECT_EQ(refused.error().kind(), ErrorKind::unavailable);
    });
}

TEST_F(RpcTest, SixtyFourCallsAtOnceEachGetTheirOwnAnswer) {
    with_server([](RpcTest& test) -> Task<void> {
        TaskGroup callers{test.context_};
        int right = 0;
        for (int i = 0; i < 64; ++i) {
            callers.spawn("caller", [](RpcTest& with, int number, int& count) -> Task<base::Result<void>> {
                const auto answer = co_await with.search(std::to_string(number));
                if (!answer) co_return std::unexpected(answer.error());
                if (answer->results(0).title() == std::to_string(number)) ++count;
                co_return base::ok();
            }(test, i, right));
        }
        const auto all = co_await callers.join();
        EXPECT_TRUE(all) << all.error().describe();
        EXPECT_EQ(right, 64);
    });
}

TEST_F(RpcTest, MoreCallsAtOnceThanTheServerTakesAreRefused) {
    with_server([](RpcTest& test) -> Task<void> {
        TaskGroup callers{test.context_};
        co_await test.let_wait(callers, "wait", 64);
        const auto refused = co_await test.search("one more");
        EXPECT_EQ(refused.error().kind(), ErrorKind::resource_exhausted);
        EXPECT_EQ(refused.error().reason(), kTooManyCalls);
        callers.stop();
        EXPECT_TRUE(co_await callers.join());
        co_await until([&] { return test.api_.cancelled == 64; });
    });
}

TEST_F(RpcTest, MessagesOverTheLimitAreRefusedInBothDirections) {
    with_server([](RpcTest& test) -> Task<void> {
        const auto request = co_await test.search(std::string(2 * kMaxMessageBytes, 'x'));
        EXPECT_EQ(request.error().kind(), ErrorKind::resource_exhausted);
        const auto response = co_await test.search("large");
        EXPECT_EQ(response.error().kind(), ErrorKind::resource_exhausted);
        EXPECT_TRUE(co_await test.search("small")) << "the connection goes on";
    });
}

TEST_F(RpcTest, WithoutTracingTheCallersTraceIsPassedOn) {
    with_server([](RpcTest& test) -> Task<void> {
        EXPECT_TRUE(co_await test.get_player(7, {.traceparent = std::string{kTraceparent}}));
        EXPECT_EQ(test.api_.last_call->traceparent, kTraceparent);
        EXPECT_TRUE(co_await test.get_player(7, {.traceparent = std::string(1000, 'x')}));
        EXPECT_EQ(test.api_.last_call->traceparent, "");
    });
}

TEST(RpcTrace, TheHandlersSpanBelongsToTheTraceOfTheCaller) {
    // Nothing collects there: only the propagation is looked at.
    observe::Observer observer{
        {.service = "test", .otlp_endpoint = "http://127.0.0.1:9", .write_line = [](std::string_view) {}}};
    asio::io_context loop{1};
    const runtime::Context context{loop, {}, observer, base::system_clock()};
    Server server{context, {.address = "127.0.0.1:0"}};
    PlayerApi api{server};
    TaskGroup group{context};
    asio::co_spawn(
        loop,
        [](TaskGroup& tasks, Server& serving) -> Task<void> {
            EXPECT_TRUE(serving.listen());
            tasks.spawn("grpc", serving.serve());
            const Channel channel{"127.0.0.1:" + std::to_string(serving.port())};
            pb::GetPlayerRequest request;
            request.set_guild_id(7);
            EXPECT_TRUE(co_await call<pb::Player>(channel, &Methods<pb::Player>::GetPlayer, request,
                                                  {.traceparent = std::string{kTraceparent}}));
            tasks.stop();
            EXPECT_TRUE(co_await tasks.join());
        }(group, server),
        asio::detached);
    loop.run();
    ASSERT_TRUE(api.last_call);
    EXPECT_EQ(api.last_call->traceparent.substr(0, 36), kTraceparent.substr(0, 36));
    EXPECT_NE(api.last_call->traceparent, kTraceparent) << "a span of its own";
}

TEST_F(RpcTest, NobodyIsUnavailable) {
    channel_.emplace("127.0.0.1:1");
    run([](RpcTest& test) -> Task<void> {
        const auto answer = co_await test.search("hello");
        EXPECT_EQ(answer.error().kind(), ErrorKind::unavailable);
        EXPECT_EQ(answer.error().reason(), base::Reason{"rpc.unavailable"});
        EXPECT_THAT(answer.error().detail(), HasSubstr("127.0.0.1:1"));
    }(*this));
}

TEST_F(RpcTest, CallsBeforeTheServerServesAreRefused) {
    ASSERT_TRUE(server_.listen());
    channel_.emplace(address());
    run([](RpcTest& test) -> Task<void> {
        const auto early = co_await test.search("early");
        EXPECT_EQ(early.error().kind(), ErrorKind::unavailable);
        EXPECT_EQ(early.error().reason(), kNotServing);
        test.servers_.spawn("grpc", test.server_.serve());
        EXPECT_TRUE(co_await test.search("now"));
        test.servers_.stop();
        EXPECT_TRUE(co_await test.servers_.join());
    }(*this));
}

TEST_F(RpcTest, AnAddressThatIsTakenIsAnError) {
    ASSERT_TRUE(server_.listen());
    Server second{context_, {.address = address()}};
    const auto refused = second.listen();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason(), kListenFailed);
    EXPECT_THAT(refused.error().detail(), HasSubstr(address()));
}

}  // namespace
}  // namespace bandstand::rpc
