#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "sandbox/discord/api_error.hpp"
#include "sandbox/discord/json.hpp"
#include "sandbox/discord/message_rules.hpp"
#include "sandbox/discord/world.hpp"

namespace bandstand::sandbox {

enum class InteractionType : std::uint8_t {
    ping = 1,
    command = 2,
    component = 3,
    autocomplete = 4,
    modal = 5
};
enum class CallbackType : std::uint8_t {
    message = 4,
    deferred_message = 5,
    deferred_update = 6,
    update_message = 7,
    autocomplete = 8,
    modal = 9,
};

/// The first answer must come within this; later ones are refused (10062).
constexpr base::Duration kAnswerWindow = std::chrono::seconds{3};
/// So long the token edits and follows up; then 50027.
constexpr base::Duration kTokenLife = std::chrono::minutes{15};

/// One thing that a member did and what the bot made of it so far.
struct Interaction {
    InteractionId id;
    std::string token;
    std::string name;  ///< of the command
    ApplicationId application;
    GuildId guild;
    ChannelId channel;
    UserId user;
    MessageId carrier;  ///< component: the message that carries it
    base::Instant at;
    base::WallTime sent_at;

    base::Instant answered_at;              ///< the first answer
    std::optional<base::Instant> shown_at;  ///< when there was something to see: a message, an edit, choices
    MessageId original;                     ///< the message that @original means
    std::vector<MessageId> followups;
    Json choices = nullptr;  ///< autocomplete
    Json modal = nullptr;

    InteractionType type = InteractionType::command;
    std::optional<CallbackType> answered_with;
    bool from_component = false;  ///< a modal that a component opened
    bool ephemeral = false;
    bool loading = false;  ///< deferred, "thinking…"
};

/// A checked callback body.
struct Callback {
    CallbackType type = CallbackType::message;
    MessageDraft draft;  ///< message, update_message
    std::int64_t flags = 0;
    Json choices = nullptr;
    Json modal = nullptr;
};

/// Checks a callback body against the interaction it answers (developer docs, "Interaction Callback Type").
/// Errors: 50035, 50006.
ApiResult<Callback> parse_callback(const Json& body, const Interaction& interaction, bool carrier_is_v2);

/// Every interaction of the last quarter of an hour.
class Interactions {
public:
    Interaction& add(Interaction interaction);
    Interaction* find(InteractionId id);
    /// For the callback route. Errors: 10062 when it is unknown, its token is wrong, or `now` is later than
    /// kAnswerWindow; 40060 when it was answered already.
    ApiResult<Interaction*> awaiting_answer(InteractionId id, std::string_view token, base::Instant now);
    /// For the webhook routes. Errors: 10015 when there is no such token or it was never answered; 50027 when
    /// it is older than kTokenLife.
    ApiResult<Interaction*> answered(ApplicationId application, std::string_view token, base::Instant now);
    /// Forgets what nobody can use any more.
    void expire(base::Instant now);
    std::size_t size() const { return by_id_.size(); }

private:
    std::map<InteractionId, Interaction> by_id_;
};

}  // namespace bandstand::sandbox
