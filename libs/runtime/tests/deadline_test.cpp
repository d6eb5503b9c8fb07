#include "runtime/deadline.hpp"

#include "runtime/task_group.hpp"
#include "runtime/testing.hpp"

namespace bandstand::runtime {
namespace {

using namespace std::chrono_literals;

class DeadlineTest : public LoopTest {};

Task<base::Result<int>> answer_after(base::Duration wait) {
    co_await sleep_for(wait);
    co_return 42;
}

TEST_F(DeadlineTest, AnAnswerInTimeComesThrough) {
    run([]() -> Task<void> { EXPECT_EQ(*co_await within(10s, answer_after(1ms)), 42); }());
}

TEST_F(DeadlineTest, ALateTaskIsCancelledAndSaysSo) {
    run([]() -> Task<void> {
        const auto late = co_await within(1ms, answer_after(10min));
        EXPECT_EQ(late.error().reason(), kDeadlineExceeded);
    }());
}

TEST_F(DeadlineTest, StoppingTheCallerStopsTheTaskInside) {
    run([](Context context) -> Task<void> {
        TaskGroup group{context};
        bool ended = false;
        group.spawn("waits", [](bool& out) -> Task<base::Result<void>> {
            struct Mark {
                bool& set;
                ~Mark() { set = true; }
            } mark{out};
            const auto never = co_await within(10min, answer_after(20min));
            EXPECT_FALSE(never);
            co_return base::ok();
        }(ended));
        group.stop();
        EXPECT_TRUE(co_await group.join());
        EXPECT_TRUE(ended);
    }(context_));
}

}  // namespace
}  // namespace bandstand::runtime
