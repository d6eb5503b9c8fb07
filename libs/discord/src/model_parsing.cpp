#include "model_parsing.hpp"

#include <algorithm>
#include <charconv>
#include <unordered_set>

namespace bandstand::discord {
namespace {

// Discord's own limits with room to grow: 250 roles, 500 channels, 2000 overwrites, 25 options.
constexpr std::size_t kMaxRoles = 1'000;
constexpr std::size_t kMaxChannels = 4'000;
constexpr std::size_t kMaxOverwrites = 2'000;
constexpr std::size_t kMaxMembers = 100'000;
constexpr std::size_t kMaxOptions = 25;
constexpr std::size_t kMaxAttachments = 10;
constexpr std::size_t kMaxName = 256;
constexpr std::size_t kMaxSessionId = 512;
constexpr std::size_t kMaxInteractionToken = 2'048;
constexpr std::size_t kMaxUrl = 4'096;
constexpr std::size_t kMaxOptionText = 6'000;

std::vector<Overwrite> parse_overwrites(JsonView json) {
    std::vector<Overwrite> overwrites;
    json.each(kMaxOverwrites, [&](JsonView item) {
        Overwrite overwrite;
        overwrite.id = item["id"].id<base::Id<struct OverwriteTag>>().value();
        overwrite.for_member = item["type"].integer() == 1;
        overwrite.allow = item["allow"].bits();
        overwrite.deny = item["deny"].bits();
        if (overwrite.id != 0) overwrites.push_back(overwrite);
    });
    return overwrites;
}

CommandOption parse_option(JsonView json) {
    CommandOption option;
    option.name = json["name"].text(kMaxName);
    option.focused = json["focused"].is(false);
    const auto value = json["value"];
    if (value.string()) {
        option.value = value.text(kMaxOptionText);
    } else if (const auto integer = value.integer()) {
        option.value = *integer;
    } else if (const auto number = value.number()) {
        option.value = *number;
    } else if (const auto flag = value.boolean()) {
        option.value = *flag;
    }
    return option;
}

Attachment parse_attachment(JsonView json) {
    Attachment attachment;
    attachment.id = json["id"].text(32);
    attachment.filename = json["filename"].text(kMaxName);
    attachment.url = json["url"].text(kMaxUrl);
    attachment.content_type = json["content_type"].text(128);
    attachment.size_bytes = json["size"].unsigned_up_to(1ULL << 40U);
    return attachment;
}

std::optional<int> digits(std::string_view text, std::size_t from, std::size_t count) {
    if (text.size() < from + count) return std::nullopt;
    int value = 0;
    const auto part = text.substr(from, count);
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (error != std::errc{} || end != part.data() + part.size() || value < 0) return std::nullopt;
    return value;
}

}  // namespace

std::optional<base::WallTime> parse_timestamp(std::string_view text) {
    const auto year = digits(text, 0, 4);
    const auto month = digits(text, 5, 2);
    const auto day = digits(text, 8, 2);
    const auto hour = digits(text, 11, 2);
    const auto minute = digits(text, 14, 2);
    const auto second = digits(text, 17, 2);
    if (!year || !month || !day || !hour || !minute || !second || text[4] != '-' || text[10] != 'T')
        return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{*year},
                                           std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60 || *year < 1970 || *year > 2200)
        return std::nullopt;
    // Discord sends UTC ("+00:00"); another offset would only move the end of a time-out by hours, so it is
    // not read.
    return base::WallTime{std::chrono::sys_days{date}.time_since_epoch() + std::chrono::hours{*hour} +
                          std::chrono::minutes{*minute} + std::chrono::seconds{*second}};
}

std::optional<User> parse_user(JsonView json) {
    User user;
    user.id = json["id"].id<UserId>();
    if (!user.id) return std::nullopt;
    user.name = json["global_name"].text(kMaxName);
    if (user.name.empty()) user.name = json["username"].text(kMaxName);
    user.bot = json["bot"].is(false);
    return user;
}

Member parse_member(JsonView json) {
    Member member;
    member.user = parse_user(json["user"]).value_or(User{});
    json["roles"].each(kMaxRoles, [&](JsonView role) {
        if (const auto id = role.id<RoleId>()) member.roles.push_back(id);
    });
    member.timed_out_until = parse_timestamp(json["communication_disabled_until"].string().value_or(""));
    return member;
}

std::optional<Role> parse_role(JsonView json) {
    Role role;
    role.id = json["id"].id<RoleId>();
    if (!role.id) return std::nullopt;
    role.name = json["name"].text(kMaxName);
    role.permissions = json["permissions"].bits();
    return role;
}

