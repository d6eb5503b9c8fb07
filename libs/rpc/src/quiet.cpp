#include "quiet.hpp"

#include <grpc/support/log.h>

#include "config/environment.hpp"

namespace bandstand::rpc {

void quiet_grpc() {
    if (config::Environment::of_process().get("GRPC_VERBOSITY")) return;  // somebody wants to hear it
    gpr_set_log_function([](gpr_log_func_args*) {});
}

}  // namespace bandstand::rpc
