#include "base/result.hpp"

namespace bandstand::base {

std::string_view name(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::cancelled:
            return "cancelled";
        case ErrorKind::invalid_argument:
            return "invalid_argument";
        case ErrorKind::deadline_exceeded:
            return "deadline_exceeded";
        case ErrorKind::not_found:
            return "not_found";
        case ErrorKind::already_exists:
            return "already_exists";
        case ErrorKind::permission_denied:
            return "permission_denied";
        case ErrorKind::resource_exhausted:
            return "resource_exhausted";
        case ErrorKind::failed_precondition:
            return "failed_precondition";
        case ErrorKind::conflict:
            return "conflict";
        case ErrorKind::out_of_range:
            return "out_of_range";
        case ErrorKind::unimplemented:
            return "unimplemented";
        case ErrorKind::internal:
            return "internal";
        case ErrorKind::unavailable:
            return "unavailable";
        case ErrorKind::data_loss:
            return "data_loss";
        case ErrorKind::unauthenticated:
            return "unauthenticated";
    }
    return "unknown";
}

Error Error::during(std::string_view what) && {
    std::string said{what};
    if (!detail_.empty()) said.append(": ").append(detail_);
    detail_ = std::move(said);
    return std::move(*this);
}

std::string Error::describe() const {
    return detail_.empty() ? reason_ : reason_ + ": " + detail_;
}

}  // namespace bandstand::base
