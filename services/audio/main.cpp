// The audio service: one player per guild and bot.

#include <cstring>
#include <iostream>
#include <utility>

#include "adapters/grpc_gateway.hpp"
#include "adapters/inbox_handler.hpp"
#include "adapters/player_api.hpp"
#include "adapters/postgres_players.hpp"
#include "adapters/track_sources.hpp"
#include "adapters/voice_stage.hpp"
#include "config.hpp"
#include "contracts/topics.hpp"
#include "http/ops.hpp"
#include "http/server.hpp"
#include "messaging/bus.hpp"
#include "observe/observer.hpp"
#include "outbox/outbox.hpp"
#include "rpc/server.hpp"
#include "runtime/run.hpp"

namespace bandstand::audio {
namespace {

constexpr std::size_t kFileThreads = 8;  // they wait for disks and networks

std::unique_ptr<messaging::Bus> make_bus(const runtime::Context& context, const Config& config,
                                         postgres::Pool& database) {
    if (config.bus == "kafka")
        return messaging::make_kafka_bus(context, {.brokers = config.kafka_brokers}, database);
    return messaging::make_postgres_bus(context, database);
}

http::ServerOptions ops_options(const Config& config) {
    return {.address = config.ops.host, .port = config.ops.port};
}

http::ClientOptions fetch_options(const Config& config) {
    http::ClientOptions options;
    options.ca_file = config.tls_ca_file;
    options.addresses = http::AddressPolicy::public_only(config.fetch_allow);
    return options;
}

runtime::Task<base::Result<void>> serve(runtime::Context context) {
    config::Reader settings{context.environment()};
    auto config = load_config(settings);
    if (!config) co_return std::unexpected(std::move(config).error());

    postgres::Pool database{context, {.url = config->database, .schema = "audio", .name = config->instance}};
    if (auto ready = co_await PostgresPlayers::migrate(database); !ready) co_return ready;
    const auto bus = make_bus(context, *config, database);

    runtime::ThreadPool files{kFileThreads};
    Feeder feeder{config->decoder_threads};
    auto senders = Senders::start(config->send_threads);
    if (!senders) co_return std::unexpected(std::move(senders).error());
    http::Client web{context, fetch_options(*config)};
    Library library{context, files, config->library_dir, config->library_rescan};
    context.readiness().add("library", [&] { return library.ready() ? "" : "the first scan is under way"; });

    runtime::TaskGroup players{
        context};  // outlives the consumer: players are handed over before they are stopped
    TrackSources sources{context, players, files, library, web};
    PostgresPlayers store{context, database};
    GrpcGateway gateway{rpc::Channel{config->gateway_grpc}};
    const AudioMetrics sound_metrics{context.observer().metrics()};
    PlayerMetrics player_metrics{context.observer().metrics()};
    const SoundParts sound{context, players, feeder, **senders, sources, sound_metrics};
    const discord::VoiceOptions voice{.ca_file = config->tls_ca_file};
    const auto stages = [&](domain::PlayerKey key, ports::Report report) {
        return std::make_unique<VoiceStage>(sound, voice, key, std::move(report));
    };
    PlayerHost host{{context, players, store, sources, gateway, stages, player_metrics}, config->host};
    InboxHandler inbox{context, host, player_metrics};

    http::Server ops{context, ops_options(*config)};
    http::add_ops_routes(ops, context);
    rpc::Server rpc_server{context, {.address = config->grpc}};
    PlayerApi api{rpc_server, host, library};
    context.readiness().add("database", [&] { return store.why_not_ready(); });
    if (auto listening = ops.listen(); !listening) co_return listening;
    if (auto listening = rpc_server.listen(); !listening) co_return listening;

    runtime::TaskGroup tasks{context};
    tasks.spawn("ops", ops.serve());
    tasks.spawn("outbox", outbox::relay(context, database, *bus));
    for (std::size_t i = 0; i < (*senders)->threads(); ++i)
        tasks.spawn("sender events", (*senders)->deliver(i));
    tasks.spawn("library", library.watch());
    tasks.spawn("database", store.watch());
    tasks.spawn("grpc", rpc_server.serve());
    tasks.spawn("players", host.tick());
    tasks.spawn("inbox", bus->consume({.group = "audio.player",
                                       .member = config->instance,
                                       .advertised_address = config->advertised_grpc,
                                       .topics = {contracts::kPlayerInbox}},
                                      inbox));
    auto ended = co_await tasks.join();
    players.stop();
    auto stopped = co_await players.join();
    co_return ended ? stopped : ended;
}

int print_settings() {
    config::Reader settings{config::Environment{}};
    static_cast<void>(load_config(settings));
    std::cout << settings.reference();
    return 0;
}

}  // namespace
}  // namespace bandstand::audio

int main(int argc, char** argv) {
    if (argc > 1 && std::strcmp(argv[1], "--help-config") == 0) return bandstand::audio::print_settings();
    return bandstand::runtime::run("audio", bandstand::audio::serve);
}
