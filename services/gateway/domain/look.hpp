#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace bandstand::gateway::domain {

// Colours of embeds, 0xRRGGBB.
constexpr std::uint32_t kAccent = 0x5865F2;
constexpr std::uint32_t kQuiet = 0x4E5058;
constexpr std::uint32_t kTrouble = 0xDA373C;

/// "3:45", "1:02:03".
std::string clock_text(std::chrono::milliseconds time);
/// A line with a knob at `position`; only the elapsed time when the length is unknown (zero).
std::string progress_bar(std::chrono::milliseconds position, std::chrono::milliseconds length);

}  // namespace bandstand::gateway::domain
