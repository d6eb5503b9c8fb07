#pragma once

#include <string>

#include "ports/players.hpp"
#include "postgres/pool.hpp"
#include "runtime/context.hpp"

namespace bandstand::audio {

/// Players in schema `audio`, their facts in its outbox.
class PostgresPlayers final : public ports::Players {
public:
    PostgresPlayers(runtime::Context context, postgres::Pool& pool)
        : context_{std::move(context)}, pool_{pool} {}

    /// Creates the schema, the bus's and the outbox's.
    static runtime::Task<base::Result<void>> migrate(postgres::Pool& pool);

    /// Asks the database every few seconds whether it is there, until stopped.
    runtime::Task<base::Result<void>> watch();
    /// Why players cannot be saved now; empty = they can.
    const std::string& why_not_ready() const { return why_not_ready_; }

    runtime::Task<base::Result<std::optional<ports::SavedPlayer>>> find(domain::PlayerKey key) override;
    runtime::Task<base::Result<std::vector<ports::SavedPlayer>>> playing(int partition) override;
    runtime::Task<base::Result<bool>> save(ports::Change change) override;
    runtime::Task<base::Result<void>> save_positions(std::vector<ports::PositionRow> rows) override;

private:
    runtime::Task<base::Result<void>> write(postgres::Transaction& tx, const ports::Change& change);

    runtime::Context context_;
    postgres::Pool& pool_;
    std::string why_not_ready_;
};

}  // namespace bandstand::audio
