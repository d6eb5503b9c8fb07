#include "engine/feeder.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace bandstand::audio {
namespace {

constexpr std::chrono::milliseconds kRound{20};
constexpr std::size_t kReaderThreads = 32;  // they wait more than they work

}  // namespace

Feeder::Feeder(std::size_t decoder_threads)
    : encoders_{decoder_threads},
      readers_{kReaderThreads},
      thread_{[this](const std::stop_token& stop) { run(stop); }} {}

Feeder::~Feeder() {
    thread_.request_stop();
    thread_.join();
    readers_.join();
    encoders_.join();
}

void Feeder::add(std::shared_ptr<Line> line) {
    const std::scoped_lock lock{mutex_};
    lines_.push_back(std::move(line));
    changed_.notify_all();
}

void Feeder::remove(const Line& line) {
    const std::scoped_lock lock{mutex_};
    std::erase_if(lines_, [&](const auto& held) { return held.get() == &line; });
}

void Feeder::run(const std::stop_token& stop) {
    std::unique_lock lock{mutex_};
    while (!stop.stop_requested()) {
        changed_.wait(lock, stop, [this] { return !lines_.empty(); });
        for (const auto& line : lines_) line->schedule();
        changed_.wait_for(lock, stop, kRound, [] { return false; });
    }
}

}  // namespace bandstand::audio
