#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "audio_core/send_thread.hpp"
#include "runtime/context.hpp"
#include "runtime/task.hpp"

namespace bandstand::audio {

/// The send threads of the process, and their events brought to the loop. Loop thread only.
class Senders {
public:
    using OnEvent = std::function<void(const audio_core::StreamEvent&)>;

    /// A stream on the thread with the fewest. Its events come until it is destroyed.
    class Stream {
    public:
        ~Stream();
        Stream(const Stream&) = delete;
        Stream& operator=(const Stream&) = delete;
        audio_core::SendStream& operator*() const { return *sending_; }
        audio_core::SendStream* operator->() const { return sending_.get(); }

    private:
        friend class Senders;
        Stream(Senders& senders, std::size_t thread, std::unique_ptr<audio_core::SendStream> sending,
               OnEvent on_event);
        Senders& senders_;
        std::size_t thread_;
        std::unique_ptr<audio_core::SendStream> sending_;
        OnEvent on_event_;
    };

    static base::Result<std::unique_ptr<Senders>> start(std::size_t threads);

    /// `on_event` must not destroy a stream.
    base::Result<std::unique_ptr<Stream>> add(audio_core::Transport transport, OnEvent on_event);
    std::size_t threads() const { return threads_.size(); }
    /// Delivers the events of one thread until stopped.
    runtime::Task<base::Result<void>> deliver(std::size_t thread);

private:
    struct Thread {
        std::unique_ptr<audio_core::SendThread> sender;
        std::vector<Stream*> streams{};
    };
    std::vector<Thread> threads_;
};

}  // namespace bandstand::audio
