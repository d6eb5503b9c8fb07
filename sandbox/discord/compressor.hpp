#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace bandstand::sandbox {

/// Transport compression of one gateway connection: one context for its life, and one flush per payload, so
/// that each websocket message decompresses to exactly one document.
class Compressor {
public:
    virtual ~Compressor() = default;
    virtual std::string compress(std::string_view payload) = 0;
};

/// `compress` of the gateway URL: "zlib-stream" or "zstd-stream". Null for anything else.
std::unique_ptr<Compressor> make_compressor(std::string_view name);

}  // namespace bandstand::sandbox
