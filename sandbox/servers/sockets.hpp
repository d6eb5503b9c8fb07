#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "http/server.hpp"
#include "runtime/context.hpp"
#include "runtime/task_group.hpp"
#include "sandbox/servers/stand_in.hpp"

namespace bandstand::sandbox {

/// Puts the main gateway on `/` of `server`, with transport compression. `tasks` runs the closing of sockets.
void serve_gateway(http::Server& server, StandIn& stand_in, runtime::TaskGroup& tasks);

/// Puts the voice websocket on `/` of the TLS `server`.
void serve_voice(http::Server& server, StandIn& stand_in, runtime::TaskGroup& tasks);

/// The UDP port of the voice server. Loop thread only.
class VoiceUdp {
public:
    explicit VoiceUdp(runtime::Context context);
    ~VoiceUdp();
    VoiceUdp(const VoiceUdp&) = delete;
    VoiceUdp& operator=(const VoiceUdp&) = delete;

    /// 0 takes a free port. Errors: `sandbox.cannot_listen`.
    base::Result<void> listen(const std::string& address, std::uint16_t port);
    std::uint16_t port() const;
    void send(const UdpAddress& to, base::ByteView bytes);
    /// Hands every datagram to the voice server, until stopped.
    runtime::Task<base::Result<void>> run(VoiceServer& voice);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace bandstand::sandbox
