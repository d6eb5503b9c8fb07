#include "adapters/postgres_command_registry.hpp"

#include <utility>

#include "adapters/migrations.hpp"
#include "postgres/migrate.hpp"

namespace bandstand::gateway {
namespace {

constexpr postgres::Statement kFind{
    "gateway_find_registration",
    "SELECT fingerprint FROM gateway.command_registration WHERE application_id = $1"};

constexpr postgres::Statement kRemember{
    "gateway_remember_registration",
    "INSERT INTO gateway.command_registration (application_id, fingerprint) VALUES ($1, $2) "
    "ON CONFLICT (application_id) DO UPDATE SET fingerprint = EXCLUDED.fingerprint, registered_at = now()"};

}  // namespace

runtime::Task<base::Result<void>> PostgresCommandRegistry::migrate(postgres::Pool& pool) {
    return postgres::migrate(pool, "gateway", kMigrations);
}

runtime::Task<base::Result<std::optional<std::string>>> PostgresCommandRegistry::fingerprint(
    base::ApplicationId application) {
    auto rows = co_await pool_.execute(kFind, application);
    if (!rows) co_return std::unexpected(std::move(rows).error().during("find registration"));
    if (rows->empty()) co_return std::optional<std::string>{};
    co_return (*rows)[0].get<std::string>(0);
}

runtime::Task<base::Result<void>> PostgresCommandRegistry::remember(base::ApplicationId application,
                                                                    std::string fingerprint) {
    auto saved = co_await pool_.execute(kRemember, application, fingerprint);
    if (!saved) co_return std::unexpected(std::move(saved).error().during("remember registration"));
    co_return base::ok();
}

}  // namespace bandstand::gateway
