#include "config.hpp"

#include <unistd.h>

#include <array>
#include <chrono>
#include <utility>

namespace bandstand::audio {
namespace {

std::string default_instance() {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
    return "audio-" + std::string{host.data()} + "-" + std::to_string(::getpid());
}

base::Duration seconds_of(std::int64_t value) {
    return std::chrono::seconds{value};
}

std::vector<http::Network> networks(config::Reader& read) {
    std::vector<http::Network> parsed;
    for (const auto& text : read.list("FETCH_ALLOW_NETWORKS",
                                      "Networks (CIDR) that links may lead to besides public addresses.")) {
        auto network = http::Network::parse(text);
        if (network) {
            parsed.push_back(*network);
        } else {
            read.problem("FETCH_ALLOW_NETWORKS", "\"" + text + "\" is not a network such as 10.0.0.0/8");
        }
    }
    return parsed;
}

HostOptions host_options(config::Reader& read) {
    HostOptions host;
    host.max_players = static_cast<std::size_t>(read.number(
        "MAX_PLAYERS", 1000, 1, 100'000, "Players with a voice connection; one more is refused."));
    host.player.queue_limit =
        static_cast<std::size_t>(read.number("QUEUE_LIMIT", 500, 1, 10'000, "Tracks in one queue."));
    host.player.leave_when_alone = seconds_of(read.number(
        "LEAVE_ALONE_SECONDS", 300, 1, 86'400, "Leave the channel so long after the last listener did."));
    host.player.leave_when_idle = seconds_of(
        read.number("LEAVE_IDLE_SECONDS", 300, 1, 86'400, "Leave the channel so long after the last track."));
    return host;
}

}  // namespace

base::Result<Config> load_config(config::Reader& read) {
    Config config;
    config.instance =
        read.text("SERVICE_INSTANCE", default_instance(), "Name of this process among its kind.");
    config.database = read.required_secret("DATABASE_URL", "PostgreSQL address.");
    config.bus = read.choice("BUS", "postgres", {"postgres", "kafka"}, "Where messages travel.");
    config.kafka_brokers =
        read.text("KAFKA_BROKERS", "", "host:port,… of the Kafka brokers; needed for BUS=kafka.");
    config.ops =
        read.address("OPS_ADDRESS", "127.0.0.1:9102", "Where /healthz, /readyz and /metrics listen.");
    config.grpc = config::to_string(
        read.address("GRPC_ADDRESS", "127.0.0.1:9202", "Where the service Player listens."));
    config.advertised_grpc =
        read.text("ADVERTISED_GRPC", config.grpc, "GRPC_ADDRESS as other machines reach it.");
    config.gateway_grpc =
        config::to_string(read.address("GATEWAY_GRPC", "127.0.0.1:9201", "GatewayControl of the gateway."));
    config.library_dir =
        read.text("LIBRARY_DIR", "", "Folder of music that members can search; empty = none.");
    config.library_rescan = seconds_of(read.number("LIBRARY_SCAN_SECONDS", 30, 1, 86'400,
                                                   "How often the library is looked through for changes."));
    config.tls_ca_file = read.text(
        "TLS_CA_FILE", "", "PEM of certificates to trust besides the system's (voice servers, links).");
    config.send_threads =
        static_cast<std::size_t>(read.number("SEND_THREADS", 1, 1, 64, "Threads that send packets."));
    config.decoder_threads = static_cast<std::size_t>(
        read.number("DECODER_THREADS", 2, 1, 256, "Threads that decode and encode."));
    config.fetch_allow = networks(read);
    config.host = host_options(read);
    if (config.bus == "kafka" && config.kafka_brokers.empty())
        read.problem("KAFKA_BROKERS", "is needed for BUS=kafka");
    if (auto valid = read.finish(); !valid) return std::unexpected(std::move(valid).error());
    return config;
}

}  // namespace bandstand::audio
