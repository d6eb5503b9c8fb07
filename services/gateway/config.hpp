#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "config/reader.hpp"
#include "discord/transport_compression.hpp"

namespace bandstand::gateway {

/// Everything that this service is told from outside.
struct Config {
    std::string instance;
    base::Secret database;
    std::string bus;
    std::string kafka_brokers;
    config::Address ops;
    std::string grpc;
    std::string audio_grpc;
    std::vector<base::Secret> tokens;  ///< one per bot identity
    std::string api_url;
    std::string tls_ca_file;
    std::uint32_t shard_count = 0;
    discord::Compression compression = discord::Compression::zstd_stream;
};

/// Errors: config.invalid, which names every problem.
base::Result<Config> load_config(config::Reader& read);

}  // namespace bandstand::gateway
