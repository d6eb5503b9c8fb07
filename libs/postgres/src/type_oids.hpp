#pragma once

#include <chrono>
#include <cstdint>

namespace bandstand::postgres {

// pg_type.dat of PostgreSQL: fixed for ever.
constexpr std::uint32_t kOidBool = 16;
constexpr std::uint32_t kOidBytea = 17;
constexpr std::uint32_t kOidName = 19;
constexpr std::uint32_t kOidInt8 = 20;
constexpr std::uint32_t kOidInt2 = 21;
constexpr std::uint32_t kOidInt4 = 23;
constexpr std::uint32_t kOidText = 25;
constexpr std::uint32_t kOidJson = 114;
constexpr std::uint32_t kOidFloat4 = 700;
constexpr std::uint32_t kOidFloat8 = 701;
constexpr std::uint32_t kOidVarchar = 1043;
constexpr std::uint32_t kOidTimestamptz = 1184;
constexpr std::uint32_t kOidUuid = 2950;
constexpr std::uint32_t kOidJsonb = 3802;

/// timestamptz counts microseconds from here.
constexpr std::chrono::sys_time<std::chrono::microseconds> kEpoch{
    std::chrono::sys_days{std::chrono::year{2000} / std::chrono::January / 1}};

}  // namespace bandstand::postgres
