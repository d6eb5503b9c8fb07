#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "sandbox/discord/json.hpp"

namespace bandstand::sandbox {

/// A refusal in Discord's own words (developer docs, "JSON Error Codes").
struct ApiError {
    int status = 400;
    int code = 0;
    std::string message;
    Json errors = nullptr;  ///< the nested tree of code 50035, else null

    Json body() const;
};

template <class T>
using ApiResult = std::expected<T, ApiError>;

inline std::unexpected<ApiError> refuse(ApiError error) {
    return std::unexpected{std::move(error)};
}

/// 404 with one of the "Unknown …" codes.
std::unexpected<ApiError> unknown(int code, std::string_view what);
std::unexpected<ApiError> missing_access();       ///< 403, 50001
std::unexpected<ApiError> missing_permissions();  ///< 403, 50013
std::unexpected<ApiError> unauthorized();         ///< 401, 0
std::unexpected<ApiError> not_found();            ///< 404, 0: no such route

constexpr int kUnknownApplication = 10002;
constexpr int kUnknownChannel = 10003;
constexpr int kUnknownGuild = 10004;
constexpr int kUnknownMember = 10007;
constexpr int kUnknownMessage = 10008;
constexpr int kUnknownRole = 10011;
constexpr int kUnknownUser = 10013;
constexpr int kUnknownWebhook = 10015;
constexpr int kUnknownInteraction = 10062;
constexpr int kUnknownCommand = 10063;
constexpr int kUnknownVoiceState = 10065;

}  // namespace bandstand::sandbox
