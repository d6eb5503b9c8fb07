#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "observe/metrics.hpp"

namespace bandstand::gateway {

/// How fast people hear that we heard them, and what became of what they asked.
class InteractionMetrics {
public:
    explicit InteractionMetrics(observe::Metrics& metrics);

    /// From the event's arrival to the moment when its answer was handed to the HTTP client.
    void answer_sent(base::Duration after) const { sent_.observe(seconds(after)); }
    /// From the event's arrival until Discord had confirmed the answer.
    void answer_confirmed(base::Duration after) const { confirmed_.observe(seconds(after)); }
    /// `outcome`: "accepted", "refused", "helped", "completed", "not_acknowledged", "not_published",
    /// "too_many".
    void count(std::string_view command, std::string_view outcome) const;

private:
    static double seconds(base::Duration time) { return std::chrono::duration<double>{time}.count(); }

    observe::Metrics& metrics_;
    observe::Histogram sent_;
    observe::Histogram confirmed_;
};

}  // namespace bandstand::gateway
