#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "runtime/context.hpp"
#include "runtime/task.hpp"

namespace bandstand::runtime {

/// Owns running tasks: nothing is detached. Loop thread only.
///
/// join() waits until the process is asked to stop, a task fails, or all tasks are done; then it stops what
/// still runs, newest first, one after the other, and returns the first failure. A stopped task sees
/// asio's operation_aborted at its next await and unwinds. A group must be joined before it is destroyed.
class TaskGroup {
public:
    explicit TaskGroup(Context context);
    ~TaskGroup();
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    /// Starts `task` at once. A task that ends without error simply leaves the group.
    void spawn(std::string name, Task<base::Result<void>> task);
    /// Tasks that still run.
    std::size_t size() const;
    /// Asks join() to stop the tasks. The process goes on.
    void stop();
    Task<base::Result<void>> join();

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace bandstand::runtime
