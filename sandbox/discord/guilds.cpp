#include "sandbox/discord/guilds.hpp"

#include <algorithm>
#include <utility>

#include "sandbox/discord/command_rules.hpp"
#include "sandbox/discord/form.hpp"
#include "sandbox/discord/intents.hpp"
#include "sandbox/discord/objects.hpp"

namespace bandstand::sandbox {

Guilds::Guilds(World& world, Gateway& gateway, VoiceRooms& rooms, const base::Clock& clock)
    : world_{world}, gateway_{gateway}, rooms_{rooms}, clock_{clock} {}

Guild& Guilds::create(std::string name) {
    const auto now = clock_.wall_now();
    std::vector<UserId> people;
    for (const auto& [id, user] : world_.users) {
        if (!user.bot) people.push_back(id);
    }
    auto& guild = world_.add_guild(GuildId{world_.next_id(now)}, std::move(name), people.front(), now);
    for (const auto user : people) world_.add_member(guild, user, now);
    world_.add_channel(guild, ChannelId{world_.next_id(now)}, ChannelType::text, "general");
    world_.add_channel(guild, ChannelId{world_.next_id(now)}, ChannelType::stage, "Stage");
    for (const auto& [id, bot] : world_.bots) invite(guild, bot);
    return guild;
}

void Guilds::invite(Guild& guild, const Bot& bot) {
    const auto now = clock_.wall_now();
    if (guild.member(bot.user()) != nullptr) return;
    world_.add_bot(guild, bot, RoleId{world_.next_id(now)}, now);
    gateway_.dispatch({.type = "GUILD_CREATE",
                       .data = guild_create_object(world_, guild, bot.user(), false),
                       .guild = guild.id,
                       .intent = intent::kGuilds,
                       .only = bot.user()});
}

void Guilds::remove_bot(Guild& guild, const Bot& bot) {
    const auto* member = guild.member(bot.user());
    if (member == nullptr) return;
    rooms_.leave(guild, bot.user());
    for (const auto role : member->roles) guild.roles.erase(role);
    guild.members.erase(bot.user());
    std::erase_if(world_.commands, [&](const Command& command) {
        return command.application == bot.id && command.guild == guild.id;
    });
    gateway_.dispatch({.type = "GUILD_DELETE",
                       .data = {{"id", base::to_string(guild.id)}},
                       .guild = guild.id,
                       .intent = intent::kGuilds,
                       .only = bot.user()});
}

void Guilds::set_available(Guild& guild, bool available) {
    for (const auto& [id, bot] : world_.bots) {
        if (guild.member(bot.user()) == nullptr) continue;
        if (!available) rooms_.leave(guild, bot.user());
        Event event{.type = available ? "GUILD_CREATE" : "GUILD_DELETE",
                    .data = {{"id", base::to_string(guild.id)}, {"unavailable", true}},
                    .guild = guild.id,
                    .intent = intent::kGuilds,
                    .only = bot.user()};
        if (available) event.data = guild_create_object(world_, guild, bot.user(), false);
        gateway_.dispatch(event);
    }
}

Channel& Guilds::add_channel(Guild& guild, ChannelType type, std::string name, int user_limit) {
    auto& channel =
        world_.add_channel(guild, ChannelId{world_.next_id(clock_.wall_now())}, type, std::move(name));
    channel.user_limit = user_limit;
    gateway_.dispatch({.type = "CHANNEL_CREATE",
                       .data = channel_object(channel, world_),
                       .guild = guild.id,
                       .intent = intent::kGuilds,
                       .channel = channel.id});
    return channel;
}

void Guilds::channel_changed(Guild& guild, Channel& channel) {
    gateway_.dispatch({.type = "CHANNEL_UPDATE",
                       .data = channel_object(channel, world_),
                       .guild = guild.id,
                       .intent = intent::kGuilds});
}

void Guilds::remove_channel(Guild& guild, ChannelId channel) {
    rooms_.empty_channel(guild, channel);
    const auto found = guild.channels.find(channel);
    if (found == guild.channels.end()) return;
    auto data = channel_object(found->second, world_);
    guild.channels.erase(found);
    gateway_.dispatch(
        {.type = "CHANNEL_DELETE", .data = std::move(data), .guild = guild.id, .intent = intent::kGuilds});
}

const Member& Guilds::add_member(Guild& guild, std::string name) {
    const auto now = clock_.wall_now();
    const auto known =
        std::ranges::find_if(world_.users, [&](const auto& entry) { return entry.second.name == name; });
    const auto user = known != world_.users.end()
                          ? known->first
                          : world_.add_user(UserId{world_.next_id(now)}, std::move(name), false);
    const auto& member = world_.add_member(guild, user, now);
    auto data = member_object(world_, guild, member);
    data["guild_id"] = base::to_string(guild.id);
    gateway_.dispatch({.type = "GUILD_MEMBER_ADD",
                       .data = std::move(data),
                       .guild = guild.id,
                       .intent = intent::kGuildMembers});
    return member;
}

void Guilds::member_changed(Guild& guild, UserId user) {
    const auto* member = guild.member(user);
    if (member == nullptr) return;
    auto data = member_object(world_, guild, *member);
    data["guild_id"] = base::to_string(guild.id);
    gateway_.dispatch({.type = "GUILD_MEMBER_UPDATE",
                       .data = std::move(data),
                       .guild = guild.id,
                       .intent = intent::kGuildMembers,
                       .regardless = user});
    rooms_.refresh(guild, user);
}

bool Guilds::outranks(const Guild& guild, const Bot& bot, const Role& role) const {
    int highest = 0;
    for (const auto id : guild.member(bot.user())->roles)
        highest = std::max(highest, guild.roles.at(id).position);
    return role.position < highest;
}

ApiResult<void> Guilds::set_role(const Bot& bot, Guild& guild, UserId user, RoleId role, bool has) {
    const auto* self = guild.member(bot.user());
    if (self == nullptr) return missing_access();
    auto* member = guild.member(user);
    const auto found = guild.roles.find(role);
    if (member == nullptr) return unknown(kUnknownMember, "Member");
    if (found == guild.roles.end()) return unknown(kUnknownRole, "Role");
    if (role.value() == guild.id.value() || found->second.managed) {
        return refuse({.status = 400, .code = 50028, .message = "Invalid Role"});
    }
    if (!allows(base_permissions(guild, *self), permission::kManageRoles) ||
        !outranks(guild, bot, found->second)) {
        return missing_permissions();
    }
    const auto held = std::ranges::find(member->roles, role);
    if ((held != member->roles.end()) == has) return {};
    if (has) {
        member->roles.push_back(role);
    } else {
        member->roles.erase(held);
    }
    member_changed(guild, user);
    return {};
}

ApiResult<const Member*> Guilds::modify_member(const Bot& bot, Guild& guild, UserId user, const Json& body) {
    const auto* self = guild.member(bot.user());
    if (self == nullptr) return missing_access();
    auto* member = guild.member(user);
    if (member == nullptr) return unknown(kUnknownMember, "Member");
    FormErrors errors;
    const Form form{body, errors};
    const auto mute = form.flag("mute");
    const auto deaf = form.flag("deaf");
    const auto nick = form.text("nick", {.max = 32});
    const auto channel_id = form.snowflake("channel_id", false);
    if (auto refusal = errors.refusal()) return refuse(std::move(*refusal));
    Permissions needed = 0;
    if (mute) needed |= permission::kMuteMembers;
    if (deaf) needed |= permission::kDeafenMembers;
    if (body.contains("nick")) needed |= permission::kManageNicknames;
    if (body.contains("channel_id")) needed |= permission::kMoveMembers;
    if (!allows(base_permissions(guild, *self), needed)) return missing_permissions();
    if (body.contains("channel_id")) {
        auto* channel = channel_id ? guild.channel(ChannelId{*channel_id}) : nullptr;
        if (channel_id && channel == nullptr) return unknown(kUnknownChannel, "Channel");
        if (channel == nullptr) rooms_.leave(guild, user);
        if (channel != nullptr) {
            if (auto moved = rooms_.move(guild, user, *channel); !moved)
                return std::unexpected{std::move(moved).error()};
        }
    }
    if (mute) member->mute = *mute;
    if (deaf) member->deaf = *deaf;
    if (body.contains("nick")) member->nick = nick.value_or("");
    member_changed(guild, user);
    return member;
}

const Command& Guilds::keep(const Bot& bot, GuildId guild, Json definition) {
    const auto now = clock_.wall_now();
    Command command{.id = CommandId{world_.next_id(now)},
                    .application = bot.id,
                    .guild = guild,
                    .name = text_of(definition, "name"),
                    .type = static_cast<int>(number_of(definition, "type", 1)),
                    .definition = std::move(definition)};
    const auto same = std::ranges::find_if(world_.commands, [&](const Command& held) {
        return held.application == bot.id && held.guild == guild && held.name == command.name &&
               held.type == command.type;
    });
    if (same != world_.commands.end()) command.id = same->id;
    command.definition["id"] = base::to_string(command.id);
    command.definition["application_id"] = base::to_string(bot.id);
    command.definition["version"] = std::to_string(world_.next_id(now));
    if (guild) command.definition["guild_id"] = base::to_string(guild);
    if (same != world_.commands.end()) return *same = std::move(command);
    return world_.commands.emplace_back(std::move(command));
}

ApiResult<Json> Guilds::overwrite_commands(const Bot& bot, GuildId guild, const Json& list) {
    auto parsed = parse_commands(list);
    if (!parsed) return std::unexpected{std::move(parsed).error()};
    std::vector<Command> held;
    for (auto& definition : *parsed) held.push_back(keep(bot, guild, std::move(definition)));
    std::erase_if(world_.commands, [&](const Command& command) {
        return command.application == bot.id && command.guild == guild &&
               std::ranges::none_of(held, [&](const Command& kept) { return kept.id == command.id; });
    });
    return commands(bot, guild);
}

ApiResult<Json> Guilds::put_command(const Bot& bot, GuildId guild, const Json& definition, bool& created) {
    auto parsed = parse_command(definition);
    if (!parsed) return std::unexpected{std::move(parsed).error()};
    const auto before = world_.commands.size();
    auto out = keep(bot, guild, std::move(*parsed)).definition;
    created = world_.commands.size() > before;
    return out;
}

Json Guilds::commands(const Bot& bot, GuildId guild) const {
    Json out = Json::array();
    for (const auto& command : world_.commands) {
        if (command.application == bot.id && command.guild == guild) out.push_back(command.definition);
    }
    return out;
}

ApiResult<void> Guilds::remove_command(const Bot& bot, GuildId guild, CommandId id) {
    const auto erased = std::erase_if(world_.commands, [&](const Command& command) {
        return command.application == bot.id && command.guild == guild && command.id == id;
    });
    if (erased == 0) return unknown(kUnknownCommand, "application command");
    return {};
}

const Command* Guilds::find_command(const Guild& guild, std::string_view name, ApplicationId bot) const {
    const Command* asleep = nullptr;
    for (const auto& command : world_.commands) {
        const UserId owner{command.application.value()};
        const bool here = (!command.guild || command.guild == guild.id) && guild.member(owner) != nullptr;
        if (!here || command.name != name || command.type != 1 || (bot && command.application != bot))
            continue;
        if (gateway_.session_for(owner, guild.id) != nullptr) return &command;
        asleep = &command;
    }
    return asleep;
}

}  // namespace bandstand::sandbox
