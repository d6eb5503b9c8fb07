#pragma once

#include <string>
#include <utility>

namespace bandstand::base {

/// Text that must not be printed: there is no stream operator, no join() and no log field for it.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string value) : value_{std::move(value)} {}
    Secret(const Secret&) = default;
    Secret(Secret&&) = default;
    Secret& operator=(const Secret&) = default;
    Secret& operator=(Secret&&) = default;
    ~Secret();

    /// For the adapter that must send it; never for a log or an error.
    const std::string& reveal() const { return value_; }
    bool empty() const { return value_.empty(); }

private:
    std::string value_;
};

}  // namespace bandstand::base
