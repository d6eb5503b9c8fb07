#include "status.hpp"

#include <algorithm>
#include <string>

namespace bandstand::rpc {
namespace {

using base::ErrorKind;
using grpc::StatusCode;

constexpr std::size_t kMaxDetailBytes = 4096;
constexpr std::size_t kMaxReasonBytes = 100;

ErrorKind to_kind(StatusCode code) {
    switch (code) {
        case StatusCode::CANCELLED:
            return ErrorKind::cancelled;
        case StatusCode::INVALID_ARGUMENT:
            return ErrorKind::invalid_argument;
        case StatusCode::DEADLINE_EXCEEDED:
            return ErrorKind::deadline_exceeded;
        case StatusCode::NOT_FOUND:
            return ErrorKind::not_found;
        case StatusCode::ALREADY_EXISTS:
            return ErrorKind::already_exists;
        case StatusCode::PERMISSION_DENIED:
            return ErrorKind::permission_denied;
        case StatusCode::RESOURCE_EXHAUSTED:
            return ErrorKind::resource_exhausted;
        case StatusCode::FAILED_PRECONDITION:
            return ErrorKind::failed_precondition;
        case StatusCode::ABORTED:
            return ErrorKind::conflict;
        case StatusCode::OUT_OF_RANGE:
            return ErrorKind::out_of_range;
        case StatusCode::UNIMPLEMENTED:
            return ErrorKind::unimplemented;
        case StatusCode::UNAVAILABLE:
            return ErrorKind::unavailable;
        case StatusCode::DATA_LOSS:
            return ErrorKind::data_loss;
        case StatusCode::UNAUTHENTICATED:
            return ErrorKind::unauthenticated;
        default:
            return ErrorKind::internal;  // UNKNOWN, INTERNAL, and numbers that a peer made up
    }
}

bool is_reason(std::string_view text) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
    };
    return !text.empty() && text.size() <= kMaxReasonBytes && std::ranges::all_of(text, fits);
}

}  // namespace

StatusCode to_code(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::cancelled:
            return StatusCode::CANCELLED;
        case ErrorKind::invalid_argument:
            return StatusCode::INVALID_ARGUMENT;
        case ErrorKind::deadline_exceeded:
            return StatusCode::DEADLINE_EXCEEDED;
        case ErrorKind::not_found:
            return StatusCode::NOT_FOUND;
        case ErrorKind::already_exists:
            return StatusCode::ALREADY_EXISTS;
        case ErrorKind::permission_denied:
            return StatusCode::PERMISSION_DENIED;
        case ErrorKind::resource_exhausted:
            return StatusCode::RESOURCE_EXHAUSTED;
        case ErrorKind::failed_precondition:
            return StatusCode::FAILED_PRECONDITION;
        case ErrorKind::conflict:
            return StatusCode::ABORTED;
        case ErrorKind::out_of_range:
            return StatusCode::OUT_OF_RANGE;
        case ErrorKind::unimplemented:
            return StatusCode::UNIMPLEMENTED;
        case ErrorKind::internal:
            return StatusCode::INTERNAL;
        case ErrorKind::unavailable:
            return StatusCode::UNAVAILABLE;
        case ErrorKind::data_loss:
            return StatusCode::DATA_LOSS;
        case ErrorKind::unauthenticated:
            return StatusCode::UNAUTHENTICATED;
    }
    return StatusCode::INTERNAL;
}

grpc::Status to_status(const base::Error& error) {
    return {to_code(error.kind()), error.detail().substr(0, kMaxDetailBytes)};
}

base::Error to_error(const grpc::Status& status, std::string_view reason) {
    const auto kind = to_kind(status.error_code());
    const auto own = std::string{"rpc."}.append(name(kind));
    return {kind, base::Reason{is_reason(reason) ? reason : own},
            status.error_message().substr(0, kMaxDetailBytes)};
}

}  // namespace bandstand::rpc
