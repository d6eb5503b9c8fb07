#pragma once

#include <functional>

#include "base/result.hpp"
#include "runtime/context.hpp"
#include "runtime/task.hpp"

namespace bandstand::messaging {

/// Runs `task` to its own end. When this coroutine is cancelled, or the process is asked to stop, `task` is
/// not cancelled but asked, by `ask_to_stop` (which may be called several times): it has things to hand over
/// first.
runtime::Task<base::Result<void>> run_until_asked(runtime::Context context,
                                                  runtime::Task<base::Result<void>> task,
                                                  std::function<void()> ask_to_stop);

}  // namespace bandstand::messaging
