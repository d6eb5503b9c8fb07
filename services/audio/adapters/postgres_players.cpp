#include "adapters/postgres_players.hpp"

#include <array>
#include <chrono>
#include <string>
#include <utility>

#include "adapters/migrations.hpp"
#include "adapters/playback_codec.hpp"
#include "adapters/snapshot_json.hpp"
#include "contracts/meta.hpp"
#include "contracts/topics.hpp"
#include "observe/observer.hpp"
#include "outbox/outbox.hpp"
#include "postgres/migrate.hpp"

namespace bandstand::audio {
namespace {

constexpr std::string_view kSchema = "audio";
constexpr std::string_view kConsumer = "audio.player";

constexpr std::chrono::seconds kWatch{5};

constexpr postgres::Statement kAreYouThere{"audio_are_you_there", "SELECT 1"};

constexpr postgres::Statement kFindPlayer{
    "audio_find_player",
    "SELECT guild_id, bot_id, voice_channel_id, voice_bitrate, text_channel_id, position_ms, volume_percent, "
    "paused, "
    "next_entry_id, queue_version, queue FROM audio.player WHERE guild_id = $1 AND bot_id = $2"};

constexpr postgres::Statement kFindPlaying{
    "audio_find_playing",
    "SELECT guild_id, bot_id, voice_channel_id, voice_bitrate, text_channel_id, position_ms, volume_percent, "
    "paused, "
    "next_entry_id, queue_version, queue FROM audio.player WHERE partition = $1 AND voice_channel_id <> 0"};

// The epoch guard turns a write of a former owner into an error instead of a lost update.
constexpr postgres::Statement kSavePlayer{
    "audio_save_player",
    "INSERT INTO audio.player AS held (guild_id, bot_id, partition, epoch, voice_channel_id, voice_bitrate, "
    "text_channel_id, position_ms, volume_percent, paused, next_entry_id, queue_version, queue, saved_at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, now()) "
    "ON CONFLICT (guild_id, bot_id) DO UPDATE SET partition = EXCLUDED.partition, epoch = EXCLUDED.epoch, "
    "voice_channel_id = EXCLUDED.voice_channel_id, voice_bitrate = EXCLUDED.voice_bitrate, "
    "text_channel_id = EXCLUDED.text_channel_id, position_ms = EXCLUDED.position_ms, "
    "volume_percent = EXCLUDED.volume_percent, paused = EXCLUDED.paused, next_entry_id = "
    "EXCLUDED.next_entry_id, "
    "queue_version = EXCLUDED.queue_version, queue = EXCLUDED.queue, saved_at = EXCLUDED.saved_at "
    "WHERE held.epoch <= EXCLUDED.epoch"};

constexpr postgres::Statement kForgetPlayer{
    "audio_forget_player", "DELETE FROM audio.player WHERE guild_id = $1 AND bot_id = $2 AND epoch <= $3"};

// A position belongs to the entry that was current when it was read: another queue version, another entry.
constexpr postgres::Statement kSavePositions{
    "audio_save_positions",
    "UPDATE audio.player AS held SET position_ms = heard.position_ms, saved_at = now() "
    "FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) "
    "AS heard (guild_id, bot_id, epoch, queue_version, position_ms) "
    "WHERE held.guild_id = heard.guild_id AND held.bot_id = heard.bot_id AND held.epoch = heard.epoch "
    "AND held.queue_version = heard.queue_version"};

base::Result<ports::SavedPlayer> read(const postgres::Row& row) {
    ports::SavedPlayer saved{
        .key = {row.get<base::GuildId>(0), row.get<base::UserId>(1)},
        .snapshot = {.queue_version = static_cast<std::uint64_t>(row.get<std::int64_t>(9)),
                     .next_entry = row.get<domain::EntryId>(8),
                     .position = domain::Milliseconds{row.get<std::int64_t>(5)},
                     .volume_percent = static_cast<std::uint32_t>(row.get<std::int32_t>(6)),
                     .paused = row.get<bool>(7),
                     .voice_channel = row.get<base::ChannelId>(2),
                     .bitrate = static_cast<std::uint32_t>(row.get<std::int64_t>(3)),
                     .text_channel = row.get<base::ChannelId>(4)}};
    auto filled = from_json(row.get<base::Bytes>(10), saved.snapshot);
    if (!filled)
        return std::unexpected(std::move(filled).error().during(base::join("guild", saved.key.guild)));
    return saved;
}

messaging::Message message_of(const runtime::Context& context, const ports::Change& change,
                              const domain::Fact& fact) {
    auto event = to_proto(change.key, fact);
    const auto* answered = std::get_if<domain::Answered>(&fact);
    const auto& traceparent = answered ? answered->ask.traceparent : change.traceparent;
    // One command has one answer: whoever publishes it twice publishes the same event.
    auto event_id = answered ? "answer:" + answered->ask.event_id : std::string{};
    *event.mutable_meta() = contracts::make_meta(context.clock(), "audio", traceparent, std::move(event_id));
    messaging::Message message{.key = contracts::guild_key(change.key.guild),
                               .payload = event.SerializeAsString(),
                               .event_id = event.meta().event_id()};
    if (!traceparent.empty()) message.headers.emplace_back("traceparent", traceparent);
    return message;
}

}  // namespace

runtime::Task<base::Result<void>> PostgresPlayers::migrate(postgres::Pool& pool) {
    auto own = co_await postgres::migrate(pool, std::string{kSchema}, kMigrations);
    if (!own) co_return own;
    auto outbox = co_await outbox::migrate(pool);
    if (!outbox) co_return outbox;
    co_return co_await messaging::migrate(pool);
}

runtime::Task<base::Result<void>> PostgresPlayers::watch() {
    for (;;) {
        const auto there = co_await pool_.execute(kAreYouThere);
        why_not_ready_ = there ? "" : std::string{there.error().reason().name};
        co_await runtime::sleep_for(kWatch);
    }
}

runtime::Task<base::Result<std::optional<ports::SavedPlayer>>> PostgresPlayers::find(domain::PlayerKey key) {
    auto rows = co_await pool_.execute(kFindPlayer, key.guild, key.bot);
    if (!rows) co_return std::unexpected(std::move(rows).error().during("find player"));
    if (rows->empty()) co_return std::nullopt;
    auto saved = read((*rows)[0]);
    if (!saved) co_return std::unexpected(std::move(saved).error().during("find player"));
    co_return std::move(*saved);
}

runtime::Task<base::Result<std::vector<ports::SavedPlayer>>> PostgresPlayers::playing(int partition) {
    auto rows = co_await pool_.execute(kFindPlaying, partition);
    if (!rows) co_return std::unexpected(std::move(rows).error().during("load players"));
    std::vector<ports::SavedPlayer> players;
    for (const auto row : *rows) {
        auto saved = read(row);
        if (saved) {
            players.push_back(std::move(*saved));
        } else {  // the others must not wait for it
            context_.observer().log().error("player_not_readable", {{"guild_id", row.get<base::GuildId>(0)},
                                                                    {"detail", saved.error().detail()}});
        }
    }
    co_return players;
}

runtime::Task<base::Result<bool>> PostgresPlayers::save(ports::Change change) {
    auto tx = co_await pool_.begin();
    if (!tx) co_return std::unexpected(std::move(tx).error().during("save player"));
    if (!change.event_id.empty()) {
        auto first = co_await outbox::first_time(*tx, std::string{kConsumer}, change.event_id);
        if (!first) co_return std::unexpected(std::move(first).error().during("mark event"));
        if (!*first) co_return false;
    }
    auto written = co_await write(*tx, change);
    if (!written) co_return std::unexpected(std::move(written).error().during("save player"));
    for (const auto& fact : change.facts) {
        auto queued =
            co_await outbox::append(*tx, contracts::kPlayerPlayback, message_of(context_, change, fact));
        if (!queued) co_return std::unexpected(std::move(queued).error().during("queue fact"));
    }
    auto committed = co_await tx->commit();
    if (!committed) co_return std::unexpected(std::move(committed).error().during("save player"));
    co_return true;
}

runtime::Task<base::Result<void>> PostgresPlayers::write(postgres::Transaction& tx,
                                                         const ports::Change& change) {
    if (change.forget) {
        auto gone = co_await tx.execute(kForgetPlayer, change.key.guild, change.key.bot, change.owner.epoch);
        if (!gone) co_return std::unexpected(std::move(gone).error());
        co_return base::ok();
    }
    if (!change.snapshot) co_return base::ok();
    const auto& snapshot = *change.snapshot;
    auto saved =
        co_await tx.execute(kSavePlayer, change.key.guild, change.key.bot, change.owner.partition,
                            change.owner.epoch, snapshot.voice_channel, snapshot.bitrate,
                            snapshot.text_channel, snapshot.position.count(), snapshot.volume_percent,
                            snapshot.paused, snapshot.next_entry, snapshot.queue_version, to_json(snapshot));
    if (!saved) co_return std::unexpected(std::move(saved).error());
    if (saved->affected() == 0) {
        co_return base::fail(base::ErrorKind::unavailable, ports::kStaleOwner, "guild", change.key.guild);
    }
    co_return base::ok();
}

runtime::Task<base::Result<void>> PostgresPlayers::save_positions(std::vector<ports::PositionRow> rows) {
    std::array<std::vector<std::int64_t>, 5> columns;
    for (const auto& row : rows) {
        columns[0].push_back(static_cast<std::int64_t>(row.key.guild.value()));
        columns[1].push_back(static_cast<std::int64_t>(row.key.bot.value()));
        columns[2].push_back(row.owner.epoch);
        columns[3].push_back(static_cast<std::int64_t>(row.queue_version));
        columns[4].push_back(row.position.count());
    }
    auto saved =
        co_await pool_.execute(kSavePositions, columns[0], columns[1], columns[2], columns[3], columns[4]);
    if (!saved) co_return std::unexpected(std::move(saved).error().during("save positions"));
    co_return base::ok();
}

}  // namespace bandstand::audio
