#pragma once

#include "base/result.hpp"

namespace bandstand::postgres {

// What a statement can answer besides rows. The detail names the statement, the SQLSTATE and the constraint,
// never the values (a value may be a secret).
constexpr base::Reason kUnavailable{"postgres.unavailable"};  ///< no connection, or it was lost: retry
constexpr base::Reason kBusy{"postgres.busy"};                ///< no free connection in time: retry
constexpr base::Reason kTimeout{"postgres.timeout"};          ///< the statement time-out (PoolOptions)
constexpr base::Reason kUniqueViolation{"postgres.unique_violation"};  ///< already_exists
constexpr base::Reason kConstraint{"postgres.constraint_violation"};   ///< failed_precondition
constexpr base::Reason kSerialization{"postgres.serialization"};  ///< conflict: run the transaction again
constexpr base::Reason kBadValue{"postgres.bad_value"};  ///< invalid_argument: the database refused it
constexpr base::Reason kStatementFailed{
    "postgres.statement_failed"};                            ///< internal: most likely a bug in the SQL
constexpr base::Reason kRolledBack{"postgres.rolled_back"};  ///< commit after a statement had failed
constexpr base::Reason kBadUrl{"postgres.bad_url"};
constexpr base::Reason kMigrationChanged{"postgres.migration_changed"};

}  // namespace bandstand::postgres
