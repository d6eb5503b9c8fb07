#pragma once

#include <functional>
#include <string>

#include "http/server.hpp"
#include "runtime/task.hpp"
#include "sandbox/servers/stand_in.hpp"

namespace bandstand::sandbox {

/// Acts as members, moderators and bad luck: JSON over HTTP on a port of its own, documented in
/// sandbox/README.md. Refusals are `{"error": "a sentence"}`.
class ControlApi {
public:
    ControlApi(StandIn& stand_in, http::Server& server);

    using Action = std::function<runtime::Task<ApiResult<Json>>(Json body, http::ServerRequest request)>;
    using QuickAction = std::function<ApiResult<Json>(const Json& body, const http::ServerRequest& request)>;
    void add(std::string method, std::string path, Action act);
    void add_quick(std::string method, std::string path, QuickAction act);
    StandIn& stand_in() { return stand_in_; }

private:
    runtime::Task<http::ServerResponse> handle(const Action& act, http::ServerRequest request);

    StandIn& stand_in_;
    http::Server& server_;
};

/// A refusal of the control API.
std::unexpected<ApiError> sorry(int status, std::string why);

// What `guild` (default: the first), `as` and `channel` of a body mean. Errors name what there is.
ApiResult<Guild*> named_guild(StandIn& stand_in, const Json& body);
ApiResult<UserId> named_member(StandIn& stand_in, const Guild& guild, const Json& body,
                               const char* key = "as");
ApiResult<Channel*> named_channel(StandIn& stand_in, Guild& guild, const Json& body, bool voice);

void add_world_controls(ControlApi& api);
void add_voice_controls(ControlApi& api);
void add_fault_controls(ControlApi& api);
void add_interaction_controls(ControlApi& api);

/// GET /cdn/attachments/… on the main server, with ranges.
void serve_uploads(http::Server& server, StandIn& stand_in);

}  // namespace bandstand::sandbox
