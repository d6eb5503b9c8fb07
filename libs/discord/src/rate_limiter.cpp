#include "discord/rate_limiter.hpp"

#include <algorithm>
#include <utility>

namespace bandstand::discord {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kGlobalWindow = 1s;
constexpr base::Duration kInvalidWindow = 10min;
constexpr base::Duration kAfter429 = 50ms;        // on top of retry_after: clocks differ
constexpr base::Duration kUnknownReset = 1s;      // remaining 0 without a reset: look again soon
constexpr base::Duration kCloudflarePause = 60s;  // without Retry-After
constexpr base::Duration kTokenLife = 15min;      // of an interaction
constexpr std::size_t kKeptBuckets = 1'000;

std::string joined(const std::string& left, const std::string& right) {
    return left + '|' + right;
}

}  // namespace

std::string RateLimiter::bucket_of(const std::string& route, const std::string& major) const {
    const auto hash = hash_of_route_.find(route);
    return joined(hash == hash_of_route_.end() ? route : hash->second, major);
}

base::Result<TicketId> RateLimiter::enqueue(const Route& route, base::Instant now) {
    forget_idle(now);
    if (route.interaction) {
        if (dead_webhooks_.contains(route.major)) {
            return base::fail(base::ErrorKind::not_found, kWebhookGone,
                              "the interaction's token is no longer valid");
        }
    } else if (token_refused_) {
        return base::fail(base::ErrorKind::unauthenticated, kTokenRefused,
                          "Discord answered 401 to this token");
    } else if (invalid_requests(now) >= options_.invalid_refusal) {
        return base::fail(base::ErrorKind::resource_exhausted, kTooManyInvalid, invalid_requests(now),
                          "answers of 401, 403 or 429 in 10 minutes");
    }
    Ticket ticket{.route = route.method + ' ' + route.path_template, .major = route.major, .bucket = {}};
    ticket.interaction = route.interaction;
    ticket.bucket = bucket_of(ticket.route, ticket.major);
    ++buckets_[ticket.bucket].tickets;
    const auto id = next_ticket_++;
    tickets_.emplace(id, std::move(ticket));
    return id;
}

base::Instant RateLimiter::global_opens_at(base::Instant now) const {
    if (global_blocked_until_ > now) return global_blocked_until_;
    if (global_sent_.size() < options_.global_per_second) return now;
    return global_sent_[global_sent_.size() - options_.global_per_second] + kGlobalWindow;
}

std::optional<base::Instant> RateLimiter::opens_at(const Ticket& ticket, base::Instant now) const {
    auto opens = std::max(now, everything_blocked_until_);
    if (!ticket.interaction) opens = std::max(opens, global_opens_at(now));
    const auto kind = blocked_kinds_.find(joined(ticket.route, ticket.major));
    if (kind != blocked_kinds_.end()) opens = std::max(opens, kind->second);
    const auto& bucket = buckets_.at(ticket.bucket);
    if (bucket.blocked_until) opens = std::max(opens, *bucket.blocked_until);
    if (!bucket.discovered) return bucket.in_flight == 0 ? std::optional{opens} : std::nullopt;
    if (bucket.unlimited || bucket.remaining > 0) return opens;
    return std::max(opens, bucket.reset_at.value_or(now));
}

std::vector<TicketId> RateLimiter::release(base::Instant now) {
    while (!global_sent_.empty() && now - global_sent_.front() >= kGlobalWindow) global_sent_.pop_front();
    std::erase_if(blocked_kinds_, [now](const auto& entry) { return entry.second <= now; });
    std::vector<TicketId> released;
    for (auto& [id, ticket] : tickets_) {
        if (ticket.released) continue;
        const auto opens = opens_at(ticket, now);
        if (!opens || *opens > now) continue;
        let_go(ticket, now);
        released.push_back(id);
    }
    return released;
}

void RateLimiter::let_go(Ticket& ticket, base::Instant now) {
    auto& bucket = buckets_.at(ticket.bucket);
    if (bucket.reset_at && *bucket.reset_at <= now) {
        bucket.reset_at.reset();
        bucket.remaining = bucket.limit;
    }
    if (bucket.discovered && !bucket.unlimited && bucket.remaining > 0) --bucket.remaining;
    ++bucket.in_flight;
    ticket.released = true;
    if (!ticket.interaction) global_sent_.push_back(now);
}

void RateLimiter::on_answer(TicketId id, const LimitHeaders& answer, base::Instant now) {
    const auto found = tickets_.find(id);
    if (found == tickets_.end()) return;
    auto& ticket = found->second;
    count_invalid(answer, now);
    learn(ticket, answer, now);
    if (answer.status == 429) on_429(ticket, answer, now);
    if (answer.status == 401 && !ticket.interaction) token_refused_ = true;
    if (answer.unknown_webhook && ticket.interaction) dead_webhooks_[ticket.major] = now;
    finish(id);
}

