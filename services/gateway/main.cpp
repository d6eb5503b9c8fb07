// The gateway service: the bot's sessions at Discord, its commands, and the people's side of the player.

#include <cstring>
#include <iostream>
#include <memory>
#include <utility>

#include "adapters/bus_publishers.hpp"
#include "adapters/discord_session.hpp"
#include "adapters/gateway_control_api.hpp"
#include "adapters/grpc_search.hpp"
#include "adapters/playback_consumer.hpp"
#include "adapters/postgres_command_registry.hpp"
#include "app/bots.hpp"
#include "app/health_probe.hpp"
#include "app/playback_desk.hpp"
#include "app/voice_control.hpp"
#include "config.hpp"
#include "contracts/topics.hpp"
#include "http/ops.hpp"
#include "http/server.hpp"
#include "messaging/bus.hpp"
#include "rpc/server.hpp"
#include "runtime/run.hpp"
#include "runtime/task_group.hpp"

namespace bandstand::gateway {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kDrainWithin = 3s;
constexpr postgres::Statement kPing{"gateway_ping", "SELECT 1"};

std::unique_ptr<messaging::Bus> make_bus(const runtime::Context& context, const Config& config,
                                         postgres::Pool& database) {
    if (config.bus == "kafka")
        return messaging::make_kafka_bus(context, {.brokers = config.kafka_brokers}, database);
    return messaging::make_postgres_bus(context, database);
}

/// What all bot identities share.
struct Shared {
    runtime::Context context;
    const Config& config;
    runtime::TaskGroup& visits;
    ports::PlayerInbox& inbox;
    ports::LibrarySearch& search;
    ports::Community& community;
    ports::CommandRegistry& registry;
    SignalPost& signals;
    const InteractionMetrics& metrics;
};

/// A bot and its session at Discord.
struct Identity {
    Identity(const Shared& shared, const base::Secret& token)
        : session{shared.context, options(shared.config, token),
                  [this](discord::ShardEvent event) { bot.on_event(std::move(event)); }},
          bot{{.context = shared.context,
               .tasks = shared.visits,
               .discord = session,
               .inbox = shared.inbox,
               .search = shared.search,
               .community = shared.community,
               .registry = shared.registry,
               .signals = shared.signals,
               .metrics = shared.metrics}} {}

    static DiscordSession::Options options(const Config& config, const base::Secret& token) {
        return {.api_url = config.api_url,
                .ca_file = config.tls_ca_file,
                .token = token,
                .shard_count = config.shard_count,
                .compression = config.compression};
    }

    DiscordSession session;
    Bot bot;
};

// A bot whose token Discord refuses must not take the others down; the last one ends the process.
runtime::Task<base::Result<void>> run_identity(runtime::Context context, Identity& identity,
                                               std::size_t& running) {
    auto ended = co_await identity.session.shards().run();
    --running;
    if (!ended) context.observer().log().error("bot_gave_up", {{"detail", ended.error().describe()}});
    if (ended || running > 0) co_return base::ok();
    co_return ended;
}

// People who were told to wait get their answer before the process goes.
runtime::Task<void> drain(runtime::Context context, const runtime::TaskGroup& visits) {
    const auto until = context.clock().now() + kDrainWithin;
    while (visits.size() > 0 && context.clock().now() < until) co_await runtime::sleep_for(20ms);
}

runtime::Task<base::Result<void>> ask_database(postgres::Pool& database) {
    auto answer = co_await database.execute(kPing);
    if (!answer) co_return std::unexpected(std::move(answer).error());
    co_return base::ok();
}

runtime::Task<base::Result<void>> ask_bus(messaging::Bus& bus) {
    auto answer = co_await bus.owner_of("audio.player", contracts::kPlayerInbox, "0");
    if (!answer) co_return std::unexpected(std::move(answer).error());
    co_return base::ok();
}

runtime::Task<base::Result<void>> serve(runtime::Context context) {
    config::Reader settings{context.environment()};
    auto config = load_config(settings);
    if (!config) co_return std::unexpected(std::move(config).error());

    postgres::Pool database{context,
                            {.url = config->database, .schema = "gateway", .name = config->instance}};
    if (auto ready = co_await PostgresCommandRegistry::migrate(database); !ready) co_return ready;
    if (auto ready = co_await messaging::migrate(database); !ready) co_return ready;
    const auto bus = make_bus(context, *config, database);

    BusPlayerInbox inbox{context, *bus};
    BusCommunity community{context, *bus};
    PostgresCommandRegistry registry{database};
    GrpcSearch search{rpc::Channel{config->audio_grpc}};
    SignalPost signals{context, inbox};
    const InteractionMetrics metrics{context.observer().metrics()};
    runtime::TaskGroup visits{context};

    const Shared shared{context, *config, visits, inbox, search, community, registry, signals, metrics};
    std::vector<std::unique_ptr<Identity>> identities;
    Bots bots;
    for (const auto& token : config->tokens) {
        const auto& identity = *identities.emplace_back(std::make_unique<Identity>(shared, token));
        bots.add(identities.back()->bot);
        context.readiness().add("bot " + std::to_string(identities.size()),
                                [&identity] { return identity.session.why_not_ready(); });
    }

    PlaybackDesk desk{context, bots, visits};
    PlaybackConsumer playback{desk};
    VoiceControl control{context, bots};
    HealthProbe database_health{context, "database", [&] { return ask_database(database); }};
    HealthProbe bus_health{context, "bus", [&] { return ask_bus(*bus); }};

    http::Server ops{context, {.address = config->ops.host, .port = config->ops.port}};
    http::add_ops_routes(ops, context);
    if (auto listening = ops.listen(); !listening) co_return listening;
    rpc::Server rpc_server{context, {.address = config->grpc}};
    GatewayControlApi api{rpc_server, control};

    if (auto bound = rpc_server.listen(); !bound) co_return bound;
    std::size_t running = identities.size();
    runtime::TaskGroup tasks{context};
    tasks.spawn("ops", ops.serve());
    tasks.spawn("database health", database_health.run());
    tasks.spawn("bus health", bus_health.run());
    tasks.spawn("grpc", rpc_server.serve());
    tasks.spawn("signals", signals.run());
    tasks.spawn("playback", bus->consume({.group = "gateway.playback",
                                          .member = config->instance,
                                          .advertised_address = config->grpc,
                                          .topics = {contracts::kPlayerPlayback}},
                                         playback));
    for (auto& identity : identities) tasks.spawn("bot", run_identity(context, *identity, running));
    auto ended = co_await tasks.join();
    co_await drain(context, visits);
    visits.stop();
    (void)co_await visits.join();
    co_return ended;
}

int print_settings() {
    config::Reader settings{config::Environment{}};
    static_cast<void>(load_config(settings));
    std::cout << settings.reference();
    return 0;
}

}  // namespace
}  // namespace bandstand::gateway

int main(int argc, char** argv) {
    if (argc > 1 && std::strcmp(argv[1], "--help-config") == 0) return bandstand::gateway::print_settings();
    return bandstand::runtime::run("gateway", bandstand::gateway::serve);
}
