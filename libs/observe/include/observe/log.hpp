#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace bandstand::observe {

enum class Level { debug, info, warn, error };

/// One typed field of a log line. Numbers stay numbers in the JSON; ids (anything with value()) become
/// strings, because JSON readers round 64-bit integers. Secrets do not convert.
class Field {
public:
    using Value = std::variant<std::int64_t, std::uint64_t, double, bool, std::string>;

    Field(std::string_view name, bool value) : name_{name}, value_{value} {}
    Field(std::string_view name, std::signed_integral auto value)
        : name_{name}, value_{std::int64_t{value}} {}
    Field(std::string_view name, std::unsigned_integral auto value)
        requires(!std::same_as<decltype(value), bool>)
        : name_{name}, value_{std::uint64_t{value}} {}
    Field(std::string_view name, std::floating_point auto value)
        : name_{name}, value_{static_cast<double>(value)} {}
    Field(std::string_view name, std::string_view value) : name_{name}, value_{std::string{value}} {}
    Field(std::string_view name, const std::string& value) : name_{name}, value_{value} {}
    Field(std::string_view name, const char* value) : name_{name}, value_{std::string{value}} {}
    template <class Id>
        requires requires(const Id& id) {
            { id.value() } -> std::same_as<std::uint64_t>;
        }
    Field(std::string_view name, const Id& id) : name_{name}, value_{std::to_string(id.value())} {}

    std::string_view name() const { return name_; }
    const Value& value() const { return value_; }

private:
    std::string_view name_;
    Value value_;
};

using Fields = std::initializer_list<Field>;

/// Writes one JSON object a line to stderr: time, level, service, event, then the fields. Thread-safe; a copy
/// writes to the same sink. An event is a constant snake_case name; what varies goes into fields.
/// Text of the outside world is escaped and cut at 4 KiB a field.
class Log {
public:
    void debug(std::string_view event, Fields fields = {}) const { write(Level::debug, event, fields); }
    void info(std::string_view event, Fields fields = {}) const { write(Level::info, event, fields); }
    void warn(std::string_view event, Fields fields = {}) const { write(Level::warn, event, fields); }
    void error(std::string_view event, Fields fields = {}) const { write(Level::error, event, fields); }
    void write(Level level, std::string_view event, Fields fields) const;

    struct Sink;
    explicit Log(std::shared_ptr<Sink> sink) : sink_{std::move(sink)} {}

private:
    std::shared_ptr<Sink> sink_;
};

}  // namespace bandstand::observe
