#include "app/signal_post.hpp"

#include <algorithm>
#include <utility>

namespace bandstand::gateway {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostWaiting = 20'000;
constexpr std::size_t kBatch = 200;
constexpr base::Duration kFirstRetry = 50ms;
constexpr base::Duration kLastRetry = 2s;

}  // namespace

SignalPost::SignalPost(runtime::Context context, ports::PlayerInbox& inbox)
    : context_{std::move(context)},
      inbox_{inbox},
      queue_{context_.loop(), kMostWaiting},
      lost_{context_.observer().metrics().counter(
          "gateway_signals_lost_total", "Voice signalling dropped because the bus was away for too long")} {}

void SignalPost::send(domain::AddressedSignal signal) {
    if (!queue_.push(std::move(signal))) lost_.increment();
}

runtime::Task<base::Result<void>> SignalPost::run() {
    for (;;) {
        auto first = co_await queue_.pop();
        if (!first) co_return base::ok();
        std::vector<domain::AddressedSignal> batch;
        batch.push_back(*std::move(first));
        while (batch.size() < kBatch) {
            auto next = queue_.try_pop();
            if (!next) break;
            batch.push_back(*std::move(next));
        }
        co_await publish(std::move(batch));
    }
}

runtime::Task<void> SignalPost::publish(std::vector<domain::AddressedSignal> batch) {
    for (auto pause = kFirstRetry;; pause = std::min(pause * 2, kLastRetry)) {
        auto sent = co_await inbox_.send(batch);
        if (sent) co_return;
        context_.observer().log().warn("signals_not_published",
                                       {{"count", batch.size()}, {"detail", sent.error().describe()}});
        if (sent.error().kind() == base::ErrorKind::invalid_argument) {  // it would never be taken
            lost_.increment(static_cast<double>(batch.size()));
            co_return;
        }
        co_await runtime::sleep_for(pause);
    }
}

}  // namespace bandstand::gateway
