#pragma once

namespace bandstand::rpc {

/// gRPC prints its troubles to stderr in a format of its own, between our JSON lines. Its statuses tell us
/// the same, so it is silenced, unless GRPC_VERBOSITY is set: then a person wants to see it.
void quiet_grpc();

}  // namespace bandstand::rpc
