#include "runtime/context.hpp"

#include <boost/asio/post.hpp>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "runtime/offload.hpp"
#include "runtime/testing.hpp"

namespace bandstand::runtime {
namespace {

using ContextTest = LoopTest;
using OffloadTest = LoopTest;
using ReadinessTest = LoopTest;

TEST_F(ContextTest, AStopIsToldOnceNewestFirst) {
    std::vector<int> told;
    const auto first = context_.on_stop([&] { told.push_back(1); });
    const auto second = context_.on_stop([&] { told.push_back(2); });
    {
        const auto gone = context_.on_stop([&] { told.push_back(3); });
    }
    EXPECT_FALSE(context_.stop_requested());
    context_.request_stop();
    context_.request_stop();
    EXPECT_TRUE(context_.stop_requested());
    EXPECT_EQ(told, (std::vector{2, 1}));
}

TEST_F(ContextTest, StoppedCompletesAtTheStopAndAtOnceAfterIt) {
    asio::post(loop_, [context = context_] { context.request_stop(); });
    run([](Context context) -> Task<void> {
        co_await context.stopped();
        co_await context.stopped();
        EXPECT_TRUE(context.stop_requested());
    }(context_));
}

TEST_F(ReadinessTest, NamesThePartsThatAreNotReady) {
    auto& readiness = context_.readiness();
    EXPECT_TRUE(readiness.not_ready().empty());
    std::string database = "connecting";
    readiness.add("database", [&] { return database; });
    readiness.add("bus", [] { return std::string{}; });
    EXPECT_EQ(readiness.not_ready(), (std::map<std::string, std::string>{{"database", "connecting"}}));
    database.clear();
    EXPECT_TRUE(readiness.not_ready().empty());
}

TEST_F(OffloadTest, WorksOnThePoolAndResumesOnTheLoop) {
    ThreadPool pool{2};
    run([](ThreadPool& on) -> Task<void> {
        const auto loop_thread = std::this_thread::get_id();
        const auto worker = co_await offload(on, [] { return std::this_thread::get_id(); });
        EXPECT_NE(worker, loop_thread);
        EXPECT_EQ(std::this_thread::get_id(), loop_thread);
    }(pool));
}

}  // namespace
}  // namespace bandstand::runtime
