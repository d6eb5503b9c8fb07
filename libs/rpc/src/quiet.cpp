#include "quiet.hpp"

#include <grpc/support/log.h>

#include <cstdlib>

namespace bandstand::rpc {

void quiet_grpc() {
    if (std::getenv("GRPC_VERBOSITY") != nullptr)
        return;  // NOLINT(concurrency-mt-unsafe): nothing calls setenv
    gpr_set_log_function([](gpr_log_func_args*) {});
}

}  // namespace bandstand::rpc
