#include "sandbox/discord/world.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <ctime>
#include <utility>

#include "base/assert.hpp"

namespace bandstand::sandbox {
namespace {

constexpr std::uint64_t kDiscordEpochMs = 1'420'070'400'000;
constexpr base::WallTime kFoundingDay{std::chrono::seconds{1'767'225'600}};  // 2026-01-01

std::uint64_t snowflake(base::WallTime time) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
    return (static_cast<std::uint64_t>(ms) - kDiscordEpochMs) << 22U;
}
/// The ids of the default world: `number` milliseconds after its founding.
std::uint64_t founding_id(int number) {
    return snowflake(kFoundingDay + std::chrono::milliseconds{number});
}

template <class Map, class Key>
auto* look_up(Map& map, Key key) {
    const auto found = map.find(key);
    return found == map.end() ? nullptr : &found->second;
}

constexpr Permissions kEveryone =
    permission::kViewChannel | permission::kSendMessages | permission::kEmbedLinks |
    permission::kAttachFiles | permission::kReadMessageHistory | permission::kConnect | permission::kSpeak |
    permission::kUseVad | permission::kRequestToSpeak | permission::kUseApplicationCommands;

}  // namespace

const Channel* Guild::channel(ChannelId wanted) const {
    return look_up(channels, wanted);
}
Channel* Guild::channel(ChannelId wanted) {
    return look_up(channels, wanted);
}
const Member* Guild::member(UserId wanted) const {
    return look_up(members, wanted);
}
Member* Guild::member(UserId wanted) {
    return look_up(members, wanted);
}
const VoiceState* Guild::voice_state(UserId wanted) const {
    return look_up(voice_states, wanted);
}

bool Message::loading() const {
    return (flags & kFlagLoading) != 0;
}

std::uint64_t World::next_id(base::WallTime now) {
    last_id_ = std::max(last_id_ + 1, snowflake(now));
    return last_id_;
}

const Bot* World::bot_with_token(std::string_view token) const {
    const auto found =
        std::ranges::find_if(bots, [&](const auto& entry) { return entry.second.token == token; });
    return found == bots.end() ? nullptr : &found->second;
}

const User& World::user(UserId id) const {
    const auto found = users.find(id);
    BASE_ASSERT(found != users.end());
    return found->second;
}

Guild* World::guild(GuildId id) {
    return look_up(guilds, id);
}
const Guild* World::guild(GuildId id) const {
    return look_up(guilds, id);
}

const Channel* World::channel(ChannelId id) const {
    for (const auto& [guild_id, guild] : guilds) {
        if (const auto* found = guild.channel(id)) return found;
    }
    return look_up(direct_channels, id);
}
Channel* World::channel(ChannelId id) {
    return const_cast<Channel*>(std::as_const(*this).channel(id));
}

Guild* World::find_guild(std::string_view name_or_id) {
    for (auto& [id, guild] : guilds) {
        if (base::to_string(id) == name_or_id || lower(guild.name) == lower(name_or_id)) return &guild;
    }
    return nullptr;
}
Channel* World::find_channel(Guild& guild, std::string_view name_or_id) {
    for (auto& [id, channel] : guild.channels) {
        if (base::to_string(id) == name_or_id || lower(channel.name) == lower(name_or_id)) return &channel;
    }
    return nullptr;
}
const User* World::find_member(const Guild& guild, std::string_view name_or_id) const {
    for (const auto& [id, member] : guild.members) {
        const auto& candidate = user(id);
        if (base::to_string(id) == name_or_id || lower(candidate.name) == lower(name_or_id))
            return &candidate;
    }
    return nullptr;
}

Permissions World::permissions(const Channel& channel, UserId user, base::WallTime now) const {
    const auto* in = guild(channel.guild);
    const auto* member = in == nullptr ? nullptr : in->member(user);
    if (member == nullptr) return 0;
    return permissions_in(*in, channel, *member, member->timed_out_until && *member->timed_out_until > now);
}

std::vector<const Message*> World::messages_in(ChannelId channel, std::size_t limit) const {
    std::vector<const Message*> found;
    for (auto it = messages.rbegin(); it != messages.rend() && found.size() < limit; ++it) {
        if (it->second.channel == channel) found.push_back(&it->second);
    }
    return found;
}

Message& World::add(Message message) {
    if (messages.size() >= kMaxMessages) messages.erase(messages.begin());
    if (auto* in = channel(message.channel)) in->last_message = message.id;
    const auto id = message.id;
    return messages.insert_or_assign(id, std::move(message)).first->second;
}

UserId World::add_user(UserId id, std::string name, bool bot) {
    users.insert_or_assign(id, User{.id = id, .name = std::move(name), .bot = bot});
    return id;
}

Guild& World::add_guild(GuildId id, std::string name, UserId owner, base::WallTime now) {
    Guild guild{.id = id,
                .name = std::move(name),
                .owner = owner,
                .created_at = now,
                .roles = {},
                .channels = {},
                .members = {},
                .voice_states = {}};
    const RoleId everyone{id.value()};
    guild.roles.emplace(everyone, Role{.id = everyone, .name = "@everyone", .permissions = kEveryone});
    auto& kept = guilds.insert_or_assign(id, std::move(guild)).first->second;
    add_member(kept, owner, now);
    return kept;
}

Channel& World::add_channel(Guild& guild, ChannelId id, ChannelType type, std::string name) {
    Channel channel;
    channel.id = id;
    channel.guild = guild.id;
    channel.type = type;
    channel.name = std::move(name);
    channel.position = static_cast<int>(guild.channels.size());
    return guild.channels.insert_or_assign(id, std::move(channel)).first->second;
}

Member& World::add_member(Guild& guild, UserId user, base::WallTime now) {
    Member member;
    member.user = user;
    member.joined_at = now;
    return guild.members.try_emplace(user, std::move(member)).first->second;
}

Member& World::add_bot(Guild& guild, const Bot& bot, RoleId role, base::WallTime now) {
    guild.roles.insert_or_assign(role, Role{.id = role,
                                            .name = bot.name,
                                            .permissions = invited_permissions(),
                                            .position = static_cast<int>(guild.roles.size()),
                                            .managed = true});
    auto& member = add_member(guild, bot.user(), now);
    member.roles = {role};
    return member;
}

Permissions invited_permissions() {
    return kEveryone | permission::kMuteMembers | permission::kSetVoiceChannelStatus |
           permission::kManageRoles;
}

World default_world() {
    World world;
    const auto alice = world.add_user(UserId{founding_id(1)}, "alice", false);
    const auto bob = world.add_user(UserId{founding_id(2)}, "bob", false);
    const auto carol = world.add_user(UserId{founding_id(3)}, "carol", false);
    for (int number = 1; number <= 2; ++number) {
        Bot bot;
        bot.id = ApplicationId{founding_id(10 + number)};
        bot.name = number == 1 ? "Bandstand" : "Bandstand Two";
        bot.token = "sandbox.token." + std::to_string(number);
        world.add_user(bot.user(), bot.name, true);
        world.bots.emplace(bot.id, std::move(bot));
    }
    for (const auto& [name, first] : {std::pair{"Lounge", 100}, std::pair{"Garage", 201}}) {
        auto& guild = world.add_guild(GuildId{founding_id(first)}, name, alice, kFoundingDay);
        world.add_channel(guild, ChannelId{founding_id(first + 10)}, ChannelType::text, "general");
        world.add_channel(guild, ChannelId{founding_id(first + 12)}, ChannelType::stage, "Stage");
        world.add_channel(guild, ChannelId{founding_id(first + 14)}, ChannelType::voice, "Talk");
        world.add_member(guild, bob, kFoundingDay);
        world.add_member(guild, carol, kFoundingDay);
        int role = first + 20;
        for (const auto& [id, bot] : world.bots) {
            world.add_bot(guild, bot, RoleId{founding_id(role++)}, kFoundingDay);
        }
    }
    return world;
}

std::string iso8601(base::WallTime time) {
    const auto since = std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
    const std::time_t seconds = since / 1'000'000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 64> out{};
    const auto length = std::snprintf(out.data(), out.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%06d+00:00",
                                      parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                                      parts.tm_min, parts.tm_sec, static_cast<int>(since % 1'000'000));
    return {out.data(), static_cast<std::size_t>(std::max(length, 0))};
}

std::string lower(std::string_view text) {
    std::string out{text};
    std::ranges::transform(out, out.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

}  // namespace bandstand::sandbox
