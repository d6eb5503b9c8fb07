#include "app/player_host.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "observe/observer.hpp"

namespace bandstand::audio {
namespace {

constexpr std::chrono::seconds kTick{1};
constexpr std::chrono::milliseconds kLoadRetry{500};

// Above every id that an earlier life of the player may have given: one a millisecond would be a lot.
domain::EntryId first_entry(base::WallTime now) {
    const auto since_epoch = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
    return domain::EntryId{static_cast<std::uint64_t>(since_epoch.count())};
}

}  // namespace

runtime::Task<void> PlayerHost::assigned(ports::Owner owner) {
    auto saved = co_await parts_.players.playing(owner.partition);
    while (!saved) {
        parts_.context.observer().log().warn("players_not_loaded", {{"partition", owner.partition},
                                                                    {"reason", saved.error().reason().name},
                                                                    {"detail", saved.error().detail()}});
        co_await runtime::sleep_for(kLoadRetry);
        saved = co_await parts_.players.playing(owner.partition);
    }
    partitions_[owner.partition].epoch = owner.epoch;
    for (auto& [key, snapshot] : *saved) {
        add(owner, key, domain::Player{options_.player, std::move(snapshot)})->tell(domain::Restored{});
    }
    parts_.context.observer().log().info(
        "partition_assigned",
        {{"partition", owner.partition}, {"epoch", owner.epoch}, {"players", saved->size()}});
}

runtime::Task<void> PlayerHost::revoked(int partition) {
    auto node = partitions_.extract(partition);
    if (node.empty()) co_return;
    for (const auto& [key, runner] : node.mapped().players) co_await runner->stop();
    parts_.context.observer().log().info("partition_revoked", {{"partition", partition}});
}

runtime::Task<base::Result<void>> PlayerHost::deliver(int partition, domain::PlayerKey key,
                                                      domain::Input input, std::string event_id) {
    auto runner = co_await find_or_load(partition, key);
    if (!runner) co_return std::unexpected(std::move(runner).error());
    if (auto* command = std::get_if<domain::Command>(&input)) {
        command->admitted = (*runner)->active() || active_players() < options_.max_players;
    }
    co_return co_await (*runner)->deliver(std::move(input), std::move(event_id));
}

runtime::Task<base::Result<domain::View>> PlayerHost::view(int partition, domain::PlayerKey key,
                                                           std::uint32_t page) {
    const auto owned = partitions_.find(partition);
    if (owned == partitions_.end()) {
        co_return base::fail(base::ErrorKind::failed_precondition, kNotOwner, "partition", partition);
    }
    const auto runner = owned->second.players.find(key);
    if (runner != owned->second.players.end()) co_return runner->second->view(page);
    auto saved = co_await parts_.players.find(key);
    if (!saved) co_return std::unexpected(std::move(saved).error().during("show player"));
    if (!*saved) co_return domain::View{};
    co_return domain::Player{options_.player, std::move((*saved)->snapshot)}.view(page);
}

runtime::Task<base::Result<void>> PlayerHost::tick() {
    for (;;) {
        co_await runtime::sleep_for(kTick);
        for (const auto& runner : runners()) runner->tick();
        drop_dormant();
        count_players();
        co_await save_positions();
    }
}

std::size_t PlayerHost::active_players() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(runners(), [](const auto& runner) { return runner->active(); }));
}

// Two messages of one partition never overlap, so nobody loads the same player beside us.
runtime::Task<base::Result<PlayerHost::RunnerPtr>> PlayerHost::find_or_load(int partition,
                                                                            domain::PlayerKey key) {
    const auto ours = [&]() -> Partition* {
        const auto found = partitions_.find(partition);
        return found == partitions_.end() ? nullptr : &found->second;
    };
    if (auto* held = ours()) {
        const auto runner = held->players.find(key);
        if (runner != held->players.end() && !runner->second->fenced()) co_return runner->second;
    }
    auto saved = co_await parts_.players.find(key);
    if (!saved) co_return std::unexpected(std::move(saved).error().during("load player"));
    auto* held = ours();
    if (!held) co_return base::fail(base::ErrorKind::unavailable, kNotOwner, "partition", partition);
    const ports::Owner owner{partition, held->epoch};
    if (*saved) co_return add(owner, key, domain::Player{options_.player, std::move((*saved)->snapshot)});
    co_return add(owner, key,
                  domain::Player{options_.player, first_entry(parts_.context.clock().wall_now())});
}

PlayerHost::RunnerPtr PlayerHost::add(ports::Owner owner, domain::PlayerKey key, domain::Player player) {
    auto runner = PlayerRunner::start(parts_, key, owner, std::move(player));
    partitions_[owner.partition].players[key] = runner;
    return runner;
}

std::vector<PlayerHost::RunnerPtr> PlayerHost::runners() const {
    std::vector<RunnerPtr> all;
    for (const auto& [number, partition] : partitions_) {
        for (const auto& [key, runner] : partition.players) all.push_back(runner);
    }
    return all;
}

void PlayerHost::drop_dormant() {
    for (auto& [number, partition] : partitions_) {
        std::erase_if(partition.players, [](const auto& entry) {
            if (!entry.second->dormant() && !entry.second->fenced()) return false;
            entry.second->abandon();
            return true;
        });
    }
}

void PlayerHost::count_players() {
    std::array<double, 4> counts{};
    for (const auto& runner : runners()) counts[static_cast<std::size_t>(runner->view(1).state)] += 1;
    for (std::size_t state = 0; state < counts.size(); ++state)
        parts_.metrics.players[state].set(counts[state]);
}

runtime::Task<void> PlayerHost::save_positions() {
    std::vector<ports::PositionRow> rows;
    for (const auto& runner : runners()) {
        if (const auto row = runner->position()) rows.push_back(*row);
    }
    if (rows.empty()) co_return;
    auto saved = co_await parts_.players.save_positions(std::move(rows));
    if (saved) co_return;
    parts_.context.observer().log().warn(
        "positions_not_saved", {{"reason", saved.error().reason().name}, {"detail", saved.error().detail()}});
}

}  // namespace bandstand::audio
