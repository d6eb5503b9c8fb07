#include "retry.hpp"

#include <algorithm>

namespace bandstand::messaging {

base::Duration delay_before(const RetryPolicy& policy, int next_attempt) {
    auto delay = policy.first_delay;
    for (int attempt = 2; attempt < next_attempt && delay < policy.max_delay; ++attempt) delay *= 2;
    return std::min(delay, policy.max_delay);
}

bool worth_waiting_for(base::ErrorKind kind) {
    using enum base::ErrorKind;
    return kind == unavailable || kind == deadline_exceeded || kind == resource_exhausted ||
           kind == conflict || kind == cancelled;
}

}  // namespace bandstand::messaging
