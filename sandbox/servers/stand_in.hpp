#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "sandbox/discord/gateway.hpp"
#include "sandbox/discord/guilds.hpp"
#include "sandbox/discord/interaction_desk.hpp"
#include "sandbox/discord/messages.hpp"
#include "sandbox/discord/rate_limits.hpp"
#include "sandbox/discord/voice_rooms.hpp"
#include "sandbox/discord/voice_server.hpp"
#include "sandbox/discord/world.hpp"
#include "sandbox/servers/signal.hpp"

namespace bandstand::sandbox {

/// A file that a member attached; served under /cdn/attachments/….
struct Upload {
    Json object;  ///< as Discord describes an attachment
    std::string content;
};

/// A route of the REST API that misbehaves for a while.
struct RestFault {
    std::string method;  ///< empty = any
    std::string path;    ///< part of the path
    int times = 1;
    int status = 0;  ///< 0 = answers as usual, after `delay`; 429 obeys `retry_after`
    base::Duration delay{};
    base::Duration retry_after{};
    std::string scope = "user";  ///< of a 429: user, global, shared
};

/// Discord without its sockets: all the parts of the model, wired. Loop thread only.
class StandIn {
public:
    StandIn(World initial, const base::Clock& time, asio::io_context& loop,
            VoiceServer::SendDatagram send_datagram);

    const base::Clock& clock;
    World world;
    Gateway gateway;
    VoiceServer voice;
    VoiceRooms rooms;
    Messages messages;
    InteractionDesk interactions;
    Guilds guilds;
    RateLimits limits;
    std::vector<RestFault> faults;
    std::map<std::string, Upload> uploads;  ///< by attachment id
    std::string origin;                     ///< "http://127.0.0.1:7800"
    std::string ca_file;                    ///< what voice clients must trust
    Signal answered;                        ///< an interaction went on

    /// Time-outs; call every second.
    void tick();
    /// The fault that hits this request, counted down.
    std::optional<RestFault> take_fault(std::string_view method, std::string_view path);
};

}  // namespace bandstand::sandbox
