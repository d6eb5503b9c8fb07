#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "config/environment.hpp"
#include "observe/observer.hpp"
#include "runtime/task.hpp"

namespace bandstand::runtime {

/// What /healthz and /readyz answer. Parts register a check; the service is ready when every check says so.
/// Loop thread only.
class Readiness {
public:
    /// `why_not` returns an empty string when ready, else a short reason without secrets.
    void add(std::string part, std::function<std::string()> why_not);
    /// The parts that are not ready, with their reasons; empty = ready.
    std::map<std::string, std::string> not_ready() const;

private:
    std::map<std::string, std::function<std::string()>> checks_;
};

/// A handle on the process: its one loop, environment, observer, clock, and the request to stop.
///
/// One thread runs the loop, so what lives on it needs no locks. Work that blocks or computes for long goes
/// to a ThreadPool (runtime/offload.hpp). Copies are cheap and refer to the same process.
class Context {
public:
    Context(asio::io_context& loop, config::Environment environment, observe::Observer& observer,
            const base::Clock& clock);

    asio::io_context& loop() const;
    asio::io_context::executor_type executor() const;
    const config::Environment& environment() const;
    observe::Observer& observer() const;
    const base::Clock& clock() const;
    Readiness& readiness() const;

    /// Asks every TaskGroup to stop. Safe to call twice. Loop thread only.
    void request_stop() const;
    bool stop_requested() const;
    /// Completes when stop is requested.
    Task<void> stopped() const;
    /// Calls back at request_stop(), newest first, until the returned handle is destroyed.
    std::shared_ptr<void> on_stop(std::function<void()> callback) const;

    struct State;

private:
    std::shared_ptr<State> state_;
};

/// Suspends for `duration`; throws asio's operation_aborted when the task is stopped.
Task<void> sleep_for(base::Duration duration);

}  // namespace bandstand::runtime
