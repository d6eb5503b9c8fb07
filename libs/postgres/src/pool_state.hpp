#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "connection.hpp"

namespace bandstand::postgres {

class Listener;

/// The connections of a pool and who waits for them. Shared with what is under way, so that a connection
/// given back after the pool has gone is simply closed.
struct Pool::State : std::enable_shared_from_this<Pool::State> {
    State(runtime::Context process, PoolOptions settings);

    /// A connection, in the order of asking. Its deleter gives it back.
    runtime::Task<base::Result<std::shared_ptr<Connection>>> acquire();
    void give_back(std::unique_ptr<Connection> connection);
    void close();
    /// One line in the log when the database goes away, and one when it is back.
    void note(const base::Result<void>& reached);

    runtime::Context context;
    PoolOptions options;
    std::vector<std::unique_ptr<Connection>> idle;
    std::size_t open = 0;  ///< idle, in use and being opened
    bool closed = false;
    bool reachable = true;
    std::shared_ptr<Listener> listener;

private:
    class Place;
    runtime::Task<base::Result<void>> wait_for_turn();
    runtime::Task<base::Result<std::unique_ptr<Connection>>> take_or_open();
    bool can_serve() const { return !idle.empty() || open < options.size; }
    void put_idle(std::unique_ptr<Connection> connection);
    void forget_one();
    void wake_first();

    std::list<asio::steady_timer> waiting_;
};

}  // namespace bandstand::postgres
