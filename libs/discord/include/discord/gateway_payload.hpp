#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "discord/events.hpp"

/// The payloads of Discord's gateway.
namespace bandstand::discord {

struct Dispatch {
    std::int64_t sequence = 0;
    std::string name;
    Event event;
};
struct HeartbeatRequested {};
struct ReconnectRequested {};
struct InvalidSession {
    bool resumable = false;
};
struct Hello {
    base::Duration heartbeat_interval{};
};
struct HeartbeatAcknowledged {};
struct UnknownOpcode {
    std::int64_t opcode = 0;
};
using GatewayPayload = std::variant<Dispatch, HeartbeatRequested, ReconnectRequested, InvalidSession, Hello,
                                    HeartbeatAcknowledged, UnknownOpcode>;

/// One JSON document of the gateway. Keeps its parser's memory: one per connection.
///
/// Lists and texts beyond their bounds are cut; an event whose ids are missing or not numbers is refused.
class GatewayParser {
public:
    GatewayParser();
    ~GatewayParser();
    GatewayParser(GatewayParser&&) noexcept;
    GatewayParser& operator=(GatewayParser&&) noexcept;

    /// Errors: `discord.bad_payload`.
    base::Result<GatewayPayload> parse(std::string_view json);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace bandstand::discord
