#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/player_runner.hpp"

namespace bandstand::audio {

constexpr base::Reason kNotOwner{"audio.not_owner"};

struct HostOptions {
    domain::PlayerSettings player{};
    std::size_t max_players = 1000;  ///< with a voice connection
};

/// The players of the partitions that this process owns. Loop thread only.
class PlayerHost {
public:
    PlayerHost(RunnerParts parts, HostOptions options) : parts_{std::move(parts)}, options_{options} {}

    /// Takes over: players that are in a voice channel go on.
    runtime::Task<void> assigned(ports::Owner owner);
    /// Hands over: saves every player's exact position and falls silent.
    runtime::Task<void> revoked(int partition);
    /// Errors: kNotOwner; those of the database, which are worth a retry.
    runtime::Task<base::Result<void>> deliver(int partition, domain::PlayerKey key, domain::Input input,
                                              std::string event_id);
    /// Errors: kNotOwner when the partition is not ours.
    runtime::Task<base::Result<domain::View>> view(int partition, domain::PlayerKey key, std::uint32_t page);
    /// Deadlines, positions and metrics of all players, once a second, until stopped.
    runtime::Task<base::Result<void>> tick();
    std::size_t active_players() const;

private:
    using RunnerPtr = std::shared_ptr<PlayerRunner>;  // shared with its own tasks
    struct Partition {
        std::int64_t epoch = 0;
        std::map<domain::PlayerKey, RunnerPtr> players{};
    };
    runtime::Task<base::Result<RunnerPtr>> find_or_load(int partition, domain::PlayerKey key);
    RunnerPtr add(ports::Owner owner, domain::PlayerKey key, domain::Player player);
    std::vector<RunnerPtr> runners() const;
    void drop_dormant();
    void count_players();
    runtime::Task<void> save_positions();

    RunnerParts parts_;
    HostOptions options_;
    std::map<int, Partition> partitions_;
};

}  // namespace bandstand::audio
