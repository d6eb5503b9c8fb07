#include "sandbox/servers/stand_in.hpp"

#include <algorithm>
#include <utility>

namespace bandstand::sandbox {

StandIn::StandIn(World initial, const base::Clock& time, asio::io_context& loop,
                 VoiceServer::SendDatagram send_datagram)
    : clock{time},
      world{std::move(initial)},
      gateway{
          world,
          {.voice_state =
               [this](const GatewaySession& session, GuildId guild, ChannelId channel, bool self_mute,
                      bool self_deaf) { rooms.bot_wishes(session, guild, channel, self_mute, self_deaf); },
           .session_lost = [this](const GatewaySession& session) { rooms.session_lost(session); }}},
      voice{std::move(send_datagram)},
      rooms{world, gateway, voice, clock},
      messages{world, gateway, clock},
      interactions{world, gateway, messages, clock},
      guilds{world, gateway, rooms, clock},
      answered{loop} {
    interactions.on_change([this] { answered.raise(); });
}

void StandIn::tick() {
    const auto now = clock.now();
    gateway.tick(now);
    voice.tick(now);
    interactions.expire(now);
    limits.expire(now);
}

std::optional<RestFault> StandIn::take_fault(std::string_view method, std::string_view path) {
    const auto found = std::ranges::find_if(faults, [&](const RestFault& fault) {
        return (fault.method.empty() || fault.method == method) &&
               path.find(fault.path) != std::string_view::npos;
    });
    if (found == faults.end()) return std::nullopt;
    auto fault = *found;
    if (--found->times <= 0) faults.erase(found);
    return fault;
}

}  // namespace bandstand::sandbox
