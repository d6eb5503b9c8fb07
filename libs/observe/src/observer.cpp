#include "observe/observer.hpp"

#include <charconv>
#include <optional>
#include <utility>

#include "log_sink.hpp"
#include "trace_state.hpp"

namespace bandstand::observe {
namespace {

std::optional<Level> parse_level(std::string_view text) {
    if (text == "debug") return Level::debug;
    if (text == "info") return Level::info;
    if (text == "warn") return Level::warn;
    if (text == "error") return Level::error;
    return std::nullopt;
}

std::optional<double> parse_ratio(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !(value >= 0 && value <= 1))
        return std::nullopt;
    return value;
}

std::optional<std::string> parse_endpoint(std::string text) {
    if (!text.starts_with("http://") && !text.starts_with("https://")) return std::nullopt;
    while (text.ends_with('/')) text.pop_back();
    return text;
}

}  // namespace

Options options_from(const std::string& service, const config::Environment& environment) {
    Options options;
    options.service = service;
    const auto read = [&](const char* name, auto parse, auto& out, const char* wanted) {
        const auto text = environment.get(name);
        if (!text) return;
        if (auto value = parse(*text)) {
            out = std::move(*value);
        } else {
            options.problems.push_back(std::string{name} + " is not " + wanted + ": the default is used");
        }
    };
    read("LOG_LEVEL", parse_level, options.level, "debug, info, warn or error");
    read("OTEL_EXPORTER_OTLP_ENDPOINT", parse_endpoint, options.otlp_endpoint,
         "an http:// or https:// address");
    read("OTEL_TRACES_SAMPLER_ARG", parse_ratio, options.sample_ratio, "a number from 0 to 1");
    return options;
}

struct Observer::State {
    explicit State(Options options)
        : log{make_log(options.service, options.level, std::move(options.write_line))},
          tracing{make_tracer_state(options.service, options.otlp_endpoint, options.sample_ratio, log)},
          tracer{tracing} {
        for (const auto& problem : options.problems)
            log.warn("telemetry_setting_ignored", {{"detail", problem}});
    }

    Log log;
    Metrics metrics;
    std::shared_ptr<Tracer::State> tracing;
    Tracer tracer;
};

Observer::Observer(Options options) : state_{std::make_unique<State>(std::move(options))} {}
Observer::~Observer() {
    shut_down(*state_->tracing);
}

const Log& Observer::log() const {
    return state_->log;
}
Metrics& Observer::metrics() {
    return state_->metrics;
}
const Tracer& Observer::tracer() const {
    return state_->tracer;
}

}  // namespace bandstand::observe
