#include "adapters/inbox_handler.hpp"

#include <utility>

#include "adapters/inbox_codec.hpp"
#include "observe/observer.hpp"

namespace bandstand::audio {

runtime::Task<base::Result<void>> InboxHandler::handle(messaging::Delivery delivery) {
    auto message = parse_inbox(delivery.payload);
    if (!message) co_return std::unexpected(std::move(message).error());
    if (!message->input) {
        metrics_.messages_ignored.increment();
        co_return base::ok();
    }
    auto* command = std::get_if<domain::Command>(&*message->input);
    if (!command) {
        co_return co_await host_.deliver(delivery.partition, message->key, std::move(*message->input), {});
    }
    auto span = context_.observer().tracer().start("audio.command", message->traceparent);
    span.set("command", command->ask.command);
    span.set("guild_id", base::to_string(message->key.guild));
    if (auto own = span.traceparent(); !own.empty()) command->ask.traceparent = std::move(own);
    auto done = co_await host_.deliver(delivery.partition, message->key, std::move(*message->input),
                                       message->event_id);
    if (!done) span.fail(done.error().reason().name);
    co_return done;
}

runtime::Task<void> InboxHandler::assigned(messaging::Ownership ownership) {
    co_await host_.assigned({ownership.partition, ownership.epoch});
}

runtime::Task<void> InboxHandler::revoked(messaging::Ownership ownership) {
    co_await host_.revoked(ownership.partition);
}

}  // namespace bandstand::audio
