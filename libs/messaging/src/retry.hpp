#pragma once

#include "messaging/bus.hpp"

namespace bandstand::messaging {

/// The message is fine and the world is not: it is tried again for as long as it takes.
bool worth_waiting_for(base::ErrorKind kind);

}  // namespace bandstand::messaging
