#include "http/ops.hpp"

#include <nlohmann/json.hpp>

namespace bandstand::http {

void add_ops_routes(Server& server, runtime::Context context) {
    server.route("GET", "/healthz", [](ServerRequest) -> runtime::Task<ServerResponse> {
        co_return ServerResponse::text(200, "ok\n");
    });
    server.route("GET", "/readyz", [context](ServerRequest) -> runtime::Task<ServerResponse> {
        auto waiting = context.readiness().not_ready();
        if (context.stop_requested()) waiting["process"] = "stopping";
        const nlohmann::json body{{"ready", waiting.empty()}, {"waiting_for", waiting}};
        co_return ServerResponse::json(waiting.empty() ? 200 : 503, body.dump() + "\n");
    });
    server.route("GET", "/metrics", [context](ServerRequest) -> runtime::Task<ServerResponse> {
        co_return ServerResponse{.status = 200,
                                 .headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}},
                                 .body = context.observer().metrics().expose()};
    });
}

}  // namespace bandstand::http
