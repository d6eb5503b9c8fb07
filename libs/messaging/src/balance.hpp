#pragma once

#include <map>
#include <string>

namespace bandstand::messaging {

/// How many of a topic's `partitions` member `self` should hold. `held` says how many each living member
/// holds now, `self` included. The shares of all members add up to `partitions` and differ by one at most;
/// who holds more now gets the bigger share, so that as few as possible move.
int fair_share(int partitions, const std::map<std::string, int>& held, const std::string& self);

}  // namespace bandstand::messaging
