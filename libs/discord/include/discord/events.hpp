#pragma once

#include <string>
#include <variant>
#include <vector>

#include "discord/models.hpp"

/// What Discord's gateway tells about the world, as plain values.
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

}  // namespace bandstand::discord
