#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bandstand::observe {

using Labels = std::vector<std::pair<std::string, std::string>>;

/// Handles on series of the process's Prometheus registry: cheap to copy, thread-safe, lock-free to update,
/// valid as long as the Metrics they came from.
class Counter {
public:
    void increment(double by = 1.0) const;
    explicit Counter(void* series) : series_{series} {}

private:
    void* series_;
};
class Gauge {
public:
    void set(double value) const;
    void add(double by) const;
    explicit Gauge(void* series) : series_{series} {}

private:
    void* series_;
};
class Histogram {
public:
    void observe(double value) const;
    explicit Histogram(void* series) : series_{series} {}

private:
    void* series_;
};

/// `<service>_<noun>_<unit>`, base units, `_total` for counters; labels whose values you could list on a
/// napkin. Asking again for the same name and labels gives the same series.
class Metrics {
public:
    Metrics();
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    Counter counter(const std::string& name, const std::string& help, const Labels& labels = {});
    Gauge gauge(const std::string& name, const std::string& help, const Labels& labels = {});
    /// `bounds` are the ascending upper bounds of the buckets, without +Inf.
    Histogram histogram(const std::string& name, const std::string& help, std::vector<double> bounds,
                        const Labels& labels = {});
    /// The exposition format (text/plain; version=0.0.4) of /metrics.
    std::string expose() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace bandstand::observe
