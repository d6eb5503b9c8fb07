#pragma once

#include <libpq-fe.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "postgres/pool.hpp"
#include "result_data.hpp"

namespace bandstand::postgres {

/// One libpq connection in pipeline mode, used by one coroutine at a time.
///
/// A coroutine that is stopped in the middle of an exchange leaves it broken: it must then be thrown away.
class Connection {
public:
    static runtime::Task<base::Result<std::unique_ptr<Connection>>> open(runtime::Context context,
                                                                         PoolOptions options);
    explicit Connection(const runtime::Context& context, base::Duration exchange_limit);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// The next run() or script() begins a transaction first.
    void begin(bool wanted = true) { begin_pending_ = wanted; }
    runtime::Task<base::Result<std::vector<Rows>>> run(Batch batch);
    runtime::Task<base::Result<void>> script(std::string sql);
    runtime::Task<base::Result<void>> commit();
    runtime::Task<base::Result<void>> roll_back();

    /// Looks, without waiting, whether the server has closed it.
    bool alive();
    /// Fit for the next user: nothing under way, no open transaction.
    bool clean() const;
    /// A whole exchange has ended, so a ROLLBACK can make it clean.
    bool can_roll_back() const { return !exchanging_ && PQstatus(link_) == CONNECTION_OK; }

    /// Waits for the next notification; an empty channel when interrupt() was called.
    struct Notification {
        std::string channel;
        std::string payload;
    };
    runtime::Task<base::Result<Notification>> next_notification();
    void interrupt();

private:
    struct Exchange;
    /// What a queued message of the pipeline will answer.
    struct Expected {
        std::string_view statement = {};
        bool prepares = false;
        bool wanted = false;  ///< its rows go to the caller
    };

    runtime::Task<base::Result<void>> connect();
    base::Result<std::vector<Expected>> enqueue(Batch& batch);
    bool enqueue_call(const Batch::Call& call);
    runtime::Task<base::Result<void>> flush();
    runtime::Task<base::Result<ResultPtr>> next_result();
    runtime::Task<base::Result<std::vector<Rows>>> collect(std::vector<Expected> expected);
    runtime::Task<base::Result<void>> collect_script();
    runtime::Task<base::Result<void>> wait(asio::posix::descriptor_base::wait_type what);
    runtime::Task<base::Result<void>> wait_either_way();
    std::unexpected<base::Error> lost() const;

    PGconn* link_ = nullptr;
    asio::posix::stream_descriptor socket_;
    asio::steady_timer alarm_;
    base::Duration exchange_limit_;
    std::set<std::string_view> prepared_;
    std::shared_ptr<Connection*> self_ =
        std::make_shared<Connection*>(this);  // tells late handlers that we are gone
    bool begin_pending_ = false;
    bool exchanging_ = false;
    bool timed_out_ = false;
    bool interrupted_ = false;
};

}  // namespace bandstand::postgres
