#pragma once

// For tests only, in lib::postgres_testing.

#include <string>

#include "base/secret.hpp"

namespace bandstand::postgres::testing {

/// A PostgreSQL server of this test process alone: private directory, Unix socket, no fsync. Started at first
/// use (about 0.2 s; the first on a machine also runs initdb, 1 s), stopped and removed when the process ends
/// in whatever way. Binaries come from BANDSTAND_PG_BIN or /usr/lib/postgresql/15/bin. Under root it runs as
/// the user `postgres`, because it refuses root.
class PrivatePostgres {
public:
    /// Blocks; ends the process with a message when the server cannot be started.
    static PrivatePostgres& instance();

    /// Makes an empty database of its own for one test; returns its URL.
    base::Secret fresh_database();
    /// Stops the server at once, as a crash would, and starts it again on the same data and socket. Blocks.
    void crash_and_restart();
    /// The same in two steps, for tests of an outage.
    void crash();
    void start();

private:
    PrivatePostgres();

    std::string directory_;
    int process_ = 0;
    int guard_ = -1;  // writing end of the janitor's pipe
    int databases_ = 0;
};

}  // namespace bandstand::postgres::testing
