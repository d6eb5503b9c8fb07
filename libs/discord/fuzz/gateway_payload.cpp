#include <cstddef>
#include <cstdint>
#include <string_view>

#include "discord/gateway_payload.hpp"
#include "discord/transport_compression.hpp"

// The first byte chooses the compression, the rest is websocket messages of up to 255 bytes, each behind its
// length: what a damaged or hostile gateway could send.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bandstand::discord;
    if (size == 0) return 0;
    const auto compression = static_cast<Compression>(data[0] % 3);
    const auto decompressor = make_decompressor(compression, std::size_t{1} << 20U);
    GatewayParser parser;
    std::string_view rest{reinterpret_cast<const char*>(data) + 1, size - 1};
    while (!rest.empty()) {
        const auto length = static_cast<std::uint8_t>(rest[0]);
        const auto message = rest.substr(1, length);
        rest.remove_prefix(1 + message.size());
        const auto document = decompressor->feed(message);
        if (!document) break;
        if (*document) (void)parser.parse(**document);
    }
    return 0;
}
