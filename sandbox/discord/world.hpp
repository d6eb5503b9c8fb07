#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "sandbox/discord/json.hpp"
#include "sandbox/discord/permissions.hpp"

/// The stand-in's world as plain values: who and what there is. Deciding stands beside it
/// (permissions.hpp, *_rules.hpp), telling the bots in gateway.hpp.
namespace bandstand::sandbox {

using base::ApplicationId;
using base::ChannelId;
using base::CommandId;
using base::GuildId;
using base::InteractionId;
using base::MessageId;
using base::RoleId;
using base::UserId;

struct User {
    UserId id;
    std::string name;
    bool bot = false;
};

struct Role {
    RoleId id;  ///< @everyone has the id of its guild
    std::string name;
    Permissions permissions = 0;
    int position = 0;
    bool managed = false;  ///< belongs to a bot: nobody may give or take it
};

struct Overwrite {
    std::uint64_t id = 0;  ///< a role's or a member's
    bool for_member = false;
    Permissions allow = 0;
    Permissions deny = 0;
};

enum class ChannelType : std::uint8_t { text = 0, direct = 1, voice = 2, stage = 13 };

struct Channel {
    ChannelId id;
    GuildId guild;  ///< none for a direct message
    ChannelType type = ChannelType::text;
    std::string name;
    int position = 0;
    int bitrate = 64'000;
    int user_limit = 0;  ///< 0 = none
    std::string rtc_region;
    std::string status;  ///< of a voice channel
    std::vector<Overwrite> overwrites;
    std::vector<UserId> recipients;  ///< of a direct message
    MessageId last_message;

    bool is_voice() const { return type == ChannelType::voice || type == ChannelType::stage; }
};

struct Member {
    UserId user;
    std::vector<RoleId> roles;
    std::string nick;
    base::WallTime joined_at;
    std::optional<base::WallTime> timed_out_until;
    bool mute = false;  ///< by the server
    bool deaf = false;
};

struct VoiceState {
    UserId user;
    ChannelId channel{};
    std::string session_id{};
    bool self_mute = false;
    bool self_deaf = false;
    bool suppress = false;  ///< audience of a stage, or no right to speak
    std::optional<base::WallTime> request_to_speak{};
};

struct Guild {
    GuildId id;
    std::string name;
    UserId owner;
    base::WallTime created_at;
    std::map<RoleId, Role> roles;
    std::map<ChannelId, Channel> channels;
    std::map<UserId, Member> members;
    std::map<UserId, VoiceState> voice_states;

    const Channel* channel(ChannelId wanted) const;
    Channel* channel(ChannelId wanted);
    const Member* member(UserId wanted) const;
    Member* member(UserId wanted);
    const VoiceState* voice_state(UserId wanted) const;
};

struct Message {
    MessageId id;
    ChannelId channel;
    GuildId guild;
    UserId author;
    int type = 0;  ///< 0 written, 20 answer to a command
    std::string content;
    Json embeds = Json::array();
    Json components = Json::array();
    Json attachments = Json::array();
    Json interaction = nullptr;  ///< what it answers: {id, type, name, user}
    std::int64_t flags = 0;
    base::WallTime sent_at;
    std::optional<base::WallTime> edited_at;
    ApplicationId application;  ///< of an answer to an interaction
    UserId ephemeral_for;       ///< only this user sees it
    std::string nonce;

    bool loading() const;
};

constexpr std::int64_t kFlagSuppressEmbeds = 1 << 2;
constexpr std::int64_t kFlagEphemeral = 1 << 6;
constexpr std::int64_t kFlagLoading = 1 << 7;
constexpr std::int64_t kFlagSuppressNotifications = 1 << 12;
constexpr std::int64_t kFlagComponentsV2 = 1 << 15;

/// One slash command as registered; `definition` is the full object that Discord returns.
struct Command {
    CommandId id;
    ApplicationId application;
    GuildId guild;  ///< none = global
    std::string name;
    int type = 1;
    Json definition;
};

/// A bot and its application: they share one id.
struct Bot {
    ApplicationId id;
    std::string name;
    std::string token;
    std::uint64_t privileged_intents = 0;  ///< switched on in the developer portal
    int recommended_shards = 1;
    int max_concurrency = 1;
    int identifies_left = 1000;
    bool sharding_required = false;  ///< identifying without enough shards closes 4011

    UserId user() const { return UserId{id.value()}; }
};

class World {
public:
    std::map<UserId, User> users;
    std::map<ApplicationId, Bot> bots;
    std::map<GuildId, Guild> guilds;
    std::map<ChannelId, Channel> direct_channels;
    std::map<MessageId, Message> messages;
    std::vector<Command> commands;

    /// A fresh snowflake for something made at `now`; always greater than the ones before.
    std::uint64_t next_id(base::WallTime now);

    const Bot* bot_with_token(std::string_view token) const;
    const User& user(UserId id) const;  ///< must exist
    Guild* guild(GuildId id);
    const Guild* guild(GuildId id) const;
    /// In any guild, or direct.
    Channel* channel(ChannelId id);
    const Channel* channel(ChannelId id) const;
    /// For people: by id, or by name without regard to case. Null if there is none.
    Guild* find_guild(std::string_view name_or_id);
    Channel* find_channel(Guild& guild, std::string_view name_or_id);
    const User* find_member(const Guild& guild, std::string_view name_or_id) const;
    /// What `user` may do in the channel of a guild; nothing if not a member.
    Permissions permissions(const Channel& channel, UserId user, base::WallTime now) const;
    /// Newest first.
    std::vector<const Message*> messages_in(ChannelId channel, std::size_t limit) const;
    /// Forgets the oldest beyond kMaxMessages.
    Message& add(Message message);

    UserId add_user(UserId id, std::string name, bool bot);
    Guild& add_guild(GuildId id, std::string name, UserId owner, base::WallTime now);
    Channel& add_channel(Guild& guild, ChannelId id, ChannelType type, std::string name);
    Member& add_member(Guild& guild, UserId user, base::WallTime now);
    /// With the managed role that carries what its invite asked for.
    Member& add_bot(Guild& guild, const Bot& bot, RoleId role, base::WallTime now);

private:
    std::uint64_t last_id_ = 0;
};

constexpr std::size_t kMaxMessages = 5'000;

/// What a bot's invite asks for here: see, write, embed, connect, speak, mute (to leave a stage's audience).
Permissions invited_permissions();

/// Guilds "Lounge" and "Garage" with text channel "general", stage "Stage", voice channel "Talk", members
/// alice, bob and carol, and two bots with the tokens `sandbox.token.1` and `sandbox.token.2`. The ids are
/// the same in every run, so that a database that remembers them stays right; the guilds fall on different
/// shards.
World default_world();

std::string iso8601(base::WallTime time);
std::string lower(std::string_view text);

}  // namespace bandstand::sandbox
