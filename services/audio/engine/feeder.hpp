#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/line.hpp"
#include "runtime/offload.hpp"

namespace bandstand::audio {

/// Looks after all lines every 20 ms, whatever the loop is doing, so that a busy loop is not heard. Sleeps
/// while there is no line. The work itself is done by two pools: encoding must never wait behind a read, and
/// a read may wait for a disk or for a stranger's server.
class Feeder {
public:
    explicit Feeder(std::size_t decoder_threads);
    ~Feeder();
    Feeder(const Feeder&) = delete;
    Feeder& operator=(const Feeder&) = delete;

    runtime::ThreadPool& encoders() { return encoders_; }
    runtime::ThreadPool& readers() { return readers_; }
    void add(std::shared_ptr<Line> line);
    void remove(const Line& line);

private:
    void run(const std::stop_token& stop);

    runtime::ThreadPool encoders_;
    runtime::ThreadPool readers_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::vector<std::shared_ptr<Line>> lines_;
    std::jthread thread_;  // last: it uses the others
};

}  // namespace bandstand::audio
