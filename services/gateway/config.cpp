#include "config.hpp"

#include <unistd.h>

#include <array>
#include <utility>

namespace bandstand::gateway {
namespace {

std::string default_instance() {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
    return "gateway-" + std::string{host.data()} + "-" + std::to_string(::getpid());
}

std::vector<base::Secret> tokens(config::Reader& read) {
    auto found = read.secret_list("DISCORD_TOKENS", "Tokens of several bot identities, comma separated.");
    auto one = read.secret("DISCORD_TOKEN", "Token of the bot, from Discord's developer portal.");
    if (!one.empty()) found.push_back(std::move(one));
    if (found.empty()) read.problem("DISCORD_TOKEN", "is required, or DISCORD_TOKENS");
    return found;
}

discord::Compression compression(config::Reader& read) {
    const auto name = read.choice("GATEWAY_COMPRESSION", "zstd", {"zstd", "zlib", "none"},
                                  "How Discord's gateway compresses what it sends.");
    if (name == "zlib") return discord::Compression::zlib_stream;
    return name == "none" ? discord::Compression::none : discord::Compression::zstd_stream;
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
        read.address("OPS_ADDRESS", "127.0.0.1:9101", "Where /healthz, /readyz and /metrics listen.");
    config.grpc = config::to_string(
        read.address("GRPC_ADDRESS", "127.0.0.1:9201", "Where the service GatewayControl listens."));
    config.audio_grpc = config::to_string(
        read.address("AUDIO_GRPC", "127.0.0.1:9202", "Player of any audio process, for searches."));
    config.tokens = tokens(read);
    config.api_url =
        read.text("DISCORD_API_URL", "https://discord.com/api", "Discord's REST API, without the version.");
    config.tls_ca_file = read.text(
        "TLS_CA_FILE", "", "PEM of certificates to trust besides the system's (a stand-in of Discord).");
    config.shard_count = static_cast<std::uint32_t>(
        read.number("SHARD_COUNT", 0, 0, 4'096, "Shards of each bot; 0 = as many as Discord recommends."));
    config.compression = compression(read);
    if (config.bus == "kafka" && config.kafka_brokers.empty())
        read.problem("KAFKA_BROKERS", "is needed for BUS=kafka");
    if (auto valid = read.finish(); !valid) return std::unexpected(std::move(valid).error());
    return config;
}

}  // namespace bandstand::gateway
