#pragma once

#include "bandstand/events/player/v1/inbox.pb.h"
#include "domain/player_request.hpp"
#include "domain/signals.hpp"

/// Between the domain and `player.inbox.v1`.
namespace bandstand::gateway {

bandstand::events::player::v1::PlayerInbox to_proto(const domain::PlayerCommand& command);
bandstand::events::player::v1::PlayerInbox to_proto(const domain::AddressedSignal& signal);
domain::Reply from_proto(const bandstand::events::player::v1::InteractionReply& reply);

}  // namespace bandstand::gateway
