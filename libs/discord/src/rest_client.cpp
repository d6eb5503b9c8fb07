#include "discord/rest_client.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/random.hpp"
#include "http/client.hpp"
#include "runtime/deadline.hpp"

namespace bandstand::discord {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using base::ErrorKind;

constexpr int kTries = 4;  // the first and three more
constexpr base::Duration kFirstRetryAfter = 500ms;
constexpr base::Duration kFirstRetryOfAnswer = 50ms;  // an interaction must be answered within 3 s
constexpr base::Duration kKeepAlive = 60s;            // a warm connection saves an answer the TLS handshake
constexpr std::size_t kMaxErrorDetail = 500;

std::optional<base::Duration> seconds_of(std::optional<std::string_view> text) {
    if (!text) return std::nullopt;
    double value = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc{} || !(value >= 0.0 && value < 1e6)) return std::nullopt;
    return std::chrono::duration_cast<base::Duration>(std::chrono::duration<double>{value});
}

std::optional<std::uint32_t> count_of(std::optional<std::string_view> text) {
    std::uint32_t value = 0;
    if (!text || std::from_chars(text->data(), text->data() + text->size(), value).ec != std::errc{})
        return std::nullopt;
    return value;
}

// The body of a refusal: {"code", "message", "errors"?}; not JSON when it comes from a proxy.
struct RefusalBody {
    bool json = false;
    std::int64_t code = 0;
    std::string message;
    std::optional<base::Duration> retry_after;
    bool global = false;
};

// Leaves of the nested `errors` tree as "embeds.0.title: Must be 256 or fewer in length."
void flatten(const Json& node, const std::string& path, std::string& out, int depth) {
    if (!node.is_object() || depth > 8 || out.size() > kMaxErrorDetail) return;
    for (const auto& [key, child] : node.items()) {
        if (key == "_errors" && child.is_array()) {
            for (const auto& leaf : child) {
                const auto message = leaf.is_object() ? leaf.find("message") : leaf.end();
                const bool told = message != leaf.end() && message->is_string();
                out.append("; ").append(path).append(": ").append(told ? message->get<std::string>() : "?");
            }
        } else {
            flatten(child, path.empty() ? key : path + '.' + key, out, depth + 1);
        }
    }
}

RefusalBody read_refusal(const std::string& text) {
    RefusalBody body;
    const auto json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return body;
    body.json = true;
    if (const auto code = json.find("code"); code != json.end() && code->is_number_integer())
        body.code = *code;
    if (const auto message = json.find("message"); message != json.end() && message->is_string())
        body.message = *message;
    if (const auto after = json.find("retry_after"); after != json.end() && after->is_number()) {
        body.retry_after = seconds_of(after->dump());
    }
    if (const auto global = json.find("global"); global != json.end() && global->is_boolean())
        body.global = *global;
    if (const auto errors = json.find("errors"); errors != json.end()) flatten(*errors, "", body.message, 0);
    return body;
}

LimitHeaders read_limits(const http::ClientResponse& answer, const RefusalBody& refusal) {
    const auto header = [&answer](std::string_view name) { return answer.headers.get(name); };
    LimitHeaders limits;
    limits.status = answer.status;
    if (const auto bucket = header("X-RateLimit-Bucket"); bucket && bucket->size() <= 128)
        limits.bucket = *bucket;
    limits.limit = count_of(header("X-RateLimit-Limit"));
    limits.remaining = count_of(header("X-RateLimit-Remaining"));
    limits.reset_after = seconds_of(header("X-RateLimit-Reset-After"));
    limits.retry_after = refusal.retry_after ? refusal.retry_after : seconds_of(header("Retry-After"));
    const auto scope = header("X-RateLimit-Scope").value_or("");
    limits.global = refusal.global || scope == "global";
    limits.shared = scope == "shared";
    limits.from_discord = refusal.json;
    limits.unknown_webhook = (answer.status == 404 && refusal.code == 10015) || refusal.code == 50027;
    return limits;
}

ErrorKind kind_of(int status) {
    switch (status) {
        case 401:
            return ErrorKind::unauthenticated;
        case 403:
            return ErrorKind::permission_denied;
        case 404:
            return ErrorKind::not_found;
        case 409:
            return ErrorKind::conflict;
        default:
            return status >= 500 ? ErrorKind::unavailable : ErrorKind::invalid_argument;
    }
}

base::Reason reason_of(int status, std::int64_t code) {
    switch (code) {
        case 10062:
            return kUnknownInteraction;
        case 40060:
            return kAlreadyAcknowledged;
        case 10015:
        case 50027:
            return kWebhookGone;
        case 50001:
        case 50013:
            return kMissingPermission;
        default:
            return status == 401 ? kTokenRefused : kRestRefused;
    }
}

std::unexpected<base::Error> refused(const Route& route, int status, const RefusalBody& body) {
    return base::fail(kind_of(status), reason_of(status, body.code), route.method, route.path_template,
                      "answered", base::join(status) + "/" + std::to_string(body.code) + ":", body.message);
}

bool worth_repeating(int status) {
    return status == 408 || status >= 500;
}

}  // namespace

struct RestClient::State : std::enable_shared_from_this<State> {
    State(runtime::Context process, RestOptions settings)
        : context{std::move(process)},
          options{std::move(settings)},
          limiter{options.limits},
          client{context, client_options(options)},
          wakeup{context.loop()},
          random{base::random_seed()} {}

    static http::ClientOptions client_options(const RestOptions& options) {
        http::ClientOptions made;
        made.user_agent = options.user_agent;
        made.ca_file = options.ca_file;
        made.idle_timeout = kKeepAlive;
        return made;
    }

    base::Instant now() const { return context.clock().now(); }

