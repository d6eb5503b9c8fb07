#pragma once

#include "messaging/bus.hpp"

namespace bandstand::messaging {

base::Result<void> check(const Subscription& subscription);

}  // namespace bandstand::messaging
