#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace bandstand::audio_core {

constexpr base::Reason kBufferTooSmall{"audio.buffer_too_small"};
constexpr base::Reason kRtpInvalid{"audio.rtp_invalid"};

constexpr std::size_t kRtpHeaderBytes = 12;
constexpr std::uint8_t kOpusPayloadType = 120;  ///< Discord's number (voice protocol, "RTP Packet Structure")

/// The fixed header (RFC 3550 section 5.1).
struct RtpHeader {
    std::uint16_t sequence = 0;
    std::uint32_t timestamp = 0;
    std::uint32_t ssrc = 0;
    std::uint8_t payload_type = kOpusPayloadType;
    bool marker = false;
    friend bool operator==(const RtpHeader&, const RtpHeader&) = default;
};

/// Writes the 12-byte RTP header of one Opus packet into `out` (RFC 3550 section 5.1).
///
/// `timestamp` counts 48 kHz samples whatever bandwidth the encoder chose (RFC 7587 section 4.1): a 20 ms
/// frame advances it by 960. `sequence` advances by one and wraps at 2^16. Never allocates.
/// Errors: kBufferTooSmall if `out` is shorter than kRtpHeaderBytes.
base::Result<std::size_t> write_rtp_header(const RtpHeader& header, base::MutableBytes out);

/// A header as received.
struct ParsedRtp {
    RtpHeader header;
    /// Fixed header, CSRCs and, if there is an extension, its 4-byte preamble: what stays in the clear and is
    /// authenticated in Discord's `_rtpsize` modes. The sealed part starts here.
    std::size_t clear_bytes = kRtpHeaderBytes;
    std::size_t extension_bytes = 0;  ///< extension body, in front of the payload after opening
    bool padded = false;              ///< the last byte of the opened payload counts the padding
};
/// Errors: kRtpInvalid if it is too short, of another version, or RTCP (second byte 200 to 206).
base::Result<ParsedRtp> parse_rtp_header(base::ByteView packet);

}  // namespace bandstand::audio_core
