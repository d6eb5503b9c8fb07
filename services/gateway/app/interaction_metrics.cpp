#include "app/interaction_metrics.hpp"

#include <vector>

namespace bandstand::gateway {
namespace {

const std::vector<double> kBounds{0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 3};
constexpr const char* kHelp =
    "From receiving an interaction until its first answer was sent, or confirmed by Discord";

}  // namespace

InteractionMetrics::InteractionMetrics(observe::Metrics& metrics)
    : metrics_{metrics},
      sent_{metrics.histogram("gateway_interaction_ack_seconds", kHelp, kBounds, {{"stage", "sent"}})},
      confirmed_{
          metrics.histogram("gateway_interaction_ack_seconds", kHelp, kBounds, {{"stage", "confirmed"}})} {}

void InteractionMetrics::count(std::string_view command, std::string_view outcome) const {
    metrics_
        .counter("gateway_interactions_total", "Interactions by command and outcome",
                 {{"command", std::string{command}}, {"outcome", std::string{outcome}}})
        .increment();
}

}  // namespace bandstand::gateway
