#pragma once

#include <chrono>

namespace bandstand::base {

using Duration = std::chrono::nanoseconds;
/// For deadlines and pacing: never goes back.
using Instant = std::chrono::time_point<std::chrono::steady_clock, Duration>;
/// For people and other machines: UTC.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

/// Where time comes from. Decisions take `now` as a value; only drivers hold a clock.
class Clock {
public:
    virtual ~Clock() = default;
    virtual Instant now() const = 0;
    virtual WallTime wall_now() const = 0;
};

/// The machine's clock. One instance for the process.
const Clock& system_clock();

}  // namespace bandstand::base
