#include <array>

#include "messaging/bus.hpp"
#include "postgres/migrate.hpp"

namespace bandstand::messaging {
namespace {

constexpr std::array kMigrations{postgres::Migration{1, "bus", R"sql(
CREATE TABLE topic (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    partitions integer NOT NULL CHECK (partitions > 0),
    compacted boolean NOT NULL
);

-- The producer's lock: whoever appends to a partition holds its row until the commit, so positions become visible
-- in order and without gaps.
CREATE TABLE partition (
    topic integer NOT NULL REFERENCES topic,
    partition integer NOT NULL,
    next_position bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 30, autovacuum_vacuum_threshold = 1000);

CREATE TABLE message (
    topic integer NOT NULL,
    partition integer NOT NULL,
    position bigint NOT NULL,
    key text NOT NULL,
    payload bytea NOT NULL,
    event_id text NOT NULL,
    headers text[] NOT NULL,  -- name, value, name, value, …
    published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (topic, partition, position)
);

-- Who is alive: a heartbeat a second.
CREATE TABLE member (
    group_name text NOT NULL,
    member text NOT NULL,
    session text NOT NULL,  -- a process that takes the name over has another one
    address text NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (group_name, member)
) WITH (fillfactor = 50);

-- Who owns a partition, and how far the group has come in it. A claim holds as long as its member is alive.
CREATE TABLE claim (
    group_name text NOT NULL,
    topic integer NOT NULL REFERENCES topic,
    partition integer NOT NULL,
    member text,
    epoch bigint NOT NULL DEFAULT 0,  -- grows with each owner; a stale one can no longer commit
    next_position bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (group_name, topic, partition)
) WITH (fillfactor = 30);

CREATE TABLE dead_letter (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    group_name text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    position bigint NOT NULL,
    key text NOT NULL,
    payload bytea NOT NULL,
    event_id text NOT NULL,
    headers text[] NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    attempts integer NOT NULL,
    published_at timestamptz NOT NULL,
    failed_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (group_name, topic, partition, position, event_id)
);
)sql"}};

}  // namespace

runtime::Task<base::Result<void>> migrate(postgres::Pool& pool) {
    co_return co_await postgres::migrate(pool, "bus", kMigrations);
}

}  // namespace bandstand::messaging
