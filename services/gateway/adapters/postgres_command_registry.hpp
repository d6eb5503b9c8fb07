#pragma once

#include "ports/command_registry.hpp"
#include "postgres/pool.hpp"

namespace bandstand::gateway {

/// Schema `gateway`.
class PostgresCommandRegistry final : public ports::CommandRegistry {
public:
    explicit PostgresCommandRegistry(postgres::Pool& pool) : pool_{pool} {}
    /// Applies the migrations.
    static runtime::Task<base::Result<void>> migrate(postgres::Pool& pool);

    runtime::Task<base::Result<std::optional<std::string>>> fingerprint(
        base::ApplicationId application) override;
    runtime::Task<base::Result<void>> remember(base::ApplicationId application,
                                               std::string fingerprint) override;

private:
    postgres::Pool& pool_;
};

}  // namespace bandstand::gateway
