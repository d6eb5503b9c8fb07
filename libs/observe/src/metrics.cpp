#include "observe/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <stdexcept>

#include "base/assert.hpp"

namespace bandstand::observe {
namespace {

// prometheus-cpp throws on a bad name, on a name that already has another type and on unsorted bounds. Names
// and bounds are constants of our code, so that is a bug.
template <class Make>
void* series_of(const std::string& name, Make make) {
    try {
        return &make();
    } catch (const std::invalid_argument& error) {
        base::assertion_failed((name + ": " + error.what()).c_str(), __FILE__, __LINE__);
    }
}

prometheus::Labels to_prometheus(const Labels& labels) {
    return {labels.begin(), labels.end()};
}

}  // namespace

void Counter::increment(double by) const {
    static_cast<prometheus::Counter*>(series_)->Increment(by);
}
void Gauge::set(double value) const {
    static_cast<prometheus::Gauge*>(series_)->Set(value);
}
void Gauge::add(double by) const {
    static_cast<prometheus::Gauge*>(series_)->Increment(by);
}
void Histogram::observe(double value) const {
    static_cast<prometheus::Histogram*>(series_)->Observe(value);
}

struct Metrics::State {
    prometheus::Registry registry;
};

Metrics::Metrics() : state_{std::make_unique<State>()} {}
Metrics::~Metrics() = default;

Counter Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
    return Counter{series_of(name, [&]() -> auto& {
        auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(state_->registry);
        return family.Add(to_prometheus(labels));
    })};
}

Gauge Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
    return Gauge{series_of(name, [&]() -> auto& {
        auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(state_->registry);
        return family.Add(to_prometheus(labels));
    })};
}

Histogram Metrics::histogram(const std::string& name, const std::string& help, std::vector<double> bounds,
                             const Labels& labels) {
    return Histogram{series_of(name, [&]() -> auto& {
        auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(state_->registry);
        return family.Add(to_prometheus(labels), bounds);
    })};
}

std::string Metrics::expose() const {
    return prometheus::TextSerializer{}.Serialize(state_->registry.Collect());
}

}  // namespace bandstand::observe
