#include "sandbox/discord/messages.hpp"

#include <utility>

#include "sandbox/discord/intents.hpp"
#include "sandbox/discord/objects.hpp"

namespace bandstand::sandbox {
namespace {

void fill(Message& message, const MessageDraft& draft) {
    if (draft.content) message.content = *draft.content;
    if (draft.embeds) message.embeds = *draft.embeds;
    if (draft.components) message.components = *draft.components;
    // Ephemeral and Components V2 stay what they are once set; the rest follows the body.
    const auto kept = message.flags & (kFlagEphemeral | kFlagComponentsV2);
    if (draft.flags) message.flags = kept | (*draft.flags & ~kFlagEphemeral);
}

bool shows_nothing(const Message& message) {
    return trimmed(message.content).empty() && message.embeds.empty() && message.components.empty() &&
           message.attachments.empty();
}

}  // namespace

Messages::Messages(World& world, Gateway& gateway, const base::Clock& clock)
    : world_{world}, gateway_{gateway}, clock_{clock} {}

Message Messages::blank(ChannelId channel, UserId author) {
    const auto now = clock_.wall_now();
    Message message;
    message.id = MessageId{world_.next_id(now)};
    message.channel = channel;
    message.author = author;
    message.sent_at = now;
    if (const auto* in = world_.channel(channel)) message.guild = in->guild;
    return message;
}

void Messages::tell(const Message& message, std::string type, Json data) const {
    if (message.ephemeral_for) return;  // its author made it; nobody else's bots see it
    gateway_.dispatch({.type = std::move(type),
                       .data = std::move(data),
                       .guild = message.guild,
                       .intent = message.guild ? intent::kGuildMessages : intent::kDirectMessages,
                       .channel = message.channel});
}

const Message& Messages::store(Message message, const MessageDraft& draft) {
    fill(message, draft);
    message.nonce = draft.nonce;
    const auto& kept = world_.add(std::move(message));
    tell(kept, "MESSAGE_CREATE", message_event(world_, kept));
    return kept;
}

ApiResult<const Message*> Messages::apply(Message& message, const MessageDraft& draft) {
    Message edited = message;
    fill(edited, draft);
    edited.flags &= ~kFlagLoading;
    if (shows_nothing(edited))
        return refuse({.status = 400, .code = 50006, .message = "Cannot send an empty message"});
    if (!message.loading()) edited.edited_at = clock_.wall_now();
    message = std::move(edited);
    tell(message, "MESSAGE_UPDATE", message_event(world_, message));
    return &message;
}

ApiResult<void> Messages::may_write(const Bot& bot, const Channel& channel, const MessageDraft& draft) const {
    if (channel.type == ChannelType::direct) return {};
    const auto held = world_.permissions(channel, bot.user(), clock_.wall_now());
    if (!allows(held, permission::kViewChannel)) return missing_access();
    if (!allows(held, permission::kSendMessages)) return missing_permissions();
    if (draft.embeds && !draft.embeds->empty() && !allows(held, permission::kEmbedLinks))
        return missing_permissions();
    return {};
}

ApiResult<void> Messages::may_read(const Bot& bot, const Channel& channel) const {
    if (channel.type == ChannelType::direct) return {};
    const auto held = world_.permissions(channel, bot.user(), clock_.wall_now());
    return allows(held, permission::kViewChannel | permission::kReadMessageHistory) ? ApiResult<void>{}
                                                                                    : missing_access();
}

ApiResult<const Message*> Messages::create(const Bot& bot, const Channel& channel, const Json& body) {
    auto draft = parse_message(body, MessageUse::channel);
    if (!draft) return std::unexpected{std::move(draft).error()};
    if (auto allowed = may_write(bot, channel, *draft); !allowed)
        return std::unexpected{std::move(allowed).error()};
    if (draft->enforce_nonce && !draft->nonce.empty()) {
        for (const auto* earlier : world_.messages_in(channel.id, 50)) {
            if (earlier->author == bot.user() && earlier->nonce == draft->nonce) return earlier;
        }
    }
    return &store(blank(channel.id, bot.user()), *draft);
}

const Message& Messages::write(const Channel& channel, UserId author, std::string content) {
    MessageDraft draft;
    draft.content = std::move(content);
    return store(blank(channel.id, author), draft);
}

ApiResult<const Message*> Messages::edit(const Bot& bot, ChannelId channel, MessageId id, const Json& body) {
    const auto found = world_.messages.find(id);
    if (found == world_.messages.end() || found->second.channel != channel || found->second.ephemeral_for) {
        return unknown(kUnknownMessage, "Message");
    }
    if (found->second.author != bot.user()) {
        return refuse(
            {.status = 403, .code = 50005, .message = "Cannot edit a message authored by another user"});
    }
    auto draft = parse_message(body, MessageUse::edit, (found->second.flags & kFlagComponentsV2) != 0);
    if (!draft) return std::unexpected{std::move(draft).error()};
    return apply(found->second, *draft);
}

ApiResult<const Message*> Messages::get(const Bot& bot, const Channel& channel, MessageId id) const {
    if (auto allowed = may_read(bot, channel); !allowed) return std::unexpected{std::move(allowed).error()};
    const auto found = world_.messages.find(id);
    if (found == world_.messages.end() || found->second.channel != channel.id ||
        found->second.ephemeral_for) {
        return unknown(kUnknownMessage, "Message");
    }
    return &found->second;
}

ApiResult<void> Messages::remove(const Bot& bot, const Channel& channel, MessageId id) {
    const auto found = world_.messages.find(id);
    if (found == world_.messages.end() || found->second.channel != channel.id ||
        found->second.ephemeral_for) {
        return unknown(kUnknownMessage, "Message");
    }
    const auto held = world_.permissions(channel, bot.user(), clock_.wall_now());
    if (found->second.author != bot.user() && !allows(held, permission::kManageMessages))
        return missing_permissions();
    erase(id);
    return {};
}

void Messages::erase(MessageId id) {
    const auto found = world_.messages.find(id);
    if (found == world_.messages.end()) return;
    const auto message = std::move(found->second);
    world_.messages.erase(found);
    Json data{{"id", base::to_string(id)}, {"channel_id", base::to_string(message.channel)}};
    if (message.guild) data["guild_id"] = base::to_string(message.guild);
    tell(message, "MESSAGE_DELETE", std::move(data));
}

}  // namespace bandstand::sandbox
