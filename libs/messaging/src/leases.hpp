#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "messaging/bus.hpp"

namespace bandstand::messaging {

/// Makes sure that a topic is in the registry; returns its id. Errors: kPartitionMismatch.
runtime::Task<base::Result<std::int32_t>> ensure_topic(postgres::Pool& pool, TopicSpec topic);

runtime::Task<base::Result<std::optional<Owner>>> find_owner(postgres::Pool& pool, std::string group,
                                                             TopicSpec topic, std::string key);

/// One member's part in a group: it is alive as long as it renews, and owns the partitions whose claim names
/// it.
class Leases {
public:
    /// `lease`: how long others wait for a silent member.
    Leases(postgres::Pool& pool, const Subscription& subscription, base::Duration lease);

    struct Claim {
        std::string topic;
        int partition = 0;
        std::string member;  ///< empty when nobody, or nobody alive, owns it
        std::int64_t epoch = 0;
    };
    struct View {
        std::vector<std::string> members;  ///< the living, ourselves included
        std::vector<Claim> claims;         ///< of every partition of our topics
    };
    struct Taken {
        Ownership ownership;
        std::int64_t next_position = 0;
    };
    struct Position {
        std::string topic;
        int partition = 0;
        std::int64_t epoch = 0;
        std::int64_t next = 0;
    };

    /// Registers the topics and ourselves, and replaces an older process of our name. Tells the group.
    runtime::Task<base::Result<void>> join();
    /// The heartbeat, and what the group looks like. Errors: kMemberReplaced.
    runtime::Task<base::Result<View>> renew();
    /// Up to `count` partitions of `topic` that nobody alive owns, or that name us but are not in `held`.
    /// Members that are silent since a restart of the server get the lease time to come back.
    runtime::Task<base::Result<std::vector<Taken>>> take_free(std::string topic, int count,
                                                              std::vector<int> held);
    /// One partition, whoever owned it: for a backend that assigns partitions itself.
    runtime::Task<base::Result<Taken>> take(std::string topic, int partition);
    /// Moves positions forward where we still are the owner; says for how many.
    runtime::Task<base::Result<std::size_t>> commit(std::vector<Position> positions);
    /// commit(), and give the partitions up. Tells the group.
    runtime::Task<base::Result<void>> release(std::vector<Position> positions);
    runtime::Task<base::Result<void>> leave();

    std::int32_t topic_id(const std::string& topic) const { return ids_.at(topic); }
    const std::string& topic_name(std::int32_t id) const { return names_.at(id); }

private:
    postgres::Pool& pool_;
    const Subscription& subscription_;
    base::Duration lease_;
    std::string session_;
    std::map<std::string, std::int32_t> ids_;
    std::map<std::int32_t, std::string> names_;
};

}  // namespace bandstand::messaging
