#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "postgres/errors.hpp"
#include "postgres/rows.hpp"
#include "postgres/statement.hpp"
#include "runtime/context.hpp"
#include "runtime/task.hpp"

namespace bandstand::postgres {

struct PoolOptions {
    base::Secret url;      ///< postgresql://user@host:port/name, or any libpq connection string
    std::size_t size = 4;  ///< connections at most; opened when needed
    std::string schema =
        {};  ///< becomes the search_path, so that a library's tables land in its service's schema
    std::string name = "bandstand";  ///< application_name, for who looks at pg_stat_activity
    std::size_t max_waiting = 1024;  ///< callers waiting for a connection; one more is told kBusy
    base::Duration acquire_timeout = std::chrono::seconds{5};
    base::Duration connect_timeout = std::chrono::seconds{5};
    base::Duration statement_timeout = std::chrono::seconds{10};
};

class Connection;

/// One transaction on one connection. Begins with its first statement; leaving without commit() rolls back.
class Transaction {
public:
    Transaction(Transaction&&) noexcept = default;
    Transaction& operator=(Transaction&&) noexcept = default;
    ~Transaction() = default;

    template <class... Args>
    runtime::Task<base::Result<Rows>> execute(Statement statement, const Args&... args) {
        return run_one(statement, Params::of(args...));
    }
    /// All in one round trip. After an error the transaction can only be left.
    runtime::Task<base::Result<std::vector<Rows>>> execute(Batch batch);
    /// Several statements in one text, without parameters: for migrations and tests. Not prepared.
    runtime::Task<base::Result<void>> script(std::string sql);
    /// Errors: kRolledBack when a statement had failed; kUnavailable when the connection was lost, and then
    /// nobody knows whether it took effect: what follows must be idempotent.
    runtime::Task<base::Result<void>> commit();

private:
    friend class Pool;
    explicit Transaction(std::shared_ptr<Connection> connection) : connection_{std::move(connection)} {}
    runtime::Task<base::Result<Rows>> run_one(Statement statement, Params params);

    std::shared_ptr<Connection> connection_;  // its deleter gives it back to the pool
};

/// Connections to one database, used from the loop thread. Connects when needed, replaces what was lost.
///
/// A statement that was under way when its connection broke answers kUnavailable and is not repeated: only
/// the caller knows whether that is safe. Destroy it when nothing uses it any more.
class Pool {
public:
    Pool(runtime::Context context, PoolOptions options);
    ~Pool();
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    const PoolOptions& options() const;
    /// Whether the last attempt to get a connection found the database: for /readyz.
    bool reachable() const;

    runtime::Task<base::Result<Transaction>> begin();
    /// One statement, one transaction.
    template <class... Args>
    runtime::Task<base::Result<Rows>> execute(Statement statement, const Args&... args) {
        return run_one(statement, Params::of(args...));
    }
    runtime::Task<base::Result<std::vector<Rows>>> execute(Batch batch);

    /// Calls back with the payload of each NOTIFY on `channel`, until the returned handle is destroyed. Also
    /// calls back, with an empty payload, whenever LISTEN has just taken effect (at first and after each
    /// reconnect): notifications before that are lost, so look for yourself. All channels share one
    /// connection beside the `size` of the pool. `channel` is a plain lower-case identifier. The handle must
    /// not outlive the pool.
    [[nodiscard]] std::shared_ptr<void> listen(std::string channel,
                                               std::function<void(std::string_view)> callback);

    struct State;

private:
    runtime::Task<base::Result<Rows>> run_one(Statement statement, Params params);

    std::shared_ptr<State> state_;
};

}  // namespace bandstand::postgres
