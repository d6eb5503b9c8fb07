#pragma once

// For tests only: a loop to run coroutines on. Needs GoogleTest.

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <utility>

#include "observe/observer.hpp"
#include "runtime/context.hpp"

namespace bandstand::runtime {

/// Runs one coroutine on a loop of its own until it returns: `run([](Context context) -> Task<void>
/// {…}(context_))`. What the coroutine leaves running is dropped at the end of the test. A coroutine that
/// does not return fails the test after kLimit instead of hanging it.
class LoopTest : public testing::Test {
public:  // the coroutines of a test get its fixture as an argument
    static constexpr std::chrono::seconds kLimit{60};

    void run(Task<void> task) {
        bool finished = false;
        asio::co_spawn(loop_, std::move(task), [&](const std::exception_ptr& thrown) {
            finished = true;
            expect_nothing(thrown);
            loop_.stop();
        });
        loop_.restart();
        loop_.run_for(kLimit);
        EXPECT_TRUE(finished) << "the coroutine did not return: it waits for something that never comes";
        if (!finished) std::abort();  // its completion handler borrows this frame
        loop_.restart();
        loop_.poll();  // handlers that are ready, such as those of cancelled timers
    }

    observe::Observer observer_{{.service = "test"}};
    asio::io_context loop_{1};
    Context context_{loop_, {}, observer_, base::system_clock()};

private:
    static void expect_nothing(const std::exception_ptr& thrown) {
        try {
            if (thrown) std::rethrow_exception(thrown);
        } catch (const std::exception& error) {
            ADD_FAILURE() << "the coroutine threw: " << error.what();
        }
    }
};

}  // namespace bandstand::runtime
