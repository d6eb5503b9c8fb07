#include "outbox/outbox.hpp"

#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "postgres/migrate.hpp"

namespace bandstand::outbox {
namespace {

using messaging::Message;
using messaging::TopicSpec;
using postgres::Statement;

constexpr std::array kMigrations{postgres::Migration{1, "outbox", R"sql(
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    partitions integer NOT NULL,
    compacted boolean NOT NULL,
    key text NOT NULL,
    payload bytea NOT NULL,
    event_id text NOT NULL,
    headers text[] NOT NULL  -- name, value, name, value, …
);

CREATE TABLE inbox (
    consumer text NOT NULL,
    event_id text NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, event_id)
);
CREATE INDEX inbox_by_age ON inbox (seen_at);
)sql"}};

constexpr Statement kAppend{
    "outbox_append",
    "INSERT INTO outbox (topic, partitions, compacted, key, payload, event_id, headers)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7)"};
constexpr Statement kTellRelay{"outbox_tell_relay", "SELECT pg_notify('outbox', current_schema())"};

// The lock is per schema. The database only locks numbers, so the schema's name is hashed; two schemas that
// collide would merely take turns.
constexpr Statement kTakeTurn{"outbox_take_turn",
                              "SELECT pg_try_advisory_xact_lock(1868985976, hashtext(current_schema()))"};
constexpr Statement kOldest{
    "outbox_oldest",
    "SELECT id, topic, partitions, compacted, key, payload, event_id, headers FROM"
    " (SELECT *, sum(octet_length(payload)) OVER (ORDER BY id) - octet_length(payload) AS before FROM"
    " (SELECT * FROM outbox ORDER BY id LIMIT $1) oldest) sized WHERE before < $2 ORDER BY id"};
constexpr Statement kDelete{"outbox_delete", "DELETE FROM outbox WHERE id = ANY ($1::bigint[])"};
constexpr Statement kMark{"inbox_mark",
                          "INSERT INTO inbox (consumer, event_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"};
constexpr Statement kForget{"inbox_forget", "DELETE FROM inbox WHERE seen_at < now() - interval '7 days'"};

constexpr std::size_t kBatchMessages = 200;
constexpr std::size_t kBatchBytes = messaging::kMaxPublishBytes - messaging::kMaxPayloadBytes;
constexpr base::Duration kPoll = std::chrono::seconds{1};  // should a notification be missed
constexpr base::Duration kForgetInterval = std::chrono::hours{1};

std::vector<std::string> flatten(const messaging::Headers& headers) {
    std::vector<std::string> flat;
    for (const auto& [name, value] : headers) flat.insert(flat.end(), {name, value});
    return flat;
}

messaging::Headers unflatten(std::vector<std::string> flat) {
    messaging::Headers headers;
    for (std::size_t i = 0; i + 1 < flat.size(); i += 2) {
        headers.emplace_back(std::move(flat[i]), std::move(flat[i + 1]));
    }
    return headers;
}

/// What one turn of the relay takes out.
struct Load {
    struct Stream {
        TopicSpec topic;
        std::vector<Message> messages;
    };
    std::vector<std::int64_t> ids;
    std::map<std::string, Stream> streams;  // each in the order of appending
};

Load to_load(const postgres::Rows& rows) {
    Load load;
    for (const auto row : rows) {
        load.ids.push_back(row.get<std::int64_t>(0));
        auto& stream = load.streams[row.get<std::string>(1)];
        stream.topic = {.name = row.get<std::string>(1),
                        .partitions = row.get<std::int32_t>(2),
                        .compacted = row.get<bool>(3)};
        const auto payload = row.get<base::Bytes>(5);
        stream.messages.push_back({.key = row.get<std::string>(4),
                                   .payload = std::string{base::as_text(payload)},
                                   .event_id = row.get<std::string>(6),
                                   .headers = unflatten(row.get<std::vector<std::string>>(7))});
    }
    return load;
}

/// One turn: whatever is there, up to a batch, within one transaction that holds the lock. True when there
/// may be more.
runtime::Task<base::Result<bool>> relay_batch(postgres::Pool& pool, messaging::Bus& bus) {
    auto tx = co_await pool.begin();
    if (!tx) co_return std::unexpected(std::move(tx).error());
    postgres::Batch look;
    look.add(kTakeTurn);
    look.add(kOldest, kBatchMessages, kBatchBytes);
    auto answers = co_await tx->execute(std::move(look));
    if (!answers) co_return std::unexpected(std::move(answers).error());
    const bool our_turn = answers->front()[0].get<bool>(0);
    if (!our_turn || answers->back().empty()) co_return false;
    auto load = to_load(answers->back());
    for (auto& [name, stream] : load.streams) {
        auto published = co_await bus.publish(stream.topic, std::move(stream.messages));
        if (!published) co_return std::unexpected(std::move(published).error());
    }
    auto deleted = co_await tx->execute(kDelete, load.ids);
    if (!deleted) co_return std::unexpected(std::move(deleted).error());
    auto committed = co_await tx->commit();
    if (!committed) co_return std::unexpected(std::move(committed).error());
    co_return true;
}

/// When the relay should look again, and since when it fails.
class Pace {
public:
    explicit Pace(const runtime::Context& context) : context_{context}, wake_{context.executor()} {}

