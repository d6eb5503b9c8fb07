#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "discord/permissions.hpp"

/// Discord's objects, cut down to what this project uses: plain values, filled by
/// discord/gateway_payload.hpp. Every text and list was bounded on the way in.
namespace bandstand::discord {

using base::ApplicationId;
using base::ChannelId;
using base::GuildId;
using base::InteractionId;
using base::MessageId;
using base::RoleId;
using base::UserId;

struct User {
    UserId id;
    std::string name;  ///< the display name if there is one
    bool bot = false;
};

struct Member {
    User user;
    std::vector<RoleId> roles;
    std::optional<base::WallTime> timed_out_until;
};

struct Role {
    RoleId id;  ///< @everyone has the id of its guild
    std::string name;
    Permissions permissions = 0;
};

struct Overwrite {
    std::uint64_t id = 0;  ///< a role's or a member's
    bool for_member = false;
    Permissions allow = 0;
    Permissions deny = 0;
};

enum class ChannelType : std::uint8_t {
    text = 0,
    direct = 1,
    voice = 2,
    category = 4,
    announcement = 5,
    stage = 13
};

struct Channel {
    ChannelId id;
    GuildId guild;
    ChannelType type = ChannelType::text;
    std::string name;
    std::uint32_t bitrate = 0;     ///< bit/s, voice and stage
    std::uint32_t user_limit = 0;  ///< 0 = none
    std::vector<Overwrite> overwrites;

    bool is_voice() const { return type == ChannelType::voice || type == ChannelType::stage; }
};

struct VoiceState {
    GuildId guild;
    ChannelId channel;  ///< none = left
    UserId user;
    bool bot = false;
    std::string session_id;
    bool deafened = false;  ///< by itself or by the server
    bool muted_by_server = false;
    bool suppressed = false;  ///< audience of a stage
};

struct Guild {
    GuildId id;
    bool unavailable = false;  ///< then nothing but the id is set
    std::string name;
    UserId owner;
    std::uint32_t member_count = 0;
    std::vector<Role> roles;
    std::vector<Channel> channels;
    std::vector<Member> members;  ///< the bot and people in voice
    std::vector<VoiceState> voice_states;
};

enum class InteractionType : std::uint8_t {
    ping = 1,
    command = 2,
    component = 3,
    autocomplete = 4,
    modal = 5
};

struct CommandOption {
    using Value = std::variant<std::monostate, std::string, std::int64_t, double, bool>;
    std::string name;
    Value value;
    bool focused = false;  ///< the one being typed, in autocomplete
};

struct Attachment {
    std::string id;
    std::string filename;
    std::string url;
    std::string content_type;  ///< empty when Discord does not know
    std::uint64_t size_bytes = 0;
};

/// What a person asked for. `token` answers it, for 15 minutes, without the bot's own token: it is a secret.
struct Interaction {
    InteractionId id;
    ApplicationId application;
    InteractionType type = InteractionType::ping;
    std::string token;
    GuildId guild;  ///< none in a direct message
    ChannelId channel;
    User user;
    Permissions app_permissions = 0;  ///< the bot's own rights in `channel`
    std::string locale;
    std::string command;                  ///< command, autocomplete
    std::vector<CommandOption> options;   ///< command, autocomplete
    std::vector<Attachment> attachments;  ///< resolved; an attachment option's value is the id
    std::string custom_id;                ///< component
    MessageId message;                    ///< component: the message that carries it

    const CommandOption* option(std::string_view name) const {
        for (const auto& candidate : options) {
            if (candidate.name == name) return &candidate;
        }
        return nullptr;
    }
};

}  // namespace bandstand::discord
