#include "sandbox/discord/api_error.hpp"

namespace bandstand::sandbox {

Json ApiError::body() const {
    Json out{{"message", message}, {"code", code}};
    if (!errors.is_null()) out["errors"] = errors;
    return out;
}

std::unexpected<ApiError> unknown(int code, std::string_view what) {
    return refuse({.status = 404, .code = code, .message = "Unknown " + std::string{what}});
}
std::unexpected<ApiError> missing_access() {
    return refuse({.status = 403, .code = 50001, .message = "Missing Access"});
}
std::unexpected<ApiError> missing_permissions() {
    return refuse({.status = 403, .code = 50013, .message = "Missing Permissions"});
}
std::unexpected<ApiError> unauthorized() {
    return refuse({.status = 401, .code = 0, .message = "401: Unauthorized"});
}
std::unexpected<ApiError> not_found() {
    return refuse({.status = 404, .code = 0, .message = "404: Not Found"});
}

}  // namespace bandstand::sandbox
