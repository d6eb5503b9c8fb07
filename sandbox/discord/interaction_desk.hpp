#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "sandbox/discord/gateway.hpp"
#include "sandbox/discord/interactions.hpp"
#include "sandbox/discord/messages.hpp"
#include "sandbox/discord/world.hpp"

namespace bandstand::sandbox {

/// Who does what where, before it becomes an interaction.
struct Deed {
    GuildId guild;
    ChannelId channel;
    UserId user;
    ApplicationId application;
};

/// Members use commands, press buttons, send modals; bots answer. The way of an interaction from the
/// INTERACTION_CREATE to its last follow-up (discord-rest section 5).
class InteractionDesk {
public:
    InteractionDesk(World& world, Gateway& gateway, Messages& messages, const base::Clock& clock);

    /// Called whenever a bot answered anything.
    void on_change(std::function<void()> callback) { on_change_ = std::move(callback); }

    /// `data` as INTERACTION_CREATE carries it. Returns the new interaction's id.
    InteractionId use_command(const Deed& deed, const Command& command, Json options, Json resolved,
                              bool completing);
    /// `component` is the component object of `carrier`.
    InteractionId use_component(const Deed& deed, const Message& carrier, const Json& component,
                                const Json& values);
    /// `opener` was answered with a modal; `values` maps custom ids to what was typed.
    InteractionId send_modal(const Interaction& opener, const Json& values);

    /// POST …/callback. Returns the object of `with_response`. Errors: 10062, 40060, 50035, 50006.
    ApiResult<Json> answer(InteractionId id, std::string_view token, const Json& body);
    /// `which` is "@original" or a message id. Errors: 10015, 50027, 10008.
    ApiResult<Json> message(ApplicationId application, std::string_view token, std::string_view which);
    ApiResult<Json> edit(ApplicationId application, std::string_view token, std::string_view which,
                         const Json& body);
    ApiResult<void> remove(ApplicationId application, std::string_view token, std::string_view which);
    ApiResult<Json> follow_up(ApplicationId application, std::string_view token, const Json& body);

    const Interaction* find(InteractionId id) { return interactions_.find(id); }
    void expire(base::Instant now) { interactions_.expire(now); }

private:
    Interaction begin(const Deed& deed, InteractionType type);
    InteractionId send(Interaction interaction, Json data, const Message* carrier);
    ApiResult<void> carry_out(Interaction& interaction, const Callback& callback);
    Message reply(const Interaction& interaction, std::int64_t flags);
    ApiResult<Message*> find_message(Interaction& interaction, std::string_view which);
    void changed(Interaction& interaction, bool visible);

    World& world_;
    Gateway& gateway_;
    Messages& messages_;
    const base::Clock& clock_;
    Interactions interactions_;
    std::function<void()> on_change_ = [] {};
};

}  // namespace bandstand::sandbox
