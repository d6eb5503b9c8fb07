#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"

namespace bandstand::gateway::ports {

struct Suggestion {
    std::string key;
    std::string title;
    std::string artist;
    std::chrono::milliseconds duration{};
};

/// What people may mean by what they have typed so far.
class LibrarySearch {
public:
    virtual ~LibrarySearch() = default;
    /// At most 25, best first, within `limit`.
    virtual runtime::Task<base::Result<std::vector<Suggestion>>> search(std::string text,
                                                                        base::Duration limit) = 0;
};

}  // namespace bandstand::gateway::ports
