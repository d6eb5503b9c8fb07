#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

/// Discord's REST rate limits, without sockets or clocks.
namespace bandstand::discord {

constexpr base::Reason kTokenRefused{"discord.token_refused"};
constexpr base::Reason kTooManyInvalid{"discord.too_many_invalid_requests"};
constexpr base::Reason kWebhookGone{"discord.webhook_gone"};

/// Where a request goes, as the limits see it.
struct Route {
    std::string method;         ///< "PATCH"
    std::string path_template;  ///< "/channels/{channel}/messages/:id": every id replaced but the major one
    std::string major;  ///< the top-level channel, guild, or application and interaction token; may be empty
    std::string path;   ///< as sent, after /v10; may hold an interaction token: never logged
    bool interaction = false;  ///< answers an interaction: bypasses the global limit and needs no bot token
};

/// What an answer says about limits; from its status, headers and (429) body.
struct LimitHeaders {
    int status = 0;
    std::optional<std::string> bucket;
    std::optional<std::uint32_t> limit;
    std::optional<std::uint32_t> remaining;
    std::optional<base::Duration> reset_after;
    std::optional<base::Duration> retry_after;  ///< 429: the body's value, else the header's
    bool global = false;                        ///< 429
    bool shared = false;                        ///< 429 of scope "shared": not our fault, not counted
    bool from_discord = true;                   ///< false: a 429 without JSON, Cloudflare's
    bool unknown_webhook = false;               ///< 404 with code 10015, or code 50027: the token is dead
};

using TicketId = std::uint64_t;

/// Decides when a request may leave. Buckets are found from the answers: until then a (template, major) pair
/// sends one request at a time. Bounded: idle buckets are forgotten.
class RateLimiter {
public:
    struct Options {
        std::uint32_t global_per_second = 50;
        std::uint32_t invalid_warning = 1'000;  ///< 401, 403 and 429 per 10 minutes
        std::uint32_t invalid_refusal = 5'000;  ///< Cloudflare bans at 10,000
    };

    RateLimiter() : RateLimiter{Options{}} {}
    explicit RateLimiter(Options options) : options_{options} {}

    /// Queues a request. Errors: kTokenRefused (401 was seen), kTooManyInvalid, kWebhookGone.
    base::Result<TicketId> enqueue(const Route& route, base::Instant now);
    /// The tickets that may leave now, in order; each must be followed by on_answer() or on_failure().
    std::vector<TicketId> release(base::Instant now);
    void on_answer(TicketId ticket, const LimitHeaders& answer, base::Instant now);
    /// No answer came (connection, TLS, time-out), or the request was given up, even before it was released.
    void on_failure(TicketId ticket, base::Instant now);
    /// When release() may say more; nothing if nothing waits for time.
    std::optional<base::Instant> next_wakeup(base::Instant now) const;

    std::size_t invalid_requests(base::Instant now) const;
    std::size_t bucket_count() const { return buckets_.size(); }
    std::size_t waiting() const;

private:
    struct Bucket {
        bool discovered = false;
        bool unlimited = false;
        std::uint32_t limit = 1;
        std::uint32_t remaining = 1;
        std::uint32_t in_flight = 0;
        std::uint32_t tickets = 0;  // queued and in flight
        std::optional<base::Instant> reset_at;
        std::optional<base::Instant> blocked_until;
    };
    struct Ticket {
        std::string route;  // method and template
        std::string major;
        std::string bucket;  // key in buckets_
        bool interaction = false;
        bool released = false;
    };

    std::string bucket_of(const std::string& route, const std::string& major) const;
    /// When this ticket may leave: now or earlier, later, or nothing (an answer must come first).
    std::optional<base::Instant> opens_at(const Ticket& ticket, base::Instant now) const;
    base::Instant global_opens_at(base::Instant now) const;
    void let_go(Ticket& ticket, base::Instant now);
    void learn(Ticket& ticket, const LimitHeaders& answer, base::Instant now);
    void move_to_bucket(const std::string& from, const std::string& to);
    void on_429(const Ticket& ticket, const LimitHeaders& answer, base::Instant now);
    void count_invalid(const LimitHeaders& answer, base::Instant now);
    void finish(TicketId id);
    void forget_idle(base::Instant now);

    Options options_;
    TicketId next_ticket_ = 1;
    std::map<TicketId, Ticket> tickets_;  // in the order of arrival
    std::map<std::string, Bucket> buckets_;
    std::map<std::string, std::string> hash_of_route_;
    std::map<std::string, base::Instant>
        blocked_kinds_;  // route and major, after a limit that no header shows
    std::map<std::string, base::Instant> dead_webhooks_;  // major, and when it died
    std::deque<base::Instant> global_sent_;               // in the last second
    std::deque<base::Instant> invalid_;                   // in the last 10 minutes
    base::Instant global_blocked_until_{base::Instant::min()};
    base::Instant everything_blocked_until_{base::Instant::min()};  // Cloudflare: the whole address
    bool token_refused_ = false;
};

}  // namespace bandstand::discord
