#include "adapters/bus_publishers.hpp"

#include "adapters/inbox_codec.hpp"
#include "bandstand/events/community/v1/guild.pb.h"
#include "contracts/meta.hpp"
#include "contracts/topics.hpp"

namespace bandstand::gateway {
namespace {

using base::Result;
using runtime::Task;
namespace community = bandstand::events::community::v1;

constexpr const char* kProducer = "gateway";

// Stamps an event and wraps it for the bus.
template <class Event>
messaging::Message message_of(const base::Clock& clock, Event event, std::string traceparent,
                              std::string event_id) {
    *event.mutable_meta() = contracts::make_meta(clock, kProducer, traceparent, std::move(event_id));
    messaging::Message message{.key = contracts::guild_key(base::GuildId{event.guild_id()}),
                               .payload = event.SerializeAsString(),
                               .event_id = event.meta().event_id()};
    if (!traceparent.empty()) message.headers.emplace_back("traceparent", std::move(traceparent));
    return message;
}

community::GuildEvent guild_event(base::GuildId guild, base::UserId bot) {
    community::GuildEvent event;
    event.set_guild_id(guild.value());
    event.set_bot_id(bot.value());
    return event;
}

}  // namespace

Task<Result<void>> BusPlayerInbox::send(domain::PlayerCommand command, std::string traceparent) {
    auto event_id = "interaction:" + base::to_string(command.reply.interaction);
    std::vector<messaging::Message> messages;
    messages.push_back(
        message_of(context_.clock(), to_proto(command), std::move(traceparent), std::move(event_id)));
    co_return co_await bus_.publish(contracts::kPlayerInbox, std::move(messages));
}

Task<Result<void>> BusPlayerInbox::send(std::vector<domain::AddressedSignal> signals) {
    std::vector<messaging::Message> messages;
    for (const auto& signal : signals)
        messages.push_back(message_of(context_.clock(), to_proto(signal), {}, {}));
    co_return co_await bus_.publish(contracts::kPlayerInbox, std::move(messages));
}

Task<Result<void>> BusCommunity::joined(base::GuildId guild, base::UserId bot, std::string name,
                                        base::UserId owner, std::uint32_t members) {
    auto event = guild_event(guild, bot);
    event.mutable_joined()->set_name(std::move(name));
    event.mutable_joined()->set_owner_id(owner.value());
    event.mutable_joined()->set_member_count(members);
    std::vector<messaging::Message> messages;
    messages.push_back(message_of(context_.clock(), std::move(event), {}, {}));
    co_return co_await bus_.publish(contracts::kCommunityGuild, std::move(messages));
}

Task<Result<void>> BusCommunity::left(base::GuildId guild, base::UserId bot) {
    auto event = guild_event(guild, bot);
    event.mutable_left();
    std::vector<messaging::Message> messages;
    messages.push_back(message_of(context_.clock(), std::move(event), {}, {}));
    co_return co_await bus_.publish(contracts::kCommunityGuild, std::move(messages));
}

}  // namespace bandstand::gateway
