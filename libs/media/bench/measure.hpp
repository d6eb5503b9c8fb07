#pragma once

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <fstream>
#include <string>

#include "audio_core/stream_stats.hpp"
#include "base/clock.hpp"

namespace bandstand::bench {

using audio_core::LatenessHistogram;

inline base::Instant now() {
    return base::system_clock().now();
}

inline base::Duration cpu_of(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}
inline base::Duration process_cpu() {
    return cpu_of(CLOCK_PROCESS_CPUTIME_ID);
}

inline std::size_t resident_bytes() {
    std::size_t total = 0;
    std::size_t resident = 0;
    std::ifstream{"/proc/self/statm"} >> total >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

inline LatenessHistogram::Buckets operator-(LatenessHistogram::Buckets a,
                                            const LatenessHistogram::Buckets& b) {
    std::ranges::transform(a, b, a.begin(), std::minus{});
    return a;
}
inline void add(LatenessHistogram::Buckets& to, const LatenessHistogram::Buckets& from) {
    std::ranges::transform(to, from, to.begin(), std::plus{});
}
inline double quantile_us(const LatenessHistogram::Buckets& buckets, double quantile) {
    return static_cast<double>(audio_core::lateness_quantile(buckets, quantile).count()) / 1000;
}

/// What one loop did with `streams` streams in `wall` of time.
struct Run {
    std::size_t streams = 0;
    base::Duration wall{};
    base::Duration send_cpu{};
    base::Duration process_cpu{};
    std::uint64_t packets = 0;
    std::uint64_t gaps = 0;  ///< underruns and given-up time
    double missing_s = 0;    ///< stream-seconds without music
    double resident_bytes_per_stream = 0;
    LatenessHistogram::Buckets lateness{};

    double percent_per_stream(base::Duration cpu) const {
        return 100.0 * static_cast<double>(cpu.count()) / static_cast<double>(wall.count()) /
               static_cast<double>(streams);
    }
    double core_percent(base::Duration cpu) const {
        return percent_per_stream(cpu) * static_cast<double>(streams);
    }
};

inline std::string cpu_model() {
    std::ifstream info{"/proc/cpuinfo"};
    for (std::string line; std::getline(info, line);) {
        if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
    }
    return "unknown";
}

}  // namespace bandstand::bench
