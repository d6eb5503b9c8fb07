#include "observe/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

#include "log_sink.hpp"
#include "text.hpp"

namespace bandstand::observe {
namespace {

class CallbackSink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    explicit CallbackSink(std::function<void(std::string_view)> write_line)
        : write_line_{std::move(write_line)} {}

private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        write_line_({message.payload.data(), message.payload.size()});
    }
    void flush_() override {}

    std::function<void(std::string_view)> write_line_;
};

spdlog::sink_ptr make_sink(std::function<void(std::string_view)> write_line) {
    if (write_line) return std::make_shared<CallbackSink>(std::move(write_line));
    return std::make_shared<spdlog::sinks::stderr_sink_mt>();
}

spdlog::level::level_enum to_spdlog(Level level) {
    switch (level) {
        case Level::debug:
            return spdlog::level::debug;
        case Level::info:
            return spdlog::level::info;
        case Level::warn:
            return spdlog::level::warn;
        case Level::error:
            return spdlog::level::err;
    }
    return spdlog::level::err;
}

std::string_view name(Level level) {
    switch (level) {
        case Level::debug:
            return "debug";
        case Level::info:
            return "info";
        case Level::warn:
            return "warn";
        case Level::error:
            return "error";
    }
    return "error";
}

// RFC 3339 in UTC with microseconds.
std::string timestamp(std::chrono::system_clock::time_point now) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now - seconds).count();
    const std::time_t whole = std::chrono::system_clock::to_time_t(seconds);
    std::tm utc{};
    ::gmtime_r(&whole, &utc);
    std::array<char, 96> text{};
    const int length = std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ",
                                     utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min,
                                     utc.tm_sec, static_cast<int>(micros));
    return {text.data(), static_cast<std::size_t>(length)};
}

nlohmann::ordered_json to_json(const Field::Value& value) {
    return std::visit(
        [](const auto& held) -> nlohmann::ordered_json {
            if constexpr (std::is_same_v<std::decay_t<decltype(held)>, std::string>) {
                return printable(held);
            } else {
                return held;
            }
        },
        value);
}

}  // namespace

struct Log::Sink {
    std::string service;
    spdlog::logger logger;
};

void Log::write(Level level, std::string_view event, Fields fields) const {
    if (!sink_->logger.should_log(to_spdlog(level))) return;
    nlohmann::ordered_json line;
    line["time"] = timestamp(std::chrono::system_clock::now());
    line["level"] = name(level);
    line["service"] = sink_->service;
    line["event"] = event;
    // emplace, not []: a field cannot replace what every line has.
    for (const auto& field : fields) line.emplace(std::string{field.name()}, to_json(field.value()));
    sink_->logger.log(to_spdlog(level), line.dump());
}

Log make_log(const std::string& service, Level level, std::function<void(std::string_view)> write_line) {
    auto sink = std::make_shared<Log::Sink>(
        Log::Sink{.service = service, .logger = spdlog::logger{service, make_sink(std::move(write_line))}});
    sink->logger.set_level(to_spdlog(level));
    sink->logger.set_pattern("%v");
    return Log{std::move(sink)};
}

}  // namespace bandstand::observe
