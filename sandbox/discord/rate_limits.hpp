#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace bandstand::sandbox {

/// What a route allows: `limit` requests per `window` for one major parameter. Routes of one `group` share
/// it.
struct RouteLimit {
    std::string group;
    int limit = 0;  ///< 0 = no bucket, only the global limit
    base::Duration window{};
};

/// Discord's model: a bucket per (group, major parameter) whose window starts with its first request, and 50
/// requests a second for one token over all routes but those of interactions (discord-rest section 2).
class RateLimits {
public:
    static constexpr int kGlobalLimit = 50;

    struct Verdict {
        bool allowed = true;
        bool global = false;  ///< it was the global limit that refused
        int limit = 0;
        int remaining = 0;
        base::Duration reset_after{};
        std::string bucket{};  ///< X-RateLimit-Bucket; does not name the major parameter
    };
    /// Counts one request. `identity` is the bot; empty for routes that need none, which the global limit
    /// skips.
    Verdict take(const RouteLimit& route, std::string_view major, std::string_view identity,
                 base::Instant now);
    /// Forgets windows that are over.
    void expire(base::Instant now);

private:
    struct Window {
        base::Instant ends;
        int used = 0;
    };
    static Window& current(std::map<std::string, Window>& windows, const std::string& key,
                           base::Duration length, base::Instant now);

    std::map<std::string, Window> buckets_;
    std::map<std::string, Window> global_;
};

}  // namespace bandstand::sandbox
