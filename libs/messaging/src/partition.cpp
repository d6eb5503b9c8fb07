#include <cstdint>

#include "base/assert.hpp"
#include "messaging/bus.hpp"

namespace bandstand::messaging {
namespace {

// Austin Appleby's MurmurHash2 with the seed of Kafka's default partitioner
// (org.apache.kafka.common.utils.Utils.murmur2).
std::uint32_t murmur2(std::string_view data) {
    constexpr std::uint32_t kMix = 0x5bd1e995U;
    const auto byte = [&](std::size_t at) { return std::uint32_t{static_cast<unsigned char>(data[at])}; };
    auto hash = 0x9747b28cU ^ static_cast<std::uint32_t>(data.size());
    std::size_t at = 0;
    for (; at + 4 <= data.size(); at += 4) {
        auto k = byte(at) | byte(at + 1) << 8U | byte(at + 2) << 16U | byte(at + 3) << 24U;
        k *= kMix;
        k ^= k >> 24U;
        hash = (hash * kMix) ^ (k * kMix);
    }
    const auto left = data.size() - at;
    if (left >= 3) hash ^= byte(at + 2) << 16U;
    if (left >= 2) hash ^= byte(at + 1) << 8U;
    if (left >= 1) hash = (hash ^ byte(at)) * kMix;
    hash = (hash ^ (hash >> 13U)) * kMix;
    return hash ^ (hash >> 15U);
}

}  // namespace

int partition_of(std::string_view key, int partitions) {
    BASE_ASSERT(partitions > 0);
    return static_cast<int>((murmur2(key) & 0x7fffffffU) % static_cast<std::uint32_t>(partitions));
}

}  // namespace bandstand::messaging
