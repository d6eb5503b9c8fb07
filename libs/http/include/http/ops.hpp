#pragma once

#include "http/server.hpp"
#include "runtime/context.hpp"

namespace bandstand::http {

/// GET /healthz (the process lives), /readyz (200, or 503 with the parts that are not ready), /metrics.
void add_ops_routes(Server& server, runtime::Context context);

}  // namespace bandstand::http
