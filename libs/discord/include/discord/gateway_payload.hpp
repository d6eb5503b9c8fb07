#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "discord/models.hpp"

/// What Discord's gateway says, as typed values.
namespace bandstand::discord {

struct Ready {
    User user;
    ApplicationId application;
    std::string session_id;
    std::string resume_url;
    std::vector<GuildId> guilds;
};
struct Resumed {};
struct GuildCreate {
    Guild guild;
};
/// Name, owner and roles; channels and voice states do not come with it.
struct GuildUpdate {
    Guild guild;
};
struct GuildDelete {
    GuildId guild;
    bool unavailable = false;  ///< an outage; else the bot was removed
};
struct RoleChanged {
    GuildId guild;
    Role role;
};
struct RoleDeleted {
    GuildId guild;
    RoleId role;
};
struct ChannelChanged {
    Channel channel;
};
struct ChannelDeleted {
    GuildId guild;
    ChannelId channel;
};
struct MemberChanged {
    GuildId guild;
    Member member;
};
struct VoiceStateChanged {
    VoiceState state;
};
struct VoiceServerChanged {
    GuildId guild;
    std::string token;
    std::string endpoint;  ///< empty: the server went away, another is being looked for
};
struct InteractionCreated {
    Interaction interaction;
};
/// An event that this project does not use.
struct OtherEvent {
    std::string name;
};
using Event = std::variant<Ready, Resumed, GuildCreate, GuildUpdate, GuildDelete, RoleChanged, RoleDeleted,
                           ChannelChanged, ChannelDeleted, MemberChanged, VoiceStateChanged,
                           VoiceServerChanged, InteractionCreated, OtherEvent>;

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
