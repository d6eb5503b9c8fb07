#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <iostream>

namespace bandstand::bench {

[[noreturn]] inline void die(const char* what) {
    std::cerr << what << ": " << std::strerror(errno) << '\n';
    std::exit(1);
}

/// Where packets go: a few bound sockets on loopback that nobody reads. The kernel drops what does not fit,
/// inside the sender's system call, so both loops pay for the receiving side.
class Sinks {
public:
    Sinks() {
        for (std::size_t i = 0; i < kSinks; ++i) {
            fds_[i] = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
            sockaddr_in any{};
            any.sin_family = AF_INET;
            any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            if (::bind(fds_[i], reinterpret_cast<sockaddr*>(&any), sizeof any) != 0) die("bind");
            socklen_t size = sizeof any;
            ::getsockname(fds_[i], reinterpret_cast<sockaddr*>(&addresses_[i]), &size);
        }
    }
    ~Sinks() {
        for (const int fd : fds_) ::close(fd);
    }
    Sinks(const Sinks&) = delete;
    Sinks& operator=(const Sinks&) = delete;

    /// A socket connected to one of them; the caller closes it.
    int connect(std::size_t stream) const {
        const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0) die("socket");
        const auto& address = addresses_[stream % kSinks];
        if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) die("connect");
        return fd;
    }

private:
    static constexpr std::size_t kSinks = 64;
    std::array<int, kSinks> fds_{};
    std::array<sockaddr_in, kSinks> addresses_{};
};

inline void allow_many_files() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace bandstand::bench
