#include "dead_letters.hpp"

#include "headers.hpp"

namespace bandstand::messaging {
namespace {

constexpr postgres::Statement kKeep{
    "bus_keep_dead_letter",
    "INSERT INTO bus.dead_letter (group_name, topic, partition, position, key, payload, event_id, headers, "
    "reason,"
    " detail, attempts, published_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, left($10, 4096), $11, $12)"
    " ON CONFLICT DO NOTHING"};

// An error's text may quote what a handler was given: a broken byte in it must not stop the dead letter.
std::string printable(std::string_view text) {
    std::string out{text};
    for (auto& c : out) {
        if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = '?';
    }
    return out;
}

}  // namespace

runtime::Task<base::Result<void>> keep_dead_letter(postgres::Pool& pool, std::string group, Delivery delivery,
                                                   base::Error error) {
    auto kept = co_await pool.execute(kKeep, group, delivery.topic, delivery.partition, delivery.offset,
                                      delivery.key, base::as_bytes(delivery.payload), delivery.event_id,
                                      flatten(delivery.headers), error.reason().name,
                                      printable(error.detail()), delivery.attempt, delivery.published_at);
    if (!kept) co_return std::unexpected(std::move(kept).error().during("keep dead letter"));
    co_return base::ok();
}

}  // namespace bandstand::messaging
