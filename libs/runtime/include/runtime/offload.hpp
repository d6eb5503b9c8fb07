#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <type_traits>
#include <utility>

#include "runtime/task.hpp"

namespace bandstand::runtime {

using ThreadPool = asio::thread_pool;

/// Runs `work` (which returns a value and does not throw) on `pool` and resumes on the loop with its result.
/// Not interrupted by a stop: what it borrows is safe until it returns.
template <class Work>
Task<std::invoke_result_t<Work&>> offload(ThreadPool& pool, Work work) {
    using Value = std::invoke_result_t<Work&>;
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Value)>(
        [](auto handler, ThreadPool* on, Work job) {
            auto home = asio::get_associated_executor(handler);
            auto shared = std::make_shared<decltype(handler)>(std::move(handler));
            asio::post(
                *on, [shared, home, guard = asio::make_work_guard(home), job = std::move(job)]() mutable {
                    asio::post(home, [shared, value = job()]() mutable { (*shared)(std::move(value)); });
                });
        },
        asio::use_awaitable, &pool, std::move(work));
}

}  // namespace bandstand::runtime
