#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bandstand::observe {

/// The longest text of the outside world that a log field or a span attribute keeps, in bytes.
constexpr std::size_t kMaxTextBytes = 4096;

/// The first `limit` bytes as valid UTF-8: what is not UTF-8 becomes U+FFFD, a cut ends in "…".
std::string printable(std::string_view text, std::size_t limit = kMaxTextBytes);

}  // namespace bandstand::observe
