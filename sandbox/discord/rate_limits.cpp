#include "sandbox/discord/rate_limits.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>

namespace bandstand::sandbox {
namespace {

std::string bucket_name(std::string_view group) {
    std::uint64_t hash = 14'695'981'039'346'656'037ULL;  // FNV-1a
    for (const char c : group) hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211ULL;
    std::array<char, 17> text{};
    (void)std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(hash));
    return text.data();
}

}  // namespace

RateLimits::Window& RateLimits::current(std::map<std::string, Window>& windows, const std::string& key,
                                        base::Duration length, base::Instant now) {
    auto& window = windows[key];
    if (window.ends <= now) window = {.ends = now + length, .used = 0};
    return window;
}

RateLimits::Verdict RateLimits::take(const RouteLimit& route, std::string_view major,
                                     std::string_view identity, base::Instant now) {
    if (!identity.empty()) {
        auto& all = current(global_, std::string{identity}, std::chrono::seconds{1}, now);
        if (all.used >= kGlobalLimit) {
            return {.allowed = false, .global = true, .limit = kGlobalLimit, .reset_after = all.ends - now};
        }
        ++all.used;
    }
    if (route.limit == 0) return {};
    auto& window = current(buckets_, route.group + "\n" + std::string{major} + "\n" + std::string{identity},
                           route.window, now);
    Verdict verdict{.allowed = window.used < route.limit,
                    .limit = route.limit,
                    .reset_after = window.ends - now,
                    .bucket = bucket_name(route.group)};
    if (verdict.allowed) ++window.used;
    verdict.remaining = std::max(0, route.limit - window.used);
    return verdict;
}

void RateLimits::expire(base::Instant now) {
    const auto over = [&](const auto& entry) { return entry.second.ends <= now; };
    std::erase_if(buckets_, over);
    std::erase_if(global_, over);
}

}  // namespace bandstand::sandbox
