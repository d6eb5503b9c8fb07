#pragma once

#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <vector>

#include "lanes.hpp"
#include "leases.hpp"
#include "log.hpp"

namespace bandstand::messaging {

/// One member of a group on the PostgreSQL log: one coroutine that keeps the leases, shares the partitions
/// with the other members, fetches for the lanes, and commits how far they have come.
///
/// The database being away stops none of the handlers: an owner loses a partition only when the table says
/// so.
class PostgresConsumer {
public:
    PostgresConsumer(runtime::Context context, postgres::Pool& pool, PostgresBusOptions options,
                     Subscription subscription, Handler& handler);

    runtime::Task<base::Result<void>> run();
    void stop();

private:
    using Time = std::chrono::steady_clock::time_point;

    runtime::Task<base::Result<void>> step();
    runtime::Task<base::Result<void>> tick();
    runtime::Task<base::Result<void>> rebalance(const Leases::View& view);
    runtime::Task<base::Result<void>> rebalance_topic(TopicSpec topic, const Leases::View& view);
    void close_lost_lanes(const Leases::View& view);
    void close_surplus(const std::string& topic, int count);
    runtime::Task<base::Result<void>> release_ended();
    runtime::Task<base::Result<void>> fetch();
    void hand_over(std::vector<PostgresLog::Found> found);
    runtime::Task<base::Result<void>> commit();
    runtime::Task<void> clean();
    void note(const base::Result<void>& outcome);
    runtime::Task<void> wait(base::Result<void> outcome);
    runtime::Task<void> leave();
    Time next_wake() const;
    void poke();
    void look(std::string_view where);

    runtime::Context context_;
    postgres::Pool& pool_;
    PostgresBusOptions options_;
    Subscription subscription_;
    Leases leases_;
    PostgresLog log_;
    Lanes lanes_;
    asio::steady_timer wake_;
    Time next_tick_{};
    Time next_clean_{};
    std::optional<Time> commit_due_;
    base::Duration pause_{};
    bool joined_ = false;
    bool stopping_ = false;
    bool poked_ = false;
};

}  // namespace bandstand::messaging
