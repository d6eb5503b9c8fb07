#pragma once

#include "messaging/bus.hpp"

namespace bandstand::messaging {

/// Puts a message that `group` cannot handle aside, with what is needed to look at it and to publish it
/// again. Doing so twice keeps one.
runtime::Task<base::Result<void>> keep_dead_letter(postgres::Pool& pool, std::string group, Delivery delivery,
                                                   base::Error error);

}  // namespace bandstand::messaging
