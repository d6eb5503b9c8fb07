#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/player_host.hpp"
#include "base/secret.hpp"
#include "config/environment.hpp"
#include "config/reader.hpp"
#include "http/address_policy.hpp"

namespace bandstand::audio {

/// Everything that this service is told from outside.
struct Config {
    std::string instance;
    base::Secret database;
    std::string bus;
    std::string kafka_brokers;
    config::Address ops;
    std::string grpc;
    std::string advertised_grpc;
    std::string gateway_grpc;
    std::string library_dir;
    base::Duration library_rescan{};
    std::string tls_ca_file;
    std::size_t send_threads = 1;
    std::size_t decoder_threads = 2;
    std::vector<http::Network> fetch_allow;
    HostOptions host{};
};

/// Errors: config.invalid, which names every problem.
base::Result<Config> load_config(config::Reader& read);

}  // namespace bandstand::audio
