#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "observe/log.hpp"

namespace bandstand::observe {

/// `write_line` empty = stderr.
Log make_log(const std::string& service, Level level, std::function<void(std::string_view)> write_line);

}  // namespace bandstand::observe
