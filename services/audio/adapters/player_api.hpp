#pragma once

#include "adapters/library.hpp"
#include "app/player_host.hpp"
#include "bandstand/rpc/player/v1/player.grpc.pb.h"
#include "rpc/service.hpp"

namespace bandstand::audio {

/// The gRPC service Player.
class PlayerApi final : public rpc::Service<rpc::player::v1::Player> {
public:
    PlayerApi(rpc::Server& server, PlayerHost& host, const Library& library)
        : Service{server}, host_{host}, library_{library} {}

private:
    using GetRequest = rpc::player::v1::GetPlayerRequest;
    using GetResponse = rpc::player::v1::GetPlayerResponse;
    using SearchRequest = rpc::player::v1::SearchRequest;
    using SearchResponse = rpc::player::v1::SearchResponse;

    Reactor* GetPlayer(Call* call, const GetRequest* in, GetResponse* out) override {
        return on_loop(call, in, out, &PlayerApi::get_player);
    }
    Reactor* Search(Call* call, const SearchRequest* in, SearchResponse* out) override {
        return on_loop(call, in, out, &PlayerApi::search);
    }
    runtime::Task<base::Result<GetResponse>> get_player(GetRequest in);
    runtime::Task<base::Result<SearchResponse>> search(SearchRequest in);

    friend class rpc::Service<rpc::player::v1::Player>;
    PlayerHost& host_;
    const Library& library_;
};

}  // namespace bandstand::audio
