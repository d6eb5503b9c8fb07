#include "contracts/topics.hpp"

#include <array>

namespace bandstand::contracts {

std::span<const TopicSpec> all_topics() {
    static const std::array topics{kPlayerInbox, kPlayerPlayback, kCommunityGuild};
    return topics;
}

std::string guild_key(base::GuildId guild) {
    return base::to_string(guild);
}

}  // namespace bandstand::contracts
