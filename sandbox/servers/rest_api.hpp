#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/server.hpp"
#include "sandbox/servers/stand_in.hpp"

namespace bandstand::sandbox {

/// One request to the REST API after the common checks.
struct RestCall {
    const http::ServerRequest& request;
    const Bot* bot = nullptr;  ///< null on routes without authorization
    Json body{};               ///< null when there was none

    template <class IdType>
    IdType id(const std::string& name) const {
        const auto found = request.params.find(name);
        return found == request.params.end() ? IdType{}
                                             : base::parse_id<IdType>(found->second).value_or(IdType{});
    }
    std::string param(const std::string& name) const;
    /// true, True, 1.
    bool query_flag(const std::string& name) const;
    std::string query(const std::string& name) const;
};

struct RestAnswer {
    int status = 200;
    Json body = nullptr;  ///< null: no body
};

/// Discord's REST API v10 (discord-rest, discord-standin section 3): authorization, user agent, content type,
/// rate limits and faults are checked here, for every route; what a route does stands in rest_*.cpp.
class RestApi {
public:
    RestApi(StandIn& stand_in, http::Server& server);

    using Action = std::function<ApiResult<RestAnswer>(RestCall&)>;
    struct Route {
        std::string method;
        std::string pattern;  ///< below /api/v10
        RouteLimit limit;
        std::string major;         ///< parameters that name the bucket, comma separated
        bool interaction = false;  ///< no authorization, outside the global limit
        Action act;
    };
    void add(Route route);

    StandIn& stand_in() { return stand_in_; }

private:
    runtime::Task<http::ServerResponse> handle(std::shared_ptr<const Route> route,
                                               http::ServerRequest request);
    http::ServerResponse respond(const Route& route, const http::ServerRequest& request);
    ApiResult<RestCall> check(const Route& route, const http::ServerRequest& request) const;

    StandIn& stand_in_;
    http::Server& server_;
};

// What the bot may touch. Errors: 10004 or 50001, 10003 or 50001.
ApiResult<Guild*> guild_of(StandIn& stand_in, const RestCall& call);
ApiResult<Channel*> channel_of(StandIn& stand_in, const RestCall& call);

void add_identity_routes(RestApi& api);
void add_guild_routes(RestApi& api);
void add_channel_routes(RestApi& api);
void add_command_routes(RestApi& api);
void add_interaction_routes(RestApi& api);

}  // namespace bandstand::sandbox
