#pragma once

#include <span>

#include "postgres/migrate.hpp"

namespace bandstand::gateway {

/// The files of migrations/, compiled in.
extern const std::span<const postgres::Migration> kMigrations;

}  // namespace bandstand::gateway
