#pragma once

namespace bandstand::base {

/// Prints the broken invariant and stops the process. Never returns.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace bandstand::base

/// A broken invariant is a bug and stops the process, in every build. Bad input never reaches one.
#define BASE_ASSERT(condition) \
    ((condition) ? static_cast<void>(0) : ::bandstand::base::assertion_failed(#condition, __FILE__, __LINE__))
