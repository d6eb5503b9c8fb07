#include "sqlstate.hpp"

#include "postgres/errors.hpp"

namespace bandstand::postgres {

Failure classify(std::string_view sqlstate) {
    using enum base::ErrorKind;
    const auto category = sqlstate.substr(0, 2);
    if (sqlstate == "23505") return {already_exists, kUniqueViolation};
    if (category == "23") return {failed_precondition, kConstraint};
    if (category == "40") return {conflict, kSerialization};  // deadlocks too
    if (sqlstate == "55P03") return {conflict, kSerialization};
    if (sqlstate == "57014") return {deadline_exceeded, kTimeout};
    if (category == "22") return {invalid_argument, kBadValue};
    // Lost or refused connections, shutdown and start-up, too many clients or no memory, a standby that was
    // the primary before (25006): all pass with time.
    if (sqlstate.empty() || category == "08" || category == "53" || category == "57" || category == "58" ||
        sqlstate == "25006" || sqlstate == "25P03") {
        return {unavailable, kUnavailable};
    }
    return {internal, kStatementFailed};
}

}  // namespace bandstand::postgres
