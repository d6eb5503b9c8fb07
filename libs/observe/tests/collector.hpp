#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace bandstand::observe {

/// A listening loopback socket that nobody accepts from: a collector that takes a connection and never
/// answers.
class SilentCollector {
public:
    SilentCollector() : listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
        ::listen(listener_, 8);
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
    }
    ~SilentCollector() { ::close(listener_); }
    SilentCollector(const SilentCollector&) = delete;
    SilentCollector& operator=(const SilentCollector&) = delete;

    std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(port_); }

protected:
    int listener_;

private:
    int port_ = 0;
};

/// An OTLP collector for tests: takes HTTP requests, one after the other, and answers 200.
class Collector : public SilentCollector {
public:
    Collector() : thread_{[this] { serve(); }} {}
    ~Collector() {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
    }
    Collector(const Collector&) = delete;
    Collector& operator=(const Collector&) = delete;

    /// Everything received so far, heads and bodies.
    std::string received() {
        const std::scoped_lock lock{mutex_};
        return received_;
    }

private:
    void serve() {
        for (int peer = 0; (peer = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(peer)) answer(peer);
    }
    void answer(int peer) {
        std::string request;
        std::array<char, 4096> piece{};
        for (ssize_t got = 0; !is_whole(request) && (got = ::read(peer, piece.data(), piece.size())) > 0;) {
            request.append(piece.data(), static_cast<std::size_t>(got));
        }
        {
            const std::scoped_lock lock{mutex_};
            received_ += request;
        }
        constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        [[maybe_unused]] const auto sent = ::send(peer, kOk.data(), kOk.size(), MSG_NOSIGNAL);
    }
    static bool is_whole(std::string_view request) {
        const auto head = request.find("\r\n\r\n");
        if (head == std::string_view::npos) return false;
        constexpr std::string_view kLength = "Content-Length: ";
        const auto at = request.find(kLength);
        std::size_t length = 0;
        if (at < head) std::from_chars(request.data() + at + kLength.size(), request.data() + head, length);
        return request.size() >= head + 4 + length;
    }

    std::mutex mutex_;
    std::string received_;
    std::thread thread_;  // last: it uses the others
};

}  // namespace bandstand::observe
