#include "adapters/playback_consumer.hpp"

#include <utility>

#include "adapters/playback_codec.hpp"

namespace bandstand::gateway {

runtime::Task<base::Result<void>> PlaybackConsumer::handle(messaging::Delivery delivery) {
    auto fact = parse_playback(delivery.payload);
    if (!fact) co_return std::unexpected(std::move(fact).error());
    co_return co_await desk_.show(*std::move(fact));
}

}  // namespace bandstand::gateway
