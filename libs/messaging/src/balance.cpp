#include "balance.hpp"

#include "base/assert.hpp"

namespace bandstand::messaging {

int fair_share(int partitions, const std::map<std::string, int>& held, const std::string& self) {
    const auto own = held.find(self);
    BASE_ASSERT(own != held.end());
    int ahead = 0;  // members that come before us when the remainder is given out
    for (const auto& [member, count] : held) {
        if (count > own->second || (count == own->second && member < self)) ++ahead;
    }
    const auto members = static_cast<int>(held.size());
    return partitions / members + (ahead < partitions % members ? 1 : 0);
}

}  // namespace bandstand::messaging
