#include "postgres/migrate.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "base/assert.hpp"

namespace bandstand::postgres {
namespace {

// FNV-1a, 64 bits: to notice an edit, not to withstand an attacker.
std::int64_t fingerprint(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return static_cast<std::int64_t>(hash);
}

// One at a time for the whole database; the schema may not exist yet, so the lock cannot be a row of it.
std::string preparation(const std::string& schema) {
    return "SET LOCAL statement_timeout = '10min';"
           "SELECT pg_advisory_xact_lock(7205759403792793601);"
           "CREATE SCHEMA IF NOT EXISTS " +
           schema +
           ";"
           "SET LOCAL search_path = " +
           schema +
           ";"
           "CREATE TABLE IF NOT EXISTS migration (set_name text NOT NULL, number integer NOT NULL, name text "
           "NOT NULL,"
           " fingerprint bigint NOT NULL, applied_at timestamptz NOT NULL DEFAULT now(),"
           " PRIMARY KEY (set_name, number));";
}

constexpr Statement kApplied{"", "SELECT number, fingerprint FROM migration WHERE set_name = $1"};
constexpr Statement kRecord{
    "", "INSERT INTO migration (set_name, number, name, fingerprint) VALUES ($1, $2, $3, $4)"};

runtime::Task<base::Result<void>> apply(Transaction& tx, std::string set, Migration migration) {
    auto ran = co_await tx.script(std::string{migration.sql});
    if (!ran) co_return std::unexpected(std::move(ran).error().during(migration.name));
    auto recorded =
        co_await tx.execute(kRecord, set, migration.number, migration.name, fingerprint(migration.sql));
    if (!recorded) co_return std::unexpected(std::move(recorded).error().during(migration.name));
    co_return base::ok();
}

runtime::Task<base::Result<void>> migrate_in(Transaction& tx, std::string schema,
                                             std::span<const Migration> migrations, std::string set) {
    auto prepared = co_await tx.script(preparation(schema));
    if (!prepared) co_return prepared;
    auto rows = co_await tx.execute(kApplied, set);
    if (!rows) co_return std::unexpected(std::move(rows).error());
    std::map<int, std::int64_t> applied;
    for (const auto row : *rows) applied.emplace(row.get<std::int32_t>(0), row.get<std::int64_t>(1));
    for (const auto& migration : migrations) {
        const auto found = applied.find(migration.number);
        if (found != applied.end() && found->second != fingerprint(migration.sql)) {
            co_return base::fail(base::ErrorKind::failed_precondition, kMigrationChanged, migration.number,
                                 migration.name,
                                 "was applied with another text: add a new migration instead");
        }
        if (found != applied.end()) continue;
        auto done = co_await apply(tx, set, migration);
        if (!done) co_return done;
    }
    co_return co_await tx.commit();
}

}  // namespace

runtime::Task<base::Result<void>> migrate(Pool& pool, std::string schema,
                                          std::span<const Migration> migrations, std::string set) {
    BASE_ASSERT(std::ranges::is_sorted(migrations, {}, &Migration::number));
    auto tx = co_await pool.begin();
    if (!tx) co_return std::unexpected(std::move(tx).error().during("migrate " + schema));
    auto done = co_await migrate_in(*tx, schema, migrations, std::move(set));
    if (!done) co_return std::unexpected(std::move(done).error().during("migrate " + schema));
    co_return base::ok();
}

}  // namespace bandstand::postgres
