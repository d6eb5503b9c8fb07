#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>

#include "observe/observer.hpp"
#include "runtime/context.hpp"

namespace bandstand::runtime {

/// Runs one coroutine on a loop of its own until it returns.
class LoopTest : public testing::Test {
protected:
    void run(Task<void> task) {
        bool finished = false;
        asio::co_spawn(loop_, std::move(task), [&](const std::exception_ptr& thrown) {
            finished = true;
            EXPECT_FALSE(thrown);
        });
        loop_.run();
        EXPECT_TRUE(finished) << "the loop ran dry before the test ended";
    }

    asio::io_context loop_{1};
    observe::Observer observer_{{.service = "test"}};
    Context context_{loop_, {}, observer_, base::system_clock()};
};

}  // namespace bandstand::runtime