    // Lets go what may leave, and comes back when more may.
    void pump() {
        for (const auto ticket : limiter.release(now())) {
            if (const auto waiter = waiters.find(ticket); waiter != waiters.end()) waiter->second->cancel();
            released.insert(ticket);
        }
        const auto next = limiter.next_wakeup(now());
        if (!next) return;
        wakeup.expires_at(*next);
        wakeup.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
            if (const auto self = weak.lock(); self && !error) self->pump();
        });
    }

    runtime::Task<void> wait_for(TicketId ticket) {
        pump();
        asio::steady_timer wait{context.loop(), asio::steady_timer::time_point::max()};
        waiters[ticket] = &wait;
        const std::shared_ptr<void> leave{nullptr, [this, ticket](void*) { waiters.erase(ticket); }};
        while (!released.contains(ticket)) {
            boost::system::error_code ignored;
            co_await wait.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        released.erase(ticket);
    }

    http::ClientRequest to_http(const Route& route, const std::string& body, const RestPolicy& policy) const {
        http::ClientRequest request;
        request.method = route.method;
        request.url = options.api_url + "/v10" + route.path;
        if (!route.interaction) request.headers.set("Authorization", "Bot " + options.token.reveal());
        if (!body.empty()) request.headers.set("Content-Type", "application/json");
        if (!policy.audit_reason.empty()) request.headers.set("X-Audit-Log-Reason", policy.audit_reason);
        request.body = body;
        return request;
    }

    void count(const Route& route, int status) {
        const auto outcome = status == 0 ? std::string{"failed"} : std::to_string(status / 100) + "xx";
        context.observer()
            .metrics()
            .counter("gateway_rest_requests_total", "Requests to Discord's REST API by outcome",
                     {{"outcome", status == 429 ? "429" : outcome},
                      {"kind", route.interaction ? "interaction" : "bot"}})
            .increment();
    }

    struct Outcome {
        int status = 0;  ///< 0: no answer
        std::string body;
        RefusalBody refusal;
        std::string failure;
    };

    // One request, once its limits allow it.
    runtime::Task<base::Result<Outcome>> attempt(Route route, std::string body, RestPolicy policy) {
        auto ticket = limiter.enqueue(route, now());
        if (!ticket) co_return std::unexpected(std::move(ticket).error());
        // However this ends, the limiter must hear of it.
        bool answered = false;
        const std::shared_ptr<void> give_up{nullptr, [this, &answered, id = *ticket](void*) {
                                                if (answered) return;
                                                released.erase(id);
                                                limiter.on_failure(id, now());
                                                pump();
                                            }};
        co_await wait_for(*ticket);
        auto answer = co_await client.send(to_http(route, body, policy));
        count(route, answer ? answer->status : 0);
        if (!answer) {
            const auto failure = answer.error().describe();
            co_return Outcome{.status = 0, .body = {}, .refusal = {}, .failure = failure};
        }
        Outcome outcome{.status = answer->status, .body = {}, .refusal = {}, .failure = {}};
        if (answer->status >= 400) outcome.refusal = read_refusal(answer->body);
        answered = true;
        limiter.on_answer(*ticket, read_limits(*answer, outcome.refusal), now());
        pump();
        warn_of_invalid();
        outcome.body = std::move(answer->body);
        co_return outcome;
    }

    void warn_of_invalid() {
        const auto invalid = limiter.invalid_requests(now());
        const bool many = invalid >= options.limits.invalid_warning;
        if (many && !warned)
            context.observer().log().warn("rest_many_invalid_requests", {{"count", invalid}});
        warned = many;
    }

    runtime::Task<base::Result<std::string>> repeat(Route route, std::string body, RestPolicy policy) {
        for (int tried = 1;; ++tried) {
            auto outcome = co_await attempt(route, body, policy);
            if (!outcome) co_return std::unexpected(std::move(outcome).error());
            if (outcome->status >= 200 && outcome->status < 300) co_return std::move(outcome->body);
            if (outcome->status == 429) {  // the limiter now makes the next attempt wait
                --tried;
                continue;
            }
            const bool again = outcome->status == 0 || worth_repeating(outcome->status);
            if (again && policy.repeat_on_failure && tried < kTries) {
                const auto first = route.interaction ? kFirstRetryOfAnswer : kFirstRetryAfter;
                const auto pause = first * (1 << (tried - 1));
                co_await runtime::sleep_for(
                    pause + std::chrono::duration_cast<base::Duration>(pause * random.unit()));
                continue;
            }
            if (outcome->status == 0) {
                co_return base::fail(ErrorKind::unavailable, kRestUnavailable, route.method,
                                     route.path_template, outcome->failure);
            }
            co_return refused(route, outcome->status, outcome->refusal);
        }
    }

    runtime::Context context;
    RestOptions options;
    RateLimiter limiter;
    http::Client client;
    asio::steady_timer wakeup;
    base::Random random;
    std::map<TicketId, asio::steady_timer*> waiters;
    std::set<TicketId> released;
    bool warned = false;
};

RestClient::RestClient(runtime::Context context, RestOptions options)
    : state_{std::make_shared<State>(std::move(context), std::move(options))} {}
RestClient::~RestClient() {
    state_->wakeup.cancel();
}

runtime::Task<base::Result<std::string>> RestClient::request(Route route, std::string body,
                                                             RestPolicy policy) {
    const auto state = state_;
    const auto limit = policy.deadline;
    const auto what = route.method + ' ' + route.path_template;
    auto answer =
        co_await runtime::within(limit, state->repeat(std::move(route), std::move(body), std::move(policy)));
    if (!answer && answer.error().reason() == runtime::kDeadlineExceeded) {
        co_return base::fail(ErrorKind::deadline_exceeded, kRestDeadline, what);
    }
    co_return answer;
}

}  // namespace bandstand::discord
