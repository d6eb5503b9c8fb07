#include "audio_core/rtp.hpp"

namespace bandstand::audio_core {
namespace {

constexpr unsigned kVersion = 2U << 6U;
constexpr unsigned kPadding = 1U << 5U;
constexpr unsigned kExtension = 1U << 4U;
constexpr unsigned kMarker = 1U << 7U;

std::unexpected<base::Error> invalid(std::string_view why) {
    return base::fail(base::ErrorKind::invalid_argument, kRtpInvalid, why);
}

}  // namespace

base::Result<std::size_t> write_rtp_header(const RtpHeader& header, base::MutableBytes out) {
    if (out.size() < kRtpHeaderBytes) {
        return base::fail(base::ErrorKind::invalid_argument, kBufferTooSmall, "RTP header needs",
                          kRtpHeaderBytes, "bytes, got", out.size());
    }
    out[0] = std::byte{kVersion};
    out[1] =
        std::byte{static_cast<std::uint8_t>((header.marker ? kMarker : 0U) | (header.payload_type & 0x7fU))};
    base::write_be(header.sequence, out.subspan(2));
    base::write_be(header.timestamp, out.subspan(4));
    base::write_be(header.ssrc, out.subspan(8));
    return kRtpHeaderBytes;
}

base::Result<ParsedRtp> parse_rtp_header(base::ByteView packet) {
    if (packet.size() < kRtpHeaderBytes) return invalid("shorter than an RTP header");
    const auto first = std::to_integer<unsigned>(packet[0]);
    const auto second = std::to_integer<unsigned>(packet[1]);
    if ((first & 0xc0U) != kVersion) return invalid("not RTP version 2");
    if (second >= 200 && second <= 206) return invalid("RTCP, not RTP");
    ParsedRtp parsed;
    parsed.header = {base::read_be<std::uint16_t>(packet.subspan(2, 2)),
                     base::read_be<std::uint32_t>(packet.subspan(4, 4)),
                     base::read_be<std::uint32_t>(packet.subspan(8, 4)),
                     static_cast<std::uint8_t>(second & 0x7fU), (second & kMarker) != 0};
    parsed.padded = (first & kPadding) != 0;
    parsed.clear_bytes += 4 * std::size_t{first & 0x0fU};  // CSRCs
    if ((first & kExtension) != 0) {
        parsed.clear_bytes += 4;
        if (packet.size() < parsed.clear_bytes) return invalid("header extension is cut off");
        const auto words = base::read_be<std::uint16_t>(packet.subspan(parsed.clear_bytes - 2, 2));
        parsed.extension_bytes = 4 * std::size_t{words};
    }
    if (packet.size() < parsed.clear_bytes + parsed.extension_bytes) return invalid("header is cut off");
    return parsed;
}

}  // namespace bandstand::audio_core
