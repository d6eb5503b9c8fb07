#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace bandstand::discord {

enum class Compression { none, zlib_stream, zstd_stream };

/// "" or "&compress=zlib-stream", ...: what the gateway URL says.
std::string_view query_of(Compression compression);

/// READY and GUILD_CREATE of large guilds reach several MiB; more than this is not Discord.
constexpr std::size_t kMaxGatewayDocument = 32U << 20U;

/// Turns the websocket messages of one connection into JSON documents: one decompression context for the life
/// of the connection, a new one for the next.
class Decompressor {
public:
    virtual ~Decompressor() = default;
    /// The document that `message` completes, or nothing yet (zlib-stream may spread one over several
    /// messages). The view is valid until the next call. Errors: `discord.bad_compression`, after which the
    /// connection is lost.
    virtual base::Result<std::optional<std::string_view>> feed(std::string_view message) = 0;
};

std::unique_ptr<Decompressor> make_decompressor(Compression compression,
                                                std::size_t max_document = kMaxGatewayDocument);

}  // namespace bandstand::discord
