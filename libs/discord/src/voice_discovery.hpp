#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.hpp"

namespace bandstand::discord {

/// IP discovery (discord-voice 3.1): asks the voice server under which address it sees us.
base::Bytes discovery_request(std::uint32_t ssrc);

struct ExternalAddress {
    std::string ip;
    std::uint16_t port;
};

/// Nothing unless `datagram` is a whole answer to discovery_request(ssrc).
std::optional<ExternalAddress> parse_discovery_answer(base::ByteView datagram, std::uint32_t ssrc);

/// Keeps NAT mappings open (discord-voice 3.2): eight bytes, a little-endian counter in the first four.
base::Bytes keepalive(std::uint32_t counter);

}  // namespace bandstand::discord
