#pragma once

#include "base/clock.hpp"

namespace bandstand::testing {

/// A clock that stands still until it is told otherwise. Both clocks advance together.
class ManualClock final : public base::Clock {
public:
    /// Starts at a time that a person recognises in output: 2026-01-01 00:00:00 UTC.
    static constexpr base::WallTime kStart{std::chrono::seconds{1'767'225'600}};

    base::Instant now() const override { return now_; }
    base::WallTime wall_now() const override { return wall_; }

    void advance(base::Duration by) {
        now_ += by;
        wall_ += by;
    }
    /// Moves only the wall clock, as NTP or an operator would.
    void jump_wall(base::Duration by) { wall_ += by; }

private:
    base::Instant now_{std::chrono::hours{1}};
    base::WallTime wall_{kStart};
};

}  // namespace bandstand::testing
