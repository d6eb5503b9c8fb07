#pragma once

#include <vector>

#include "messaging/bus.hpp"

namespace bandstand::messaging {

/// The tables that hold the messages of the PostgreSQL backend.
class PostgresLog {
public:
    explicit PostgresLog(postgres::Pool& pool) : pool_{pool} {}

    /// All or none; durable when it returns. Wakes the consumers.
    runtime::Task<base::Result<void>> append(std::int32_t topic, int partitions,
                                             std::vector<Message> messages);

    struct Wanted {
        std::int32_t topic = 0;
        int partition = 0;
        std::int64_t from = 0;
    };
    struct Found {
        std::int32_t topic = 0;
        Delivery delivery;  ///< its topic name is left empty
    };
    /// The next messages of each partition, in order, about 1 MiB or 64 messages each at most.
    runtime::Task<base::Result<std::vector<Found>>> fetch(std::vector<Wanted> wanted);
    static constexpr std::size_t kFetchMessages = 64;
    static constexpr std::size_t kFetchBytes = std::size_t{1024} * 1024;
    /// What one fetch brought for a partition; a full one may have left something.
    struct Size {
        std::size_t messages = 0;
        std::size_t bytes = 0;
        bool is_full() const { return messages >= kFetchMessages || bytes >= kFetchBytes; }
    };

    /// Deletes some of what every group has read and is older than `retention`; of compacted topics only what
    /// a newer message of the same key replaces. True when there may be more to delete. One process at a time
    /// does it.
    runtime::Task<base::Result<bool>> clean(base::Duration retention);

private:
    postgres::Pool& pool_;
};

}  // namespace bandstand::messaging