void RateLimiter::on_failure(TicketId id, base::Instant) {
    finish(id);
}

void RateLimiter::finish(TicketId id) {
    const auto found = tickets_.find(id);
    if (found == tickets_.end()) return;
    auto& bucket = buckets_.at(found->second.bucket);
    --bucket.tickets;
    if (found->second.released) --bucket.in_flight;
    tickets_.erase(found);
}

void RateLimiter::learn(Ticket& ticket, const LimitHeaders& answer, base::Instant now) {
    const bool success = answer.status >= 200 && answer.status < 300;
    if (!answer.bucket || !answer.remaining) {
        auto& bucket = buckets_.at(ticket.bucket);
        // A 5xx or a proxy's answer says nothing about the route; a success without headers says "no limit".
        if (success && !bucket.discovered) bucket.discovered = bucket.unlimited = true;
        return;
    }
    hash_of_route_[ticket.route] = *answer.bucket;
    const auto to = joined(*answer.bucket, ticket.major);
    if (to != ticket.bucket) move_to_bucket(std::string{ticket.bucket}, to);
    auto& bucket = buckets_.at(to);
    const auto reset_at = now + answer.reset_after.value_or(kUnknownReset);
    const auto others = bucket.in_flight - 1;
    const bool same_window = bucket.discovered && bucket.reset_at && *bucket.reset_at > now;
    bucket.remaining = same_window ? std::min(bucket.remaining, *answer.remaining)
                                   : *answer.remaining - std::min(others, *answer.remaining);
    bucket.limit = std::max(answer.limit.value_or(1), 1U);
    bucket.reset_at = reset_at;
    bucket.discovered = true;
    bucket.unlimited = false;
}

// What waits for the route's provisional bucket belongs to the real one.
void RateLimiter::move_to_bucket(const std::string& from, const std::string& to) {
    const auto moved = buckets_.extract(from).mapped();
    auto& bucket = buckets_[to];
    bucket.tickets += moved.tickets;
    bucket.in_flight += moved.in_flight;
    for (auto& [id, ticket] : tickets_) {
        if (ticket.bucket == from) ticket.bucket = to;
    }
}

void RateLimiter::on_429(const Ticket& ticket, const LimitHeaders& answer, base::Instant now) {
    if (!answer.from_discord) {
        everything_blocked_until_ = now + answer.retry_after.value_or(kCloudflarePause);
        return;
    }
    const auto until = now + answer.retry_after.value_or(kUnknownReset) + kAfter429;
    if (answer.global) {
        global_blocked_until_ = until;
    } else if (answer.remaining.value_or(0) > 0) {
        blocked_kinds_[joined(ticket.route, ticket.major)] = until;
    } else {
        buckets_.at(ticket.bucket).blocked_until = until;
    }
}

void RateLimiter::count_invalid(const LimitHeaders& answer, base::Instant now) {
    const bool invalid =
        answer.status == 401 || answer.status == 403 || (answer.status == 429 && !answer.shared);
    if (invalid) invalid_.push_back(now);
    while (!invalid_.empty() && now - invalid_.front() >= kInvalidWindow) invalid_.pop_front();
}

std::size_t RateLimiter::invalid_requests(base::Instant now) const {
    return static_cast<std::size_t>(invalid_.end() -
                                    std::ranges::upper_bound(invalid_, now - kInvalidWindow));
}

std::size_t RateLimiter::waiting() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(tickets_, [](const auto& entry) { return !entry.second.released; }));
}

std::optional<base::Instant> RateLimiter::next_wakeup(base::Instant now) const {
    std::optional<base::Instant> earliest;
    for (const auto& [id, ticket] : tickets_) {
        if (ticket.released) continue;
        const auto opens = opens_at(ticket, now);
        if (opens && (!earliest || *opens < *earliest)) earliest = opens;
    }
    return earliest;
}

// Every interaction brings a bucket of its own: what nobody uses and no window holds is forgotten.
void RateLimiter::forget_idle(base::Instant now) {
    if (buckets_.size() < kKeptBuckets && dead_webhooks_.size() < kKeptBuckets) return;
    std::erase_if(buckets_, [now](const auto& entry) {
        const auto& bucket = entry.second;
        return bucket.tickets == 0 && bucket.reset_at.value_or(now) <= now &&
               bucket.blocked_until.value_or(now) <= now;
    });
    std::erase_if(dead_webhooks_, [now](const auto& entry) { return now - entry.second >= kTokenLife; });
}

}  // namespace bandstand::discord
