#include "sandbox/servers/rest_api.hpp"

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <utility>

#include "runtime/context.hpp"

namespace bandstand::sandbox {
namespace {

double seconds(base::Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

std::string decimal(double value) {
    std::array<char, 48> text{};
    const auto length = std::snprintf(text.data(), text.size(), "%.3f", value);
    return {text.data(), static_cast<std::size_t>(std::max(length, 0))};
}

http::ServerResponse refusal(const ApiError& error) {
    return http::ServerResponse::json(error.status, to_text(error.body()));
}

http::ServerResponse too_many(base::Duration retry_after, std::string_view scope, int code = 0) {
    const bool global = scope == "global";
    auto response = http::ServerResponse::json(429, to_text({{"message", "You are being rate limited."},
                                                             {"retry_after", seconds(retry_after)},
                                                             {"global", global},
                                                             {"code", code}}));
    response.headers.set("Retry-After", std::to_string(static_cast<int>(std::ceil(seconds(retry_after)))));
    response.headers.set("X-RateLimit-Scope", scope);
    if (global) response.headers.set("X-RateLimit-Global", "true");
    return response;
}

void add_limit_headers(http::ServerResponse& response, const RateLimits::Verdict& verdict,
                       base::WallTime now) {
    response.headers.set("Via", "1.1 sandbox");  // discord.py takes a 429 without it for an IP ban
    if (verdict.bucket.empty()) return;
    const auto reset = now.time_since_epoch() + verdict.reset_after;
    response.headers.set("X-RateLimit-Limit", std::to_string(verdict.limit));
    response.headers.set("X-RateLimit-Remaining", std::to_string(verdict.remaining));
    response.headers.set("X-RateLimit-Reset", decimal(seconds(reset)));
    response.headers.set("X-RateLimit-Reset-After", decimal(seconds(verdict.reset_after)));
    response.headers.set("X-RateLimit-Bucket", verdict.bucket);
}

std::string major_of(const RestApi::Route& route, const http::ServerRequest& request) {
    std::string out;
    for (std::size_t start = 0; start < route.major.size();) {
        const auto end = std::min(route.major.find(',', start), route.major.size());
        const auto found = request.params.find(route.major.substr(start, end - start));
        if (found != request.params.end()) out += found->second + "/";
        start = end + 1;
    }
    return out;
}

ApiResult<Json> read_body(const http::ServerRequest& request) {
    if (request.body.empty()) return Json(nullptr);
    const auto type = request.headers.get("Content-Type").value_or("");
    if (!type.starts_with("application/json")) {
        FormErrors errors;
        errors.add("_misc", "CONTENT_TYPE_INVALID",
                   R"(Expected "Content-Type" header to be one of {"application/json"}.)");
        return refuse(*errors.refusal());
    }
    auto body = parse_json(request.body);
    if (!body)
        return refuse({.status = 400, .code = 50109, .message = "The request body contains invalid JSON."});
    return *std::move(body);
}

}  // namespace

std::string RestCall::param(const std::string& name) const {
    const auto found = request.params.find(name);
    return found == request.params.end() ? std::string{} : found->second;
}
std::string RestCall::query(const std::string& name) const {
    const auto found = request.query.find(name);
    return found == request.query.end() ? std::string{} : found->second;
}
bool RestCall::query_flag(const std::string& name) const {
    const auto value = query(name);
    return value == "true" || value == "True" || value == "1";
}

RestApi::RestApi(StandIn& stand_in, http::Server& server) : stand_in_{stand_in}, server_{server} {
    add_identity_routes(*this);
    add_guild_routes(*this);
    add_channel_routes(*this);
    add_command_routes(*this);
    add_interaction_routes(*this);
}

void RestApi::add(Route route) {
    const auto shared = std::make_shared<const Route>(std::move(route));
    server_.route(shared->method, "/api/{version}" + shared->pattern,
                  [this, shared](http::ServerRequest request) { return handle(shared, std::move(request)); });
}

ApiResult<RestCall> RestApi::check(const Route& route, const http::ServerRequest& request) const {
    const auto agent = request.headers.get("User-Agent").value_or("");
    if (!agent.starts_with("DiscordBot (")) {
        return refuse({.status = 403,
                       .code = 40333,
                       .message = "internal network error: User-Agent must be "
                                  "\"DiscordBot (url, version)\""});
    }
    if (request.params.at("version") != "v10") {
        return refuse({.status = 400, .code = 50041, .message = "Invalid API version provided"});
    }
    RestCall call{.request = request};
    if (!route.interaction) {
        const auto authorization = request.headers.get("Authorization").value_or("");
        if (authorization.starts_with("Bot "))
            call.bot = stand_in_.world.bot_with_token(authorization.substr(4));
        if (call.bot == nullptr) return unauthorized();
    }
    auto body = read_body(request);
    if (!body) return std::unexpected{std::move(body).error()};
    call.body = std::move(*body);
    return call;
}

runtime::Task<http::ServerResponse> RestApi::handle(std::shared_ptr<const Route> route,
                                                    http::ServerRequest request) {
    if (const auto fault = stand_in_.take_fault(request.method, request.path)) {
        if (fault->delay.count() > 0) co_await runtime::sleep_for(fault->delay);
        if (fault->status == 429) {
            auto response = too_many(fault->retry_after, fault->scope);
            response.headers.set("Via", "1.1 sandbox");
            co_return response;
        }
        if (fault->status != 0) {
            co_return refusal({.status = fault->status, .code = 0, .message = "A fault of the sandbox"});
        }
    }
    co_return respond(*route, request);
}

http::ServerResponse RestApi::respond(const Route& route, const http::ServerRequest& request) {
    auto call = check(route, request);
    if (!call) return refusal(call.error());
    const auto verdict =
        stand_in_.limits.take(route.limit, major_of(route, request),
                              call->bot == nullptr ? "" : call->bot->token, stand_in_.clock.now());
    http::ServerResponse response;
    if (!verdict.allowed) {
        response = too_many(verdict.reset_after, verdict.global ? "global" : "user");
    } else if (auto answer = route.act(*call); !answer) {
        response = refusal(answer.error());
    } else if (answer->body.is_null()) {
        response = http::ServerResponse::empty(answer->status);
    } else {
        response = http::ServerResponse::json(answer->status, to_text(answer->body));
    }
    add_limit_headers(response, verdict, stand_in_.clock.wall_now());
    return response;
}

ApiResult<Guild*> guild_of(StandIn& stand_in, const RestCall& call) {
    auto* guild = stand_in.world.guild(call.id<GuildId>("guild"));
    if (guild == nullptr) return unknown(kUnknownGuild, "Guild");
    if (guild->member(call.bot->user()) == nullptr) return missing_access();
    return guild;
}

ApiResult<Channel*> channel_of(StandIn& stand_in, const RestCall& call) {
    auto* channel = stand_in.world.channel(call.id<ChannelId>("channel"));
    if (channel == nullptr) return unknown(kUnknownChannel, "Channel");
    if (channel->type == ChannelType::direct) {
        const bool own =
            std::ranges::find(channel->recipients, call.bot->user()) != channel->recipients.end();
        return own ? ApiResult<Channel*>{channel} : missing_access();
    }
    const auto held = stand_in.world.permissions(*channel, call.bot->user(), stand_in.clock.wall_now());
    if (!allows(held, permission::kViewChannel)) return missing_access();
    return channel;
}

}  // namespace bandstand::sandbox
