#include "runtime/task_group.hpp"

#include <vector>

#include "runtime/testing.hpp"

namespace bandstand::runtime {
namespace {

using namespace std::chrono_literals;

class TaskGroupTest : public LoopTest {};

constexpr base::Reason kBroken{"test.broken"};

Task<base::Result<void>> wait_until_stopped(std::vector<int>& order, int number) {
    try {
        co_await sleep_for(10min);
    } catch (const boost::system::system_error&) {
        order.push_back(number);
        throw;
    }
    co_return base::ok();
}

Task<base::Result<void>> break_down() {
    co_await sleep_for(1ms);
    co_return base::fail(base::ErrorKind::unavailable, kBroken, "on purpose");
}

TEST_F(TaskGroupTest, StopsNewestFirstWhenTheProcessIsAskedTo) {
    run([](Context context) -> Task<void> {
        std::vector<int> order;
        TaskGroup group{context};
        for (int i = 1; i <= 3; ++i) group.spawn("waiter", wait_until_stopped(order, i));
        asio::post(context.loop(), [context] { context.request_stop(); });
        EXPECT_TRUE(co_await group.join());
        EXPECT_EQ(order, (std::vector{3, 2, 1}));
    }(context_));
}

TEST_F(TaskGroupTest, AFailureStopsTheOthersAndIsReturnedWithTheTasksName) {
    run([](Context context) -> Task<void> {
        std::vector<int> order;
        TaskGroup group{context};
        group.spawn("waiter", wait_until_stopped(order, 1));
        group.spawn("breaker", break_down());
        const auto result = co_await group.join();
        EXPECT_EQ(result.error().reason(), kBroken);
        EXPECT_EQ(result.error().detail(), "breaker: on purpose");
        EXPECT_EQ(order, std::vector{1});
    }(context_));
}

TEST_F(TaskGroupTest, EndsByItselfWhenEveryTaskIsDone) {
    run([](Context context) -> Task<void> {
        TaskGroup group{context};
        group.spawn("short", []() -> Task<base::Result<void>> { co_return base::ok(); }());
        EXPECT_TRUE(co_await group.join());
    }(context_));
}

TEST_F(TaskGroupTest, AGroupInsideAStoppedTaskIsStoppedWithIt) {
    run([](Context context) -> Task<void> {
        std::vector<int> order;
        TaskGroup outer{context};
        outer.spawn("session", [](Context inside, std::vector<int>& log) -> Task<base::Result<void>> {
            TaskGroup inner{inside};
            inner.spawn("waiter", wait_until_stopped(log, 1));
            co_return co_await inner.join();
        }(context, order));
        outer.spawn("trigger", break_down());
        EXPECT_FALSE(co_await outer.join());
        EXPECT_EQ(order, std::vector{1});
    }(context_));
}

}  // namespace
}  // namespace bandstand::runtime
