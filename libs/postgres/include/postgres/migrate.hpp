#pragma once

#include <span>
#include <string>
#include <string_view>

#include "postgres/pool.hpp"

namespace bandstand::postgres {

/// One step of a schema. Numbers ascend; the text is never edited once merged.
struct Migration {
    int number;
    std::string_view name;
    std::string_view sql;  ///< may hold several statements; runs with search_path = the schema
};

/// Creates `schema` if it is absent and applies what has not been applied, all in one transaction, under an
/// advisory lock: of several processes that start together one works and the others wait for it.
/// Which were applied stands in `<schema>.migration`, for each `set` of numbers: a library that keeps tables
/// in its service's schema names its own. Errors: kMigrationChanged when an applied one reads differently
/// now; else those of its statements.
runtime::Task<base::Result<void>> migrate(Pool& pool, std::string schema,
                                          std::span<const Migration> migrations, std::string set = "main");

}  // namespace bandstand::postgres
