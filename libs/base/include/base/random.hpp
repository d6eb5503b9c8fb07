#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "base/bytes.hpp"
#include "base/clock.hpp"

namespace bandstand::base {

/// xoshiro256**: fast, seedable, NOT for secrets. The same seed gives the same numbers everywhere, so a
/// simulation is reproduced from one printed number. Satisfies UniformRandomBitGenerator.
class Random {
public:
    using result_type = std::uint64_t;
    explicit Random(std::uint64_t seed);
    static constexpr result_type min() { return 0; }
    static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }
    result_type operator()();
    /// Uniform in [0, bound); bound > 0.
    std::uint64_t below(std::uint64_t bound);
    /// Uniform in [0, 1).
    double unit();

private:
    std::uint64_t state_[4];
};

/// A seed from the operating system.
std::uint64_t random_seed();
/// Fills `out` from the operating system's generator (getrandom): fit for keys and tokens.
void fill_random(MutableBytes out);
/// RFC 9562 UUID version 7, lower case with dashes: sortable by time, 74 random bits.
std::string make_uuid(WallTime now);

}  // namespace bandstand::base
