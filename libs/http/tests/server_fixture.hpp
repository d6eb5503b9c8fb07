#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "http/client.hpp"
#include "http/server.hpp"
#include "runtime/task_group.hpp"
#include "runtime/testing.hpp"

namespace bandstand::http {

/// A server on a free loopback port and a client, on one loop.
class ServerTest : public runtime::LoopTest {
public:
    using LoopTest::context_;

    std::string url(const std::string& target, const std::string& scheme = "http") const {
        return scheme + "://127.0.0.1:" + std::to_string(server_->port()) + target;
    }
    void listen(ServerOptions options = {}) {
        server_ = std::make_unique<Server>(context_, std::move(options));
    }
    /// Runs `scenario` beside the server, then stops the server.
    void serve_and(runtime::Task<void> scenario) {
        ASSERT_TRUE(server_->listen());
        run([](ServerTest& self, runtime::Task<void> inner) -> runtime::Task<void> {
            runtime::TaskGroup group{self.context_};
            group.spawn("server", self.server_->serve());
            co_await std::move(inner);
            group.stop();
            EXPECT_TRUE(co_await group.join());
        }(*this, std::move(scenario)));
    }

    std::unique_ptr<Server> server_;
};

}  // namespace bandstand::http
