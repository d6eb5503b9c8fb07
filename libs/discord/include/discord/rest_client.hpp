#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "discord/rate_limiter.hpp"
#include "runtime/context.hpp"
#include "runtime/task.hpp"

namespace bandstand::discord {

// How Discord refused: the kind says how to react, the reason what it was, the detail carries "403/50013: …".
constexpr base::Reason kRestRefused{"discord.rest_refused"};
constexpr base::Reason kRestUnavailable{"discord.rest_unavailable"};
constexpr base::Reason kRestDeadline{"discord.rest_deadline"};
constexpr base::Reason kUnknownInteraction{"discord.unknown_interaction"};
constexpr base::Reason kAlreadyAcknowledged{"discord.already_acknowledged"};
constexpr base::Reason kMissingPermission{"discord.missing_permission"};
constexpr base::Reason kBadAnswer{"discord.bad_answer"};

struct RestOptions {
    std::string api_url = "https://discord.com/api";  ///< without the version
    base::Secret token;
    std::string ca_file;  ///< extra trust, PEM; may be empty
    std::string user_agent = "DiscordBot (https://github.com/bandstand-fm/bandstand, 0.1)";
    RateLimiter::Options limits{};
};

/// How one request may wait and be repeated.
struct RestPolicy {
    base::Duration deadline = std::chrono::seconds{60};  ///< for all of it: waiting, sending, retries
    bool repeat_on_failure =
        true;  ///< after 5xx and connection errors: only what is harmless when done twice
    std::string audit_reason{};
};

/// Sends requests to Discord's REST API under its rate limits and with its retry rules. Loop thread only.
class RestClient {
public:
    RestClient(runtime::Context context, RestOptions options);
    ~RestClient();
    RestClient(const RestClient&) = delete;
    RestClient& operator=(const RestClient&) = delete;

    /// `body` is JSON, or empty for none. Returns the body of the 2xx answer.
    /// Errors: kRestRefused and its more precise kin above, kRestUnavailable, kRestDeadline, and the
    /// limiter's.
    runtime::Task<base::Result<std::string>> request(Route route, std::string body, RestPolicy policy);

private:
    struct State;
    std::shared_ptr<State> state_;  // shared with the wake-up timer's handler
};

}  // namespace bandstand::discord
