#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/environment.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "observe/trace.hpp"

namespace bandstand::observe {

struct Options {
    std::string service;
    Level level = Level::info;
    std::string otlp_endpoint{};  ///< OTLP over HTTP, e.g. http://127.0.0.1:4318; empty = tracing off
    double sample_ratio = 1.0;    ///< of new traces; a parent's decision is kept
    std::vector<std::string>
        problems{};  ///< what was wrong with the settings; logged as warnings at the start
    /// Where log lines go, without their newline; empty = stderr. Called under the log's lock, from any
    /// thread.
    std::function<void(std::string_view)> write_line{};
};

/// LOG_LEVEL, OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER_ARG. A bad value falls back to the default
/// with a warning in the log: a process must not die of its own telemetry settings.
Options options_from(const std::string& service, const config::Environment& environment);

/// Logs, metrics and traces of one process.
class Observer {
public:
    explicit Observer(Options options);
    ~Observer();  ///< flushes logs and spans, within about two seconds
    Observer(const Observer&) = delete;
    Observer& operator=(const Observer&) = delete;

    const Log& log() const;
    Metrics& metrics();
    const Tracer& tracer() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace bandstand::observe
