#include "adapters/grpc_search.hpp"

#include <utility>

#include "bandstand/rpc/player/v1/player.grpc.pb.h"
#include "rpc/call.hpp"

namespace bandstand::gateway {
namespace {

namespace pb = bandstand::rpc::player::v1;

constexpr int kMostSuggestions = 25;

}  // namespace

runtime::Task<base::Result<std::vector<ports::Suggestion>>> GrpcSearch::search(std::string text,
                                                                               base::Duration limit) {
    pb::SearchRequest request;
    request.set_text(std::move(text));
    request.set_limit(kMostSuggestions);
    rpc::CallOptions options{.limit = limit};
    auto answer = co_await rpc::call<pb::Player>(audio_, &rpc::Methods<pb::Player>::Search,
                                                 std::move(request), std::move(options));
    if (!answer) co_return std::unexpected(std::move(answer).error().during("search the library"));
    std::vector<ports::Suggestion> found;
    for (const auto& result : answer->results()) {
        if (std::cmp_greater_equal(found.size(), kMostSuggestions)) break;
        found.push_back({.key = result.key(),
                         .title = result.title(),
                         .artist = result.artist(),
                         .duration = std::chrono::milliseconds{result.duration_ms()}});
    }
    co_return found;
}

}  // namespace bandstand::gateway
