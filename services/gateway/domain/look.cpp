#include "domain/look.hpp"

#include <algorithm>

namespace bandstand::gateway::domain {
namespace {

constexpr int kBarLength = 18;

std::string two_digits(std::int64_t value) {
    return (value < 10 ? "0" : "") + std::to_string(value);
}

}  // namespace

std::string clock_text(std::chrono::milliseconds time) {
    const auto total =
        std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(time).count());
    const auto hours = total / 3600;
    const auto minutes = total / 60 % 60;
    const auto tail = ':' + two_digits(total % 60);
    if (hours == 0) return std::to_string(minutes) + tail;
    return std::to_string(hours) + ':' + two_digits(minutes) + tail;
}

std::string progress_bar(std::chrono::milliseconds position, std::chrono::milliseconds length) {
    if (length.count() <= 0) return clock_text(position);
    const auto at = std::clamp(position, std::chrono::milliseconds{0}, length);
    const auto knob = static_cast<int>(at.count() * (kBarLength - 1) / length.count());
    std::string bar;
    for (int i = 0; i < kBarLength; ++i) bar += i == knob ? "●" : "─";
    return clock_text(at) + " " + bar + " " + clock_text(length);
}

}  // namespace bandstand::gateway::domain
