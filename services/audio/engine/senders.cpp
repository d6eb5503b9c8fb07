#include "engine/senders.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace bandstand::audio {
namespace {

// 180 ms of the greatest packets fit four times.
constexpr std::size_t kRingBytes = 16 * 1024;

}  // namespace

Senders::Stream::Stream(Senders& senders, std::size_t thread, std::unique_ptr<audio_core::SendStream> sending,
                        OnEvent on_event)
    : senders_{senders}, thread_{thread}, sending_{std::move(sending)}, on_event_{std::move(on_event)} {
    senders_.threads_[thread_].streams.push_back(this);
}

Senders::Stream::~Stream() {
    std::erase(senders_.threads_[thread_].streams, this);
}

base::Result<std::unique_ptr<Senders>> Senders::start(std::size_t threads) {
    auto senders = std::make_unique<Senders>();
    for (std::size_t i = 0; i < threads; ++i) {
        auto sender =
            audio_core::SendThread::start({.pacer = {}, .ring_bytes = kRingBytes, .realtime = true});
        if (!sender) return std::unexpected(std::move(sender).error().during("start send thread"));
        senders->threads_.push_back({std::move(*sender)});
    }
    return senders;
}

base::Result<std::unique_ptr<Senders::Stream>> Senders::add(audio_core::Transport transport,
                                                            OnEvent on_event) {
    const auto quietest =
        std::ranges::min_element(threads_, {}, [](const Thread& thread) { return thread.streams.size(); });
    auto sending = quietest->sender->add(std::move(transport));
    if (!sending) return std::unexpected(std::move(sending).error());
    const auto index = static_cast<std::size_t>(quietest - threads_.begin());
    return std::unique_ptr<Stream>{new Stream{*this, index, std::move(*sending), std::move(on_event)}};
}

runtime::Task<base::Result<void>> Senders::deliver(std::size_t index) {
    auto& thread = threads_[index];
    // A duplicate: the descriptor object closes what it holds.
    asio::posix::stream_descriptor ready{co_await asio::this_coro::executor,
                                         ::dup(thread.sender->events_fd())};
    for (;;) {
        co_await ready.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
        thread.sender->acknowledge_events();
        for (auto* stream : thread.streams) {
            while (const auto event = (*stream)->next_event()) stream->on_event_(*event);
        }
    }
}

}  // namespace bandstand::audio
