#include "voice_discovery.hpp"

#include <algorithm>

namespace bandstand::discord {
namespace {

constexpr std::size_t kPacketBytes = 74;
constexpr std::uint16_t kRequest = 1;
constexpr std::uint16_t kAnswer = 2;
constexpr std::uint16_t kBodyBytes = 70;  // what follows type and length
constexpr std::size_t kAddressAt = 8;
constexpr std::size_t kAddressBytes = 64;
constexpr std::size_t kPortAt = 72;

bool belongs_to_an_address(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '.' || c == ':';
}

}  // namespace

base::Bytes discovery_request(std::uint32_t ssrc) {
    base::Bytes packet(kPacketBytes);
    const base::MutableBytes out{packet};
    base::write_be(kRequest, out);
    base::write_be(kBodyBytes, out.subspan(2));
    base::write_be(ssrc, out.subspan(4));
    return packet;
}

std::optional<ExternalAddress> parse_discovery_answer(base::ByteView datagram, std::uint32_t ssrc) {
    if (datagram.size() != kPacketBytes || base::read_be<std::uint16_t>(datagram) != kAnswer ||
        base::read_be<std::uint16_t>(datagram.subspan(2)) != kBodyBytes ||
        base::read_be<std::uint32_t>(datagram.subspan(4)) != ssrc) {
        return std::nullopt;
    }
    const auto padded = base::as_text(datagram.subspan(kAddressAt, kAddressBytes));
    const auto ip = padded.substr(0, padded.find('\0'));
    const auto port = base::read_be<std::uint16_t>(datagram.subspan(kPortAt));
    if (ip.empty() || !std::ranges::all_of(ip, belongs_to_an_address) || port == 0) return std::nullopt;
    return ExternalAddress{std::string{ip}, port};
}

base::Bytes keepalive(std::uint32_t counter) {
    base::Bytes packet(8);
    for (std::size_t i = 0; i < 4; ++i) packet[i] = static_cast<std::byte>((counter >> (8 * i)) & 0xffU);
    return packet;
}

}  // namespace bandstand::discord
