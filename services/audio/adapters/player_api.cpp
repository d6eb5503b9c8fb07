#include "adapters/player_api.hpp"

#include <algorithm>
#include <utility>

#include "adapters/playback_codec.hpp"
#include "contracts/topics.hpp"
#include "domain/reasons.hpp"
#include "messaging/bus.hpp"

namespace bandstand::audio {
namespace {

constexpr std::size_t kMaxSearchText = 1024;
constexpr std::uint32_t kMaxSearchResults = 25;

}  // namespace

runtime::Task<base::Result<PlayerApi::GetResponse>> PlayerApi::get_player(GetRequest in) {
    const domain::PlayerKey key{base::GuildId{in.guild_id()}, base::UserId{in.bot_id()}};
    if (!key.guild || !key.bot) {
        co_return base::fail(base::ErrorKind::invalid_argument, domain::kBadRequest,
                             "guild_id and bot_id are required");
    }
    const auto partition =
        messaging::partition_of(contracts::guild_key(key.guild), contracts::kPlayerInbox.partitions);
    auto view = co_await host_.view(partition, key, std::max(in.queue_page(), 1U));
    if (!view) co_return std::unexpected(std::move(view).error());
    GetResponse out;
    *out.mutable_view() = to_proto(*view);
    co_return out;
}

runtime::Task<base::Result<PlayerApi::SearchResponse>> PlayerApi::search(SearchRequest in) {
    if (in.text().size() > kMaxSearchText) {
        co_return base::fail(base::ErrorKind::invalid_argument, domain::kBadRequest, "text is too long");
    }
    SearchResponse out;
    for (const auto* track : library_.search(in.text(), std::clamp(in.limit(), 1U, kMaxSearchResults))) {
        auto& result = *out.add_results();
        result.set_key(track->key);
        result.set_title(track->info.title);
        result.set_artist(track->info.artist);
        if (track->info.duration)
            result.set_duration_ms(static_cast<std::uint64_t>(track->info.duration->count()));
    }
    co_return out;
}

}  // namespace bandstand::audio
