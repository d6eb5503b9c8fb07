#pragma once

#include <cstdint>

/// Gateway intents (developer docs, "Gateway Intents").
namespace bandstand::sandbox::intent {

constexpr std::uint64_t kGuilds = 1ULL << 0U;
constexpr std::uint64_t kGuildMembers = 1ULL << 1U;  ///< privileged
constexpr std::uint64_t kGuildVoiceStates = 1ULL << 7U;
constexpr std::uint64_t kGuildPresences = 1ULL << 8U;  ///< privileged
constexpr std::uint64_t kGuildMessages = 1ULL << 9U;
constexpr std::uint64_t kDirectMessages = 1ULL << 12U;
constexpr std::uint64_t kMessageContent = 1ULL << 15U;  ///< privileged
constexpr std::uint64_t kPrivileged = kGuildMembers | kGuildPresences | kMessageContent;
/// Bits 0 to 16, 20, 21, 24 and 25.
constexpr std::uint64_t kKnown = 0x1'FFFFULL | 3ULL << 20U | 3ULL << 24U;

}  // namespace bandstand::sandbox::intent
