#include "log.hpp"

#include <map>
#include <string>
#include <utility>

#include "headers.hpp"

namespace bandstand::messaging {
namespace {

using postgres::Batch;
using postgres::Statement;

constexpr Statement kAppend{
    "bus_append",
    "WITH slot AS (UPDATE bus.partition SET next_position = next_position + 1 WHERE topic = $1 AND partition "
    "= $2"
    " RETURNING next_position - 1 AS position)"
    " INSERT INTO bus.message (topic, partition, position, key, payload, event_id, headers)"
    " SELECT $1, $2, position, $3, $4, $5, $6 FROM slot"};
constexpr Statement kTellConsumers{"bus_tell_consumers", "SELECT pg_notify('bus_message', $1)"};

// `before` is the size of the messages before this one, so the first is always within the limit.
constexpr Statement kFetch{
    "bus_fetch",
    "SELECT w.topic, w.partition, m.position, m.key, m.payload, m.event_id, m.headers, m.published_at"
    " FROM unnest($1::integer[], $2::integer[], $3::bigint[]) AS w (topic, partition, start) CROSS JOIN "
    "LATERAL"
    " (SELECT n.*, sum(octet_length(n.payload)) OVER (ORDER BY n.position) - octet_length(n.payload) AS "
    "before FROM"
    " (SELECT * FROM bus.message WHERE topic = w.topic AND partition = w.partition AND position >= w.start"
    " ORDER BY position LIMIT $4) n) m"
    " WHERE m.before < $5 ORDER BY w.topic, w.partition, m.position"};

constexpr Statement kMayClean{"bus_may_clean", "SELECT pg_try_advisory_xact_lock(7205759403792793602)"};
// The oldest are looked at first, and the age is checked after the limit: nothing old costs one look a
// partition.
constexpr Statement kClean{
    "bus_clean",
    "WITH low AS (SELECT c.topic, c.partition, min(c.next_position) AS position FROM bus.claim c"
    " JOIN bus.topic t ON t.id = c.topic AND NOT t.compacted GROUP BY c.topic, c.partition),"
    " old AS (SELECT m.topic, m.partition, m.position FROM low CROSS JOIN LATERAL"
    " (SELECT * FROM bus.message n WHERE n.topic = low.topic AND n.partition = low.partition"
    " AND n.position < low.position ORDER BY n.position LIMIT $2) m WHERE m.published_at < $1)"
    " DELETE FROM bus.message m USING old WHERE m.topic = old.topic AND m.partition = old.partition"
    " AND m.position = old.position"};
constexpr Statement kCompact{
    "bus_compact",
    "WITH low AS (SELECT c.topic, c.partition, min(c.next_position) AS position FROM bus.claim c"
    " JOIN bus.topic t ON t.id = c.topic AND t.compacted GROUP BY c.topic, c.partition),"
    " newest AS (SELECT m.topic, m.partition, m.key, max(m.position) AS position FROM bus.message m"
    " JOIN bus.topic t ON t.id = m.topic AND t.compacted GROUP BY m.topic, m.partition, m.key)"
    " DELETE FROM bus.message m USING newest, low WHERE m.topic = newest.topic AND m.partition = "
    "newest.partition"
    " AND m.key = newest.key AND m.position < newest.position AND low.topic = m.topic"
    " AND low.partition = m.partition AND m.position < low.position AND m.published_at < $1"};
constexpr Statement kForgetTheDead{"bus_forget_the_dead",
                                   "DELETE FROM bus.member WHERE expires_at < now() - interval '1 hour'"};
constexpr std::int64_t kCleanAtOnce = 500;  // messages of a partition: a short transaction

}  // namespace

runtime::Task<base::Result<void>> PostgresLog::append(std::int32_t topic, int partitions,
                                                      std::vector<Message> messages) {
    // By partition, ascending, so that two producers cannot lock each other out.
    std::map<int, std::vector<Message>> placed;
    for (auto& message : messages)
        placed[partition_of(message.key, partitions)].push_back(std::move(message));
    Batch batch;
    for (const auto& [partition, own] : placed) {
        for (const auto& message : own) {
            batch.add(kAppend, topic, partition, message.key, base::as_bytes(message.payload),
                      message.event_id, flatten(message.headers));
        }
        batch.add(kTellConsumers, base::join(topic, partition));
    }
    auto done = co_await pool_.execute(std::move(batch));
    if (!done) co_return std::unexpected(std::move(done).error().during("append to the log"));
    co_return base::ok();
}

runtime::Task<base::Result<std::vector<PostgresLog::Found>>> PostgresLog::fetch(std::vector<Wanted> wanted) {
    std::vector<std::int32_t> topics;
    std::vector<std::int32_t> partitions;
    std::vector<std::int64_t> from;
    for (const auto& want : wanted) {
        topics.push_back(want.topic);
        partitions.push_back(want.partition);
        from.push_back(want.from);
    }
    auto rows = co_await pool_.execute(kFetch, topics, partitions, from, kFetchMessages, kFetchBytes);
    if (!rows) co_return std::unexpected(std::move(rows).error().during("fetch"));
    std::vector<Found> found;
    found.reserve(rows->size());
    for (const auto row : *rows) {
        const auto payload = row.get<base::Bytes>(4);
        found.push_back({.topic = row.get<std::int32_t>(0),
                         .delivery = {.topic = {},
                                      .partition = row.get<std::int32_t>(1),
                                      .offset = row.get<std::int64_t>(2),
                                      .key = row.get<std::string>(3),
                                      .payload = std::string{base::as_text(payload)},
                                      .event_id = row.get<std::string>(5),
                                      .headers = unflatten(row.get<std::vector<std::string>>(6)),
                                      .published_at = row.get<base::WallTime>(7)}});
    }
    co_return found;
}

runtime::Task<base::Result<bool>> PostgresLog::clean(base::Duration retention) {
    const auto before = base::system_clock().wall_now() - retention;
    auto tx = co_await pool_.begin();
    if (!tx) co_return std::unexpected(std::move(tx).error().during("clean the log"));
    auto mine = co_await tx->execute(kMayClean);
    if (!mine) co_return std::unexpected(std::move(mine).error().during("clean the log"));
    if (!(*mine)[0].get<bool>(0)) co_return false;
    Batch batch;
    batch.add(kClean, before, kCleanAtOnce);
    batch.add(kCompact, before);
    batch.add(kForgetTheDead);
    auto done = co_await tx->execute(std::move(batch));
    if (!done) co_return std::unexpected(std::move(done).error().during("clean the log"));
    auto committed = co_await tx->commit();
    if (!committed) co_return std::unexpected(std::move(committed).error());
    co_return done->front().affected() >= kCleanAtOnce;
}

}  // namespace bandstand::messaging