    void poke() {
        poked_ = true;
        wake_.cancel();
    }
    runtime::Task<void> wait(const base::Result<bool>& outcome) {
        note(outcome);
        if (outcome && (*outcome || poked_)) {
            poked_ = false;
            co_return;
        }
        boost::system::error_code ignored;
        wake_.expires_after(kPoll);
        co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        poked_ = false;
    }

private:
    void note(const base::Result<bool>& outcome) {
        if (outcome.has_value() != failing_) return;
        failing_ = !outcome;
        const auto& log = context_.observer().log();
        if (outcome) {
            log.info("outbox_recovered");
        } else {
            log.warn("outbox_failing", {{"detail", outcome.error().describe()}});
        }
    }

    const runtime::Context& context_;
    asio::steady_timer wake_;
    bool poked_ = false;
    bool failing_ = false;
};

}  // namespace

runtime::Task<base::Result<void>> migrate(postgres::Pool& pool) {
    BASE_ASSERT(!pool.options().schema.empty());
    co_return co_await postgres::migrate(pool, pool.options().schema, kMigrations, "outbox");
}

runtime::Task<base::Result<void>> append(postgres::Transaction& tx, TopicSpec topic, Message message) {
    std::vector<Message> one;
    one.push_back(std::move(message));
    if (auto good = messaging::check(topic, one); !good) co_return good;
    const auto& checked = one.front();
    postgres::Batch batch;
    batch.add(kAppend, topic.name, topic.partitions, topic.compacted, checked.key,
              base::as_bytes(checked.payload), checked.event_id, flatten(checked.headers));
    batch.add(kTellRelay);
    auto done = co_await tx.execute(std::move(batch));
    if (!done) co_return std::unexpected(std::move(done).error().during("append to the outbox"));
    co_return base::ok();
}

runtime::Task<base::Result<void>> relay(runtime::Context context, postgres::Pool& pool, messaging::Bus& bus) {
    Pace pace{context};
    const auto handle = pool.listen("outbox", [&](std::string_view schema) {
        if (schema.empty() || schema == pool.options().schema) pace.poke();
    });
    auto forget_at = std::chrono::steady_clock::now();
    while (true) {
        auto outcome = co_await relay_batch(pool, bus);
        if (outcome && std::chrono::steady_clock::now() >= forget_at) {
            forget_at = std::chrono::steady_clock::now() + kForgetInterval;
            auto forgotten = co_await pool.execute(kForget);
            if (!forgotten) outcome = std::unexpected(std::move(forgotten).error());
        }
        co_await pace.wait(outcome);
    }
}

runtime::Task<base::Result<bool>> first_time(postgres::Transaction& tx, std::string consumer,
                                             std::string event_id) {
    auto marked = co_await tx.execute(kMark, consumer, event_id);
    if (!marked) co_return std::unexpected(std::move(marked).error().during("mark event as done"));
    co_return marked->affected() == 1;
}

}  // namespace bandstand::outbox