std::optional<Channel> parse_channel(JsonView json, GuildId guild) {
    Channel channel;
    channel.id = json["id"].id<ChannelId>();
    if (!channel.id) return std::nullopt;
    channel.guild = guild ? guild : json["guild_id"].id<GuildId>();
    channel.type = static_cast<ChannelType>(json["type"].unsigned_up_to(255));
    channel.name = json["name"].text(kMaxName);
    channel.bitrate = static_cast<std::uint32_t>(json["bitrate"].unsigned_up_to(1'000'000));
    channel.user_limit = static_cast<std::uint32_t>(json["user_limit"].unsigned_up_to(100'000));
    channel.overwrites = parse_overwrites(json["permission_overwrites"]);
    return channel;
}

std::optional<VoiceState> parse_voice_state(JsonView json, GuildId guild) {
    VoiceState state;
    state.user = json["user_id"].id<UserId>();
    state.guild = guild ? guild : json["guild_id"].id<GuildId>();
    if (!state.user || !state.guild) return std::nullopt;
    state.channel = json["channel_id"].id<ChannelId>();
    state.bot = json["member"]["user"]["bot"].is(false);
    state.session_id = json["session_id"].text(kMaxSessionId);
    state.deafened = json["deaf"].is(false) || json["self_deaf"].is(false);
    state.muted_by_server = json["mute"].is(false);
    state.suppressed = json["suppress"].is(false);
    return state;
}

std::optional<Guild> parse_guild(JsonView json) {
    Guild guild;
    guild.id = json["id"].id<GuildId>();
    if (!guild.id) return std::nullopt;
    guild.unavailable = json["unavailable"].is(false);
    if (guild.unavailable) return guild;
    guild.name = json["name"].text(kMaxName);
    guild.owner = json["owner_id"].id<UserId>();
    guild.member_count = static_cast<std::uint32_t>(json["member_count"].unsigned_up_to(100'000'000));
    json["roles"].each(kMaxRoles, [&](JsonView item) {
        if (auto role = parse_role(item)) guild.roles.push_back(*std::move(role));
    });
    json["channels"].each(kMaxChannels, [&](JsonView item) {
        if (auto channel = parse_channel(item, guild.id)) guild.channels.push_back(*std::move(channel));
    });
    std::unordered_set<UserId> bots;
    json["members"].each(kMaxMembers, [&](JsonView item) {
        auto member = parse_member(item);
        if (!member.user.id) return;
        if (member.user.bot) bots.insert(member.user.id);
        guild.members.push_back(std::move(member));
    });
    json["voice_states"].each(kMaxMembers, [&](JsonView item) {
        auto state = parse_voice_state(item, guild.id);
        if (!state) return;
        state->bot = state->bot || bots.contains(state->user);
        guild.voice_states.push_back(*std::move(state));
    });
    return guild;
}

std::optional<Interaction> parse_interaction(JsonView json) {
    Interaction interaction;
    interaction.id = json["id"].id<InteractionId>();
    interaction.application = json["application_id"].id<ApplicationId>();
    interaction.token = json["token"].text(kMaxInteractionToken);
    const auto user = parse_user(json["member"]["user"].exists() ? json["member"]["user"] : json["user"]);
    const auto type = json["type"].unsigned_up_to(5);
    if (!interaction.id || !interaction.application || interaction.token.empty() || !user || type == 0)
        return std::nullopt;
    interaction.type = static_cast<InteractionType>(type);
    interaction.user = *user;
    interaction.guild = json["guild_id"].id<GuildId>();
    interaction.channel = json["channel_id"].id<ChannelId>();
    if (!interaction.channel) interaction.channel = json["channel"]["id"].id<ChannelId>();
    interaction.app_permissions = json["app_permissions"].bits();
    interaction.locale = json["locale"].text(16);
    const auto data = json["data"];
    interaction.command = data["name"].text(kMaxName);
    interaction.custom_id = data["custom_id"].text(kMaxName);
    interaction.message = json["message"]["id"].id<MessageId>();
    data["options"].each(kMaxOptions,
                         [&](JsonView item) { interaction.options.push_back(parse_option(item)); });
    data["resolved"]["attachments"].each_member(kMaxAttachments, [&](std::string_view, JsonView item) {
        interaction.attachments.push_back(parse_attachment(item));
    });
    return interaction;
}

}  // namespace bandstand::discord
