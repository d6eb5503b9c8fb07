#include <algorithm>

#include "discord/shard_manager.hpp"

namespace bandstand::discord {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kBetweenIdentifies = 5'200ms;  // Discord's 5 s, and slack for its clock
constexpr std::uint32_t kLeastReserve = 5;
constexpr base::Duration kBudgetPeriod = 24h;

}  // namespace

std::uint32_t shard_of(GuildId guild, std::uint32_t shard_count) {
    return static_cast<std::uint32_t>((guild.value() >> 22U) % shard_count);
}

IdentifyDispenser::IdentifyDispenser(SessionStartLimit limit, std::uint32_t shard_count, base::Instant now)
    : limit_{limit},
      reserve_{std::max(shard_count, kLeastReserve)},
      remaining_{limit.remaining},
      resets_at_{now + limit.reset_after} {
    limit_.max_concurrency = std::max(limit_.max_concurrency, 1U);
}

void IdentifyDispenser::request(std::uint32_t shard_id) {
    const auto where = std::ranges::lower_bound(waiting_, shard_id);
    if (where == waiting_.end() || *where != shard_id) waiting_.insert(where, shard_id);
}

std::vector<std::uint32_t> IdentifyDispenser::grant(base::Instant now) {
    if (now >= resets_at_) {
        remaining_ = std::max(remaining_, limit_.total);
        resets_at_ = now + kBudgetPeriod;
    }
    std::vector<std::uint32_t> granted;
    std::erase_if(waiting_, [&](std::uint32_t shard_id) {
        auto& free_at = bucket_free_at_[shard_id % limit_.max_concurrency];
        if (remaining_ <= reserve_ || now < free_at) return false;
        free_at = now + kBetweenIdentifies;
        --remaining_;
        granted.push_back(shard_id);
        return true;
    });
    return granted;
}

std::optional<base::Instant> IdentifyDispenser::next_wakeup(base::Instant now) const {
    if (waiting_.empty()) return std::nullopt;
    if (remaining_ <= reserve_) return std::max(now, resets_at_);
    auto earliest = base::Instant::max();
    for (const auto shard_id : waiting_) {
        const auto bucket = bucket_free_at_.find(shard_id % limit_.max_concurrency);
        earliest = std::min(earliest, bucket == bucket_free_at_.end() ? now : std::max(now, bucket->second));
    }
    return earliest;
}

}  // namespace bandstand::discord
