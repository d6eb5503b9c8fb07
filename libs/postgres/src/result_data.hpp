#pragma once

#include <libpq-fe.h>

#include <memory>

#include "postgres/rows.hpp"

namespace bandstand::postgres {

struct ClearResult {
    void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, ClearResult>;

struct Rows::Data {
    ResultPtr result;
};

}  // namespace bandstand::postgres
