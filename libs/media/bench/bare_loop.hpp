#pragma once

#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <thread>
#include <vector>

#include "loopback.hpp"
#include "measure.hpp"

namespace bandstand::bench {

/// The least that sends one packet per stream every 20 ms: ready-made bytes, one send(), nothing else. What a
/// send thread is held against.
inline Run bare_loop(const Sinks& sinks, std::size_t streams, std::size_t packet_bytes, bool realtime,
                     base::Duration wall) {
    constexpr int kSlots = 20;
    constexpr std::chrono::milliseconds kSlot{1};
    std::vector<int> sockets;
    for (std::size_t i = 0; i < streams; ++i) sockets.push_back(sinks.connect(i));
    const std::vector<char> packet(packet_bytes, 'x');
    LatenessHistogram lateness;
    Run run{.streams = streams};

    std::thread loop{[&] {
        prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
        const sched_param priority{.sched_priority = 1};
        if (realtime) pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority);
        const auto cpu_before = cpu_of(CLOCK_THREAD_CPUTIME_ID);
        const auto start = now();
        const auto slots = wall / kSlot;
        for (std::int64_t slot = 0; slot < slots; ++slot) {
            const auto deadline = start + slot * kSlot;
            const auto since_epoch = deadline.time_since_epoch();
            const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_epoch);
            const timespec until{seconds.count(), (since_epoch - seconds).count()};
            while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
            }
            for (auto i = static_cast<std::size_t>(slot % kSlots); i < streams; i += kSlots) {
                if (::send(sockets[i], packet.data(), packet.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
                    ++run.packets;
                lateness.record(now() - deadline);
            }
        }
        run.wall = now() - start;
        run.send_cpu = cpu_of(CLOCK_THREAD_CPUTIME_ID) - cpu_before;
    }};
    loop.join();
    for (const int fd : sockets) ::close(fd);
    run.lateness = lateness.buckets();
    return run;
}

}  // namespace bandstand::bench
