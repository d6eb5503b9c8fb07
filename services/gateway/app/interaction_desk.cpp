#include "app/interaction_desk.hpp"

#include <utility>

#include "domain/command_list.hpp"
#include "domain/rendering.hpp"
#include "domain/sentences.hpp"
#include "domain/voice_checks.hpp"
#include "runtime/deadline.hpp"

namespace bandstand::gateway {
namespace {

using namespace std::chrono_literals;
using discord::Callback;
using discord::CallbackType;

constexpr std::size_t kMostUnderWay = 2'000;
constexpr base::Duration kSearchWithin = 1s;
constexpr base::Duration kPublishWithin = 5s;
// What is left when the callback must be on its way: a later one is refused by Discord anyway.
constexpr base::Duration kLeastForAnswer = 50ms;

Callback callback_for(domain::Acknowledgement acknowledgement) {
    switch (acknowledgement) {
        case domain::Acknowledgement::public_reply:
            return {.type = CallbackType::deferred_message};
        case domain::Acknowledgement::private_reply: {
            Callback callback{.type = CallbackType::deferred_message};
            callback.message.ephemeral = true;
            return callback;
        }
        case domain::Acknowledgement::update:
            return {.type = CallbackType::deferred_update};
    }
    return {};
}

Callback instant(discord::OutgoingMessage message) {
    return {.type = CallbackType::message, .message = std::move(message)};
}

}  // namespace

void InteractionDesk::on_interaction(discord::Interaction interaction, base::Instant received_at) {
    if (under_way_ >= kMostUnderWay) {
        parts_.metrics.count("any", "too_many");
        return;
    }
    auto span = parts_.context.observer().tracer().start("gateway.interaction");
    Visit visit{std::move(interaction), received_at, parts_.context.clock().wall_now(), std::move(span)};
    parts_.tasks.spawn("interaction", serve(std::move(visit)));
}

runtime::Task<base::Result<void>> InteractionDesk::serve(Visit visit) {
    ++under_way_;
    const std::shared_ptr<void> leave{nullptr, [this](void*) { --under_way_; }};
    auto asked = domain::read_interaction(visit.interaction);
    if (auto* player = std::get_if<domain::AskedPlayer>(&asked)) {
        co_await ask_player(visit, std::move(*player));
    } else if (auto* choices = std::get_if<domain::AskedChoices>(&asked)) {
        co_await suggest(visit, std::move(choices->typed));
    } else if (auto* refusal = std::get_if<domain::Refusal>(&asked)) {
        co_await refuse(visit, std::move(*refusal));
    } else {
        co_await answer(visit, instant(domain::help_message()));
        parts_.metrics.count("help", "helped");
    }
    co_return base::ok();  // what went wrong was logged: one visit never stops the desk
}

runtime::Task<void> InteractionDesk::ask_player(Visit& visit, domain::AskedPlayer asked) {
    const auto name = domain::name_of(asked.request);
    visit.span.set("command", name);
    auto refusal = domain::why_not(parts_.cache, visit.interaction.guild, visit.interaction.user.id,
                                   asked.request, visit.received_wall);
    if (refusal) {
        co_await refuse(visit, *std::move(refusal));
        co_return;
    }
    if (!co_await answer(visit, callback_for(asked.acknowledgement))) {
        parts_.metrics.count(name, "not_acknowledged");
        co_return;
    }
    auto command = command_of(visit, std::move(asked));
    const auto reply = command.reply;
    auto published = co_await publish(visit, std::move(command));
    parts_.metrics.count(name, published ? "accepted" : "not_published");
    if (published) co_return;
    parts_.context.observer().log().error(
        "command_not_published",
        {{"command", name}, {"guild_id", visit.interaction.guild}, {"detail", published.error().describe()}});
    auto sorry =
        domain::render_sentence(domain::sentence_for("gateway.bus_unavailable", ""), reply.from_component);
    if (reply.from_component) {
        (void)co_await parts_.discord.follow_up(reply, std::move(sorry));
    } else {
        (void)co_await parts_.discord.edit_answer(reply, std::move(sorry));
    }
}

runtime::Task<base::Result<void>> InteractionDesk::publish(Visit& visit, domain::PlayerCommand command) {
    auto span = parts_.context.observer().tracer().start("gateway.publish", visit.span.traceparent());
    auto sent =
        co_await runtime::within(kPublishWithin, parts_.inbox.send(std::move(command), span.traceparent()));
    if (!sent) {
        span.fail(sent.error().reason().name);
        visit.span.fail(sent.error().reason().name);
    }
    co_return sent;
}

runtime::Task<void> InteractionDesk::suggest(Visit& visit, std::string typed) {
    Callback callback{.type = CallbackType::autocomplete};
    if (!typed.empty()) {
        auto found = co_await parts_.search.search(std::move(typed), kSearchWithin);
        if (!found) {
            parts_.context.observer().log().warn("search_failed", {{"detail", found.error().describe()}});
        } else {
            for (const auto& song : *found) {
                auto value = "lib:" + song.key;
                if (value.size() > discord::kMaxChoiceText) continue;
                callback.choices.push_back(
                    {domain::choice_text(song.title, song.artist, song.duration), std::move(value)});
            }
        }
    }
    const bool answered = co_await answer(visit, std::move(callback));
    parts_.metrics.count("autocomplete", answered ? "completed" : "not_acknowledged");
}

runtime::Task<void> InteractionDesk::refuse(Visit& visit, domain::Refusal refusal) {
    visit.span.set("refused", refusal.reason);
    parts_.metrics.count("any", "refused");
    co_await answer(visit, instant(domain::render_sentence(std::move(refusal.text), true)));
}

runtime::Task<bool> InteractionDesk::answer(Visit& visit, Callback callback) {
    const auto left = discord::kInteractionWindow - (now() - visit.received_at);
    if (left < kLeastForAnswer) {
        parts_.context.observer().log().error("interaction_too_late",
                                              {{"interaction", visit.interaction.id}});
        co_return false;
    }
    auto span = parts_.context.observer().tracer().start("gateway.acknowledge", visit.span.traceparent());
    parts_.metrics.answer_sent(now() - visit.received_at);
    auto taken = co_await parts_.discord.acknowledge(visit.interaction.id, visit.interaction.token,
                                                     std::move(callback), left);
    parts_.metrics.answer_confirmed(now() - visit.received_at);
    if (taken) co_return true;
    span.fail(taken.error().reason().name);
    visit.span.fail(taken.error().reason().name);
    parts_.context.observer().log().error("interaction_not_acknowledged",
                                          {{"interaction", visit.interaction.id},
                                           {"guild_id", visit.interaction.guild},
                                           {"detail", taken.error().describe()}});
    co_return false;
}

domain::PlayerCommand InteractionDesk::command_of(const Visit& visit, domain::AskedPlayer asked) const {
    const auto& interaction = visit.interaction;
    domain::PlayerCommand command;
    command.guild = interaction.guild;
    command.bot = parts_.cache.self();
    command.requester = interaction.user.id;
    command.voice_channel = parts_.cache.voice_channel_of(interaction.guild, interaction.user.id);
    if (const auto* channel = parts_.cache.channel(interaction.guild, command.voice_channel)) {
        command.voice_channel_is_stage = channel->type == discord::ChannelType::stage;
        command.voice_channel_bitrate = channel->bitrate;
    }
    command.reply = {.application = interaction.application,
                     .interaction = interaction.id,
                     .token = interaction.token,
                     .text_channel = interaction.channel,
                     .received_at = visit.received_wall,
                     .from_component = asked.acknowledgement == domain::Acknowledgement::update,
                     .locale = interaction.locale};
    command.request = std::move(asked.request);
    return command;
}

}  // namespace bandstand::gateway
