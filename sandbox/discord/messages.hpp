#pragma once

#include <string>

#include "base/clock.hpp"
#include "sandbox/discord/api_error.hpp"
#include "sandbox/discord/gateway.hpp"
#include "sandbox/discord/message_rules.hpp"
#include "sandbox/discord/world.hpp"

namespace bandstand::sandbox {

/// Messages: written by bots and members, edited, deleted, and told to the bots that may see them.
class Messages {
public:
    Messages(World& world, Gateway& gateway, const base::Clock& clock);

    /// POST /channels/{c}/messages. Errors: 50001, 50013, 50035, 50006, 50007.
    ApiResult<const Message*> create(const Bot& bot, const Channel& channel, const Json& body);
    /// Something that a member wrote.
    const Message& write(const Channel& channel, UserId author, std::string content);
    /// Errors: 10008, 50005 not its author, 50035, 50006.
    ApiResult<const Message*> edit(const Bot& bot, ChannelId channel, MessageId id, const Json& body);
    /// Errors: 10008, 50013.
    ApiResult<void> remove(const Bot& bot, const Channel& channel, MessageId id);
    /// Errors: 10008; 50001 without the right to read the history.
    ApiResult<const Message*> get(const Bot& bot, const Channel& channel, MessageId id) const;
    /// 50001 unless the bot sees the channel and its past.
    ApiResult<void> may_read(const Bot& bot, const Channel& channel) const;

    // For answers to interactions, which need no permissions.
    const Message& store(Message message, const MessageDraft& draft);
    /// Errors: 50006 if nothing would be left.
    ApiResult<const Message*> apply(Message& message, const MessageDraft& draft);
    void erase(MessageId id);
    Message blank(ChannelId channel, UserId author);

private:
    ApiResult<void> may_write(const Bot& bot, const Channel& channel, const MessageDraft& draft) const;
    void tell(const Message& message, std::string type, Json data) const;

    World& world_;
    Gateway& gateway_;
    const base::Clock& clock_;
};

}  // namespace bandstand::sandbox
