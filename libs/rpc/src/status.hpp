#pragma once

#include <grpcpp/support/status.h>

#include <string_view>

#include "base/result.hpp"

namespace bandstand::rpc {

/// Trailing metadata that carries Error::reason().
constexpr const char* kReasonKey = "bandstand-reason";
/// W3C Trace Context in the call's metadata.
constexpr const char* kTraceparentKey = "traceparent";

grpc::StatusCode to_code(base::ErrorKind kind);
/// Nothing is lost of the kind; the detail is cut at 4 KiB.
grpc::Status to_status(const base::Error& error);
/// `reason` is what the trailing metadata said; an empty or odd one becomes "rpc.<kind>".
base::Error to_error(const grpc::Status& status, std::string_view reason);

}  // namespace bandstand::rpc
