#pragma once

#include <string>

#include "messaging/bus.hpp"
#include "postgres/pool.hpp"

namespace bandstand::outbox {

/// Creates the tables `outbox` and `inbox` in the pool's schema (PoolOptions::schema, which must be set).
runtime::Task<base::Result<void>> migrate(postgres::Pool& pool);

/// Queues `message` for `topic` within `tx`: it is published if and only if the transaction commits.
runtime::Task<base::Result<void>> append(postgres::Transaction& tx, messaging::TopicSpec topic,
                                         messaging::Message message);

/// Publishes what was appended in the pool's schema until stopped, in the order of appending for each key,
/// and deletes it once the bus has it. Wakes at the commit of an append; any number of processes may run it,
/// one works at a time. A crash between publishing and deleting publishes again: consumers dedupe by event
/// id.
runtime::Task<base::Result<void>> relay(runtime::Context context, postgres::Pool& pool, messaging::Bus& bus);

/// Marks an event as done by `consumer` within `tx`, so that its effects and the mark commit together.
/// False: it was done before, do nothing. Marks are kept for a week.
runtime::Task<base::Result<bool>> first_time(postgres::Transaction& tx, std::string consumer,
                                             std::string event_id);

}  // namespace bandstand::outbox
