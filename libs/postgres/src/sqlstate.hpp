#pragma once

#include <string_view>

#include "base/result.hpp"

namespace bandstand::postgres {

struct Failure {
    base::ErrorKind kind;
    base::Reason reason;
};

/// How a caller may react to an SQLSTATE (PostgreSQL documentation, appendix A). An empty one, which libpq
/// gives when the connection broke, is kUnavailable.
Failure classify(std::string_view sqlstate);

}  // namespace bandstand::postgres
