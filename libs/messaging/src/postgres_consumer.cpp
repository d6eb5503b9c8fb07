#include "postgres_consumer.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <utility>

#include "balance.hpp"
#include "runtime/deadline.hpp"

namespace bandstand::messaging {
namespace {

// A message handled but not committed is handled again after a crash; each commit is a write to disk.
constexpr base::Duration kCommitDelay = std::chrono::milliseconds{20};
constexpr base::Duration kFirstPause = std::chrono::milliseconds{50};
constexpr base::Duration kLongestPause = std::chrono::seconds{1};
constexpr base::Duration kLeaveLimit = std::chrono::seconds{2};

Leases::Position position_of(const Lane& lane) {
    return {.topic = lane.owned.topic,
            .partition = lane.owned.partition,
            .epoch = lane.owned.epoch,
            .next = lane.done};
}

bool is_final(const base::Error& error) {
    return error.reason() == kMemberReplaced || error.reason() == kPartitionMismatch;
}

}  // namespace

PostgresConsumer::PostgresConsumer(runtime::Context context, postgres::Pool& pool, PostgresBusOptions options,
                                   Subscription subscription, Handler& handler)
    : context_{std::move(context)},
      pool_{pool},
      options_{options},
      subscription_{std::move(subscription)},
      leases_{pool, subscription_, options.lease},
      log_{pool},
      lanes_{context_, subscription_, handler, pool, [this] { poke(); }},
      wake_{context_.executor()},
      next_clean_{std::chrono::steady_clock::now() + options.cleaning_interval} {}

void PostgresConsumer::poke() {
    poked_ = true;
    wake_.cancel();
}

void PostgresConsumer::stop() {
    stopping_ = true;
    lanes_.close_all();
    poke();
}

runtime::Task<base::Result<void>> PostgresConsumer::run() {
    const auto on_message = pool_.listen("bus_message", [this](std::string_view where) { look(where); });
    const auto on_group = pool_.listen("bus_group", [this](std::string_view group) {
        if (!group.empty() && group != subscription_.group) return;
        next_tick_ = {};
        poke();
    });
    base::Result<void> fatal;
    while (!stopping_ || !lanes_.all().empty()) {
        auto outcome = co_await step();
        if (!outcome && !stopping_ && is_final(outcome.error())) {
            fatal = outcome;
            stop();
        }
        co_await wait(std::move(outcome));
    }
    co_await leave();
    co_return fatal;
}

// `where` is "topic partition", or empty when anything may have been missed.
void PostgresConsumer::look(std::string_view where) {
    for (auto& lane : lanes_.all()) {
        const auto place = base::join(leases_.topic_id(lane.owned.topic), lane.owned.partition);
        if (where.empty() || where == place) lane.look = true;
    }
    poke();
}

runtime::Task<base::Result<void>> PostgresConsumer::step() {
    if (!joined_) {
        auto joined = co_await leases_.join();
        if (!joined) co_return joined;
        joined_ = true;
    }
    if (auto released = co_await release_ended(); !released) co_return released;
    if (std::chrono::steady_clock::now() >= next_tick_) {
        if (auto ticked = co_await tick(); !ticked) co_return ticked;
    }
    if (auto fetched = co_await fetch(); !fetched) co_return fetched;
    co_return co_await commit();
}

// Between two steps: until somebody pokes, or the next thing is due; after a failure not at once.
runtime::Task<void> PostgresConsumer::wait(base::Result<void> outcome) {
    note(outcome);
    boost::system::error_code ignored;
    if (!outcome) {
        pause_ = std::clamp(2 * pause_, kFirstPause, kLongestPause);
        wake_.expires_after(pause_);
        co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        // With nobody to tell, the leases run out by themselves.
        if (stopping_) lanes_.erase_ended();
        co_return;
    }
    pause_ = {};
    if (std::exchange(poked_, false)) co_return;
    wake_.expires_at(next_wake());
    co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    poked_ = false;
}

PostgresConsumer::Time PostgresConsumer::next_wake() const {
    return commit_due_ ? std::min(*commit_due_, next_tick_) : next_tick_;
}

void PostgresConsumer::note(const base::Result<void>& outcome) {
    const bool was_failing = pause_ != base::Duration{};
    if (outcome.has_value() != was_failing) return;
    const auto& log = context_.observer().log();
    if (outcome) {
        log.info("consumer_recovered", {{"group", subscription_.group}});
    } else {
        log.warn("consumer_failing",
                 {{"group", subscription_.group}, {"detail", outcome.error().describe()}});
    }
}

runtime::Task<base::Result<void>> PostgresConsumer::tick() {
    next_tick_ = std::chrono::steady_clock::now() + options_.tick;
    auto view = co_await leases_.renew();
    if (!view) co_return std::unexpected(std::move(view).error());
    close_lost_lanes(*view);
    if (stopping_) co_return base::ok();
    for (auto& lane : lanes_.all()) lane.look = true;
    auto balanced = co_await rebalance(*view);
    if (!balanced) co_return balanced;
    co_await clean();
    co_return base::ok();
}

void PostgresConsumer::close_lost_lanes(const Leases::View& view) {
    for (const auto& claim : view.claims) {
        auto* lane = lanes_.find(claim.topic, claim.partition);
        if (lane == nullptr || lane->closing) continue;
        if (claim.member == subscription_.member && claim.epoch == lane->owned.epoch) continue;
        context_.observer().log().warn("partition_lost", {{"group", subscription_.group},
                                                          {"topic", claim.topic},
                                                          {"partition", claim.partition},
                                                          {"owner", claim.member}});
        lanes_.close(*lane);
    }
}

runtime::Task<base::Result<void>> PostgresConsumer::rebalance(const Leases::View& view) {
    for (const auto& topic : subscription_.topics) {
        auto done = co_await rebalance_topic(topic, view);
        if (!done) co_return done;
    }
    co_return base::ok();
}

runtime::Task<base::Result<void>> PostgresConsumer::rebalance_topic(TopicSpec topic,
                                                                    const Leases::View& view) {
    std::map<std::string, int> held{{subscription_.member, 0}};
    for (const auto& member : view.members) held[member] = 0;
    bool any_free = false;
    for (const auto& claim : view.claims) {
        if (claim.topic != topic.name) continue;
        any_free = any_free || claim.member.empty();
        if (!claim.member.empty()) ++held[claim.member];
    }
    std::vector<int> own;
    for (const auto& lane : lanes_.all()) {
        if (lane.owned.topic == topic.name) own.push_back(lane.owned.partition);
    }
    const auto count = static_cast<int>(own.size());
    const bool strays = held[subscription_.member] > count;  // taken, but the answer was lost
    const int share = fair_share(topic.partitions, held, subscription_.member);
    if (count > share) close_surplus(topic.name, count - share);
    if (count >= share || (!any_free && !strays)) co_return base::ok();
    auto taken = co_await leases_.take_free(topic.name, share - count, std::move(own));
    if (!taken) co_return std::unexpected(std::move(taken).error());
    for (auto& [ownership, next] : *taken) lanes_.open(std::move(ownership), next);
    co_return base::ok();
}

// Lanes that close already still count as ours, for the others too, until they are released.
void PostgresConsumer::close_surplus(const std::string& topic, int count) {
    std::vector<Lane*> candidates;
    for (auto& lane : lanes_.all()) {
        if (lane.owned.topic != topic) continue;
        if (lane.closing) {
            --count;
        } else {
            candidates.push_back(&lane);
        }
    }
    std::ranges::sort(candidates, std::greater{}, [](const Lane* lane) { return lane->owned.partition; });
    for (auto* lane : candidates) {
        if (count-- <= 0) return;
        lanes_.close(*lane);
    }
}

runtime::Task<base::Result<void>> PostgresConsumer::release_ended() {
    std::vector<const Lane*> ended;
    std::vector<Leases::Position> positions;
    for (const auto& lane : lanes_.all()) {
        if (!lane.ended) continue;
        ended.push_back(&lane);
        positions.push_back(position_of(lane));
    }
    if (ended.empty()) co_return base::ok();
    auto released = co_await leases_.release(std::move(positions));
    if (!released) co_return released;
    for (const auto* lane : ended) lanes_.erase(*lane);
    co_return base::ok();
}

runtime::Task<base::Result<void>> PostgresConsumer::fetch() {
    std::vector<PostgresLog::Wanted> wanted;
    for (auto& lane : lanes_.all()) {
        if (!lane.look || !lane.has_room()) continue;
        lane.look = false;  // a notification during the fetch sets it again
        wanted.push_back({.topic = leases_.topic_id(lane.owned.topic),
                          .partition = lane.owned.partition,
                          .from = lane.fetch_from});
    }
    if (wanted.empty()) co_return base::ok();
    auto found = co_await log_.fetch(wanted);
    if (!found) {
        for (auto& lane : lanes_.all()) lane.look = true;
        co_return std::unexpected(std::move(found).error());
    }
    hand_over(std::move(*found));
    co_return base::ok();
}

void PostgresConsumer::hand_over(std::vector<PostgresLog::Found> found) {
    std::map<Lane*, PostgresLog::Size> sizes;
    for (auto& [topic, delivery] : found) {
        delivery.topic = leases_.topic_name(topic);
        auto* lane = lanes_.find(delivery.topic, delivery.partition);
        if (lane == nullptr || lane->closing) continue;
        auto& size = sizes[lane];
        ++size.messages;
        size.bytes += delivery.payload.size();
        lane->push(std::move(delivery));
    }
    for (const auto& [lane, size] : sizes) lane->look = lane->look || size.is_full();
}

// What was handled in the last moments is committed together.
runtime::Task<base::Result<void>> PostgresConsumer::commit() {
    std::vector<Leases::Position> positions;
    for (const auto& lane : lanes_.all()) {
        if (lane.done > lane.committed && !lane.ended) positions.push_back(position_of(lane));
    }
    const auto now = std::chrono::steady_clock::now();
    if (positions.empty()) co_return base::ok();
    if (!commit_due_) commit_due_ = now + kCommitDelay;
    if (now < *commit_due_) co_return base::ok();
    commit_due_.reset();
    auto mine = co_await leases_.commit(positions);
    if (!mine) co_return std::unexpected(std::move(mine).error());
    if (*mine < positions.size()) next_tick_ = {};  // somebody else owns one: see who
    for (const auto& position : positions) {
        auto* lane = lanes_.find(position.topic, position.partition);
        if (lane != nullptr) lane->committed = std::max(lane->committed, position.next);
    }
    co_return base::ok();
}

runtime::Task<void> PostgresConsumer::clean() {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_clean_) co_return;
    const auto more = co_await log_.clean(options_.retention);
    next_clean_ = more && *more ? now : now + options_.cleaning_interval;
    if (!more) context_.observer().log().warn("log_not_cleaned", {{"detail", more.error().describe()}});
}

runtime::Task<void> PostgresConsumer::leave() {
    if (!joined_) co_return;
    const auto left = co_await runtime::within(kLeaveLimit, leases_.leave());
    if (!left) context_.observer().log().warn("group_not_left", {{"detail", left.error().describe()}});
}

}  // namespace bandstand::messaging
