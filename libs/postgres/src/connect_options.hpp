#pragma once

#include <map>
#include <string>

#include "postgres/pool.hpp"

namespace bandstand::postgres {

/// libpq's connection keywords: those of the URL, completed by what every connection of ours wants.
/// Errors: kBadUrl, without the URL in its detail.
base::Result<std::map<std::string, std::string>> connect_keywords(const PoolOptions& options);

}  // namespace bandstand::postgres
