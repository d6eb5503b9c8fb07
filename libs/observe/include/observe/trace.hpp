#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace bandstand::observe {

/// One timed step of a request. Ends when destroyed. Movable, one owner, any thread.
class Span {
public:
    struct State;
    explicit Span(std::unique_ptr<State> state);
    Span(Span&&) noexcept;
    Span& operator=(Span&&) noexcept;
    ~Span();

    void set(std::string_view attribute, std::string_view value);
    void set(std::string_view attribute, std::int64_t value);
    /// Marks the step as failed.
    void fail(std::string_view reason);
    /// W3C Trace Context of this step, to send on; empty when tracing is off.
    std::string traceparent() const;

private:
    std::unique_ptr<State> state_;
};

/// Starts spans. With no OTLP endpoint configured a span costs a branch and exports nothing.
class Tracer {
public:
    struct State;
    explicit Tracer(std::shared_ptr<State> state) : state_{std::move(state)} {}
    /// `parent` is a traceparent from a message, a header or a Span; empty or malformed starts a new trace.
    Span start(std::string_view name, std::string_view parent = {}) const;

private:
    std::shared_ptr<State> state_;
};

}  // namespace bandstand::observe
