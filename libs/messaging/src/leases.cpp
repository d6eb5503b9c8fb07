#include "leases.hpp"

#include <utility>

#include "base/random.hpp"

namespace bandstand::messaging {
namespace {

using postgres::Batch;
using postgres::Statement;

constexpr Statement kAddTopic{
    "bus_add_topic",
    "INSERT INTO bus.topic (name, partitions, compacted) SELECT $1, $2, $3"
    " WHERE NOT EXISTS (SELECT FROM bus.topic WHERE name = $1) ON CONFLICT DO NOTHING"};
constexpr Statement kFindTopic{"bus_find_topic", "SELECT id, partitions FROM bus.topic WHERE name = $1"};
constexpr Statement kAddPartitions{"bus_add_partitions",
                                   "INSERT INTO bus.partition (topic, partition) SELECT id, "
                                   "generate_series(0, partitions - 1) FROM bus.topic"
                                   " WHERE name = $1 ON CONFLICT DO NOTHING"};

constexpr Statement kFindOwner{
    "bus_find_owner",
    "SELECT m.member, m.address, c.epoch FROM bus.topic t JOIN bus.claim c ON c.topic = t.id"
    " JOIN bus.member m ON m.group_name = c.group_name AND m.member = c.member"
    " WHERE c.group_name = $1 AND t.name = $2 AND c.partition = $3 AND m.expires_at > clock_timestamp()"};

constexpr Statement kJoin{
    "bus_join",
    "INSERT INTO bus.member (group_name, member, session, address, expires_at)"
    " VALUES ($1, $2, $3, $4, clock_timestamp() + $5::bigint * interval '1 millisecond')"
    " ON CONFLICT (group_name, member) DO UPDATE SET session = EXCLUDED.session, address = EXCLUDED.address,"
    " expires_at = EXCLUDED.expires_at"};
constexpr Statement kForgetOldSession{
    "bus_forget_old_session", "UPDATE bus.claim SET member = NULL WHERE group_name = $1 AND member = $2"};
constexpr Statement kAddClaims{
    "bus_add_claims",
    "INSERT INTO bus.claim (group_name, topic, partition) SELECT $1, topic, partition FROM bus.partition"
    " WHERE topic = ANY ($2::integer[]) ON CONFLICT DO NOTHING"};

// Losing a heartbeat in a crash of the server is no loss: it need not wait for the disk.
constexpr Statement kDoNotWaitForDisk{"bus_do_not_wait_for_disk",
                                      "SELECT set_config('synchronous_commit', 'off', true)"};
// An INSERT, because the cleaning may have removed us while we were away.
constexpr Statement kRenew{
    "bus_renew",
    "INSERT INTO bus.member AS m (group_name, member, session, address, expires_at)"
    " VALUES ($1, $2, $3, $4, clock_timestamp() + $5::bigint * interval '1 millisecond')"
    " ON CONFLICT (group_name, member) DO UPDATE SET expires_at = EXCLUDED.expires_at"
    " WHERE m.session = EXCLUDED.session"};
constexpr Statement kMembers{
    "bus_members", "SELECT member FROM bus.member WHERE group_name = $1 AND expires_at > clock_timestamp()"};
constexpr Statement kClaims{
    "bus_claims",
    "SELECT c.topic, c.partition, COALESCE(m.member, ''), c.epoch FROM bus.claim c LEFT JOIN bus.member m"
    " ON m.group_name = c.group_name AND m.member = c.member AND m.expires_at > clock_timestamp()"
    " WHERE c.group_name = $1 AND c.topic = ANY ($2::integer[])"};

constexpr Statement kTakeFree{
    "bus_take_free",
    "WITH free AS (SELECT c.group_name, c.topic, c.partition FROM bus.claim c WHERE c.group_name = $1 AND "
    "c.topic = $2"
    " AND (c.member IS NULL OR (c.member = $4 AND c.partition <> ALL ($5::integer[]))"
    " OR (pg_postmaster_start_time() < clock_timestamp() - $6::bigint * interval '1 millisecond' AND NOT "
    "EXISTS"
    " (SELECT FROM bus.member m WHERE m.group_name = c.group_name AND m.member = c.member"
    " AND m.expires_at > clock_timestamp())))"
    " ORDER BY c.partition LIMIT $3 FOR UPDATE OF c SKIP LOCKED)"
    " UPDATE bus.claim c SET member = $4, epoch = c.epoch + 1 FROM free f WHERE c.group_name = f.group_name"
    " AND c.topic = f.topic AND c.partition = f.partition RETURNING c.partition, c.epoch, c.next_position"};
constexpr Statement kTake{"bus_take",
                          "UPDATE bus.claim SET member = $4, epoch = epoch + 1 WHERE group_name = $1 AND "
                          "topic = $2 AND partition = $3"
                          " RETURNING partition, epoch, next_position"};

// The owner and the epoch stand in the row itself, so a stale owner's update matches nothing.
constexpr Statement kCommit{
    "bus_commit",
    "UPDATE bus.claim c SET next_position = p.next FROM"
    " unnest($3::integer[], $4::integer[], $5::bigint[], $6::bigint[]) AS p (topic, partition, epoch, next)"
    " WHERE c.group_name = $1 AND c.member = $2 AND c.topic = p.topic AND c.partition = p.partition"
    " AND c.epoch = p.epoch AND c.next_position < p.next"};
constexpr Statement kRelease{
    "bus_release",
    "UPDATE bus.claim c SET member = NULL, next_position = GREATEST(c.next_position, p.next) FROM"
    " unnest($3::integer[], $4::integer[], $5::bigint[], $6::bigint[]) AS p (topic, partition, epoch, next)"
    " WHERE c.group_name = $1 AND c.member = $2 AND c.topic = p.topic AND c.partition = p.partition"
    " AND c.epoch = p.epoch"};
constexpr Statement kLeave{"bus_leave",
                           "DELETE FROM bus.member WHERE group_name = $1 AND member = $2 AND session = $3"};
constexpr Statement kTellGroup{"bus_tell_group", "SELECT pg_notify('bus_group', $1)"};

std::int64_t milliseconds(base::Duration duration) {
    return std::chrono::ceil<std::chrono::milliseconds>(duration).count();
}

}  // namespace

runtime::Task<base::Result<std::int32_t>> ensure_topic(postgres::Pool& pool, TopicSpec topic) {
    Batch batch;
    batch.add(kAddTopic, topic.name, topic.partitions, topic.compacted);
    batch.add(kAddPartitions, topic.name);
    batch.add(kFindTopic, topic.name);
    auto done = co_await pool.execute(std::move(batch));
    if (!done) co_return std::unexpected(std::move(done).error().during("register topic " + topic.name));
    if (done->back().empty()) {  // another process registers it in this moment
        co_return base::fail(base::ErrorKind::unavailable, kBusUnavailable, "topic", topic.name,
                             "is being made");
    }
    const auto row = done->back()[0];
    if (row.get<std::int32_t>(1) != topic.partitions) {
        co_return base::fail(base::ErrorKind::failed_precondition, kPartitionMismatch, "topic", topic.name,
                             "has", row.get<std::int32_t>(1), "partitions and not", topic.partitions,
                             "- keys would change their partition: make a topic with a new name");
    }
    co_return row.get<std::int32_t>(0);
}

runtime::Task<base::Result<std::optional<Owner>>> find_owner(postgres::Pool& pool, std::string group,
                                                             TopicSpec topic, std::string key) {
    auto rows = co_await pool.execute(kFindOwner, group, topic.name, partition_of(key, topic.partitions));
    if (!rows) co_return std::unexpected(std::move(rows).error().during("find owner"));
    if (rows->empty()) co_return std::nullopt;
    const auto row = (*rows)[0];
    co_return Owner{.member = row.get<std::string>(0),
                    .address = row.get<std::string>(1),
                    .epoch = row.get<std::int64_t>(2)};
}

Leases::Leases(postgres::Pool& pool, const Subscription& subscription, base::Duration lease)
    : pool_{pool},
      subscription_{subscription},
      lease_{lease},
      session_{base::make_uuid(base::system_clock().wall_now())} {}

runtime::Task<base::Result<void>> Leases::join() {
    std::vector<std::int32_t> topics;
    for (const auto& topic : subscription_.topics) {
        auto id = co_await ensure_topic(pool_, topic);
        if (!id) co_return std::unexpected(std::move(id).error());
        ids_[topic.name] = *id;
        names_[*id] = topic.name;
        topics.push_back(*id);
    }
    Batch batch;
    batch.add(kJoin, subscription_.group, subscription_.member, session_, subscription_.advertised_address,
              milliseconds(lease_));
    batch.add(kForgetOldSession, subscription_.group, subscription_.member);
    batch.add(kAddClaims, subscription_.group, topics);
    batch.add(kTellGroup, subscription_.group);
    auto done = co_await pool_.execute(std::move(batch));
    if (!done) co_return std::unexpected(std::move(done).error().during("join group " + subscription_.group));
    co_return base::ok();
}

runtime::Task<base::Result<Leases::View>> Leases::renew() {
    std::vector<std::int32_t> topics;
    topics.reserve(names_.size());
    for (const auto& [id, name] : names_) topics.push_back(id);
    Batch batch;
    batch.add(kDoNotWaitForDisk);
    batch.add(kRenew, subscription_.group, subscription_.member, session_, subscription_.advertised_address,
              milliseconds(lease_));
    batch.add(kMembers, subscription_.group);
    batch.add(kClaims, subscription_.group, topics);
    auto done = co_await pool_.execute(std::move(batch));
    if (!done) co_return std::unexpected(std::move(done).error().during("renew leases"));
    if ((*done)[1].affected() == 0) {
        co_return base::fail(base::ErrorKind::conflict, kMemberReplaced, "another process has joined group",
                             subscription_.group, "as", subscription_.member,
                             "- give each process its own SERVICE_INSTANCE");
    }
    View view;
    for (const auto row : (*done)[2]) view.members.push_back(row.get<std::string>(0));
    for (const auto row : (*done)[3]) {
        view.claims.push_back({.topic = names_.at(row.get<std::int32_t>(0)),
                               .partition = row.get<std::int32_t>(1),
                               .member = row.get<std::string>(2),
                               .epoch = row.get<std::int64_t>(3)});
    }
    co_return view;
}

runtime::Task<base::Result<std::vector<Leases::Taken>>> Leases::take_free(std::string topic, int count,
                                                                          std::vector<int> held) {
    auto rows = co_await pool_.execute(kTakeFree, subscription_.group, ids_.at(topic), count,
                                       subscription_.member, held, milliseconds(lease_));
    if (!rows) co_return std::unexpected(std::move(rows).error().during("take partitions"));
    std::vector<Taken> taken;
    for (const auto row : *rows) {
        taken.push_back({.ownership = {.topic = topic,
                                       .partition = row.get<std::int32_t>(0),
                                       .epoch = row.get<std::int64_t>(1)},
                         .next_position = row.get<std::int64_t>(2)});
    }
    co_return taken;
}

runtime::Task<base::Result<Leases::Taken>> Leases::take(std::string topic, int partition) {
    auto rows =
        co_await pool_.execute(kTake, subscription_.group, ids_.at(topic), partition, subscription_.member);
    if (!rows) co_return std::unexpected(std::move(rows).error().during("take partition"));
    if (rows->empty()) {
        co_return base::fail(base::ErrorKind::failed_precondition, kPartitionMismatch, "topic", topic,
                             "has no partition", partition, "in the registry");
    }
    co_return Taken{
        .ownership = {.topic = topic, .partition = partition, .epoch = (*rows)[0].get<std::int64_t>(1)},
        .next_position = (*rows)[0].get<std::int64_t>(2)};
}

namespace {

/// The arguments of kCommit and kRelease.
struct Columns {
    std::vector<std::int32_t> topics;
    std::vector<std::int32_t> partitions;
    std::vector<std::int64_t> epochs;
    std::vector<std::int64_t> next;
};

Columns columns_of(const std::vector<Leases::Position>& positions,
                   const std::map<std::string, std::int32_t>& ids) {
    Columns columns;
    for (const auto& position : positions) {
        columns.topics.push_back(ids.at(position.topic));
        columns.partitions.push_back(position.partition);
        columns.epochs.push_back(position.epoch);
        columns.next.push_back(position.next);
    }
    return columns;
}

}  // namespace

runtime::Task<base::Result<std::size_t>> Leases::commit(std::vector<Position> positions) {
    const auto columns = columns_of(positions, ids_);
    auto done = co_await pool_.execute(kCommit, subscription_.group, subscription_.member, columns.topics,
                                       columns.partitions, columns.epochs, columns.next);
    if (!done) co_return std::unexpected(std::move(done).error().during("commit positions"));
    co_return static_cast<std::size_t>(done->affected());
}

runtime::Task<base::Result<void>> Leases::release(std::vector<Position> positions) {
    const auto columns = columns_of(positions, ids_);
    Batch batch;
    batch.add(kRelease, subscription_.group, subscription_.member, columns.topics, columns.partitions,
              columns.epochs, columns.next);
    batch.add(kTellGroup, subscription_.group);
    auto done = co_await pool_.execute(std::move(batch));
    if (!done) co_return std::unexpected(std::move(done).error().during("release partitions"));
    co_return base::ok();
}

runtime::Task<base::Result<void>> Leases::leave() {
    Batch batch;
    batch.add(kLeave, subscription_.group, subscription_.member, session_);
    batch.add(kTellGroup, subscription_.group);
    auto done = co_await pool_.execute(std::move(batch));
    if (!done) co_return std::unexpected(std::move(done).error().during("leave group"));
    co_return base::ok();
}

}  // namespace bandstand::messaging
