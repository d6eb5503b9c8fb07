// The UDP side of the voice server: discovery, keep-alives, audio.

#include <algorithm>
#include <array>
#include <vector>

#include "sandbox/discord/voice_call.hpp"

namespace bandstand::sandbox {
namespace {

constexpr std::size_t kDiscoveryBytes = 74;
constexpr std::size_t kPingBytes = 8;
constexpr std::size_t kRtpFixed = 12;
constexpr std::uint32_t kPing = 0x1337'CAFE;
constexpr std::uint32_t kPong = 0x1337'F00D;
constexpr std::array kSilence{std::byte{0xF8}, std::byte{0xFF}, std::byte{0xFE}};

struct ClearHeader {
    std::uint16_t sequence = 0;
    std::uint32_t timestamp = 0;
    std::uint32_t ssrc = 0;
    std::size_t bytes = 0;            ///< fixed header, CSRCs, extension preamble: not encrypted
    std::size_t extension_bytes = 0;  ///< encrypted in front of the payload
};

/// RFC 3550 section 5.1, as far as an audio server needs it. Nothing for RTCP and what is no RTP.
std::optional<ClearHeader> parse(base::ByteView packet) {
    if (packet.size() < kRtpFixed + crypto::kTransportOverheadBytes) return std::nullopt;
    const auto first = std::to_integer<unsigned>(packet[0]);
    const auto second = std::to_integer<unsigned>(packet[1]);
    if (first >> 6U != 2 || (second >= 200 && second <= 206)) return std::nullopt;
    ClearHeader header{.sequence = base::read_be<std::uint16_t>(packet.subspan(2, 2)),
                       .timestamp = base::read_be<std::uint32_t>(packet.subspan(4, 4)),
                       .ssrc = base::read_be<std::uint32_t>(packet.subspan(8, 4)),
                       .bytes = kRtpFixed + 4ULL * (first & 0x0FU)};
    if ((first & 0x10U) != 0) {
        if (packet.size() < header.bytes + 4) return std::nullopt;
        header.extension_bytes = 4ULL * base::read_be<std::uint16_t>(packet.subspan(header.bytes + 2, 2));
        header.bytes += 4;
    }
    if (packet.size() < header.bytes + crypto::kTransportOverheadBytes) return std::nullopt;
    return header;
}

}  // namespace

void VoiceServer::datagram(const UdpAddress& from, base::ByteView bytes, base::Instant now) {
    if (bytes.size() == kDiscoveryBytes && base::read_be<std::uint16_t>(bytes.first(2)) == 1) {
        return discovery(from, bytes);
    }
    if (bytes.size() == kPingBytes) {
        if (base::read_be<std::uint32_t>(bytes.first(4)) != kPing) return;  // a keep-alive
        std::array<std::byte, kPingBytes> pong{};
        base::write_be(kPong, base::MutableBytes{pong}.first(4));
        std::ranges::copy(bytes.subspan(4), pong.begin() + 4);
        return send_datagram_(from, pong);
    }
    rtp(from, bytes, now);
}

void VoiceServer::discovery(const UdpAddress& from, base::ByteView request) {
    auto* call = call_with_ssrc(base::read_be<std::uint32_t>(request.subspan(4, 4)));
    const bool well_formed = base::read_be<std::uint16_t>(request.subspan(2, 2)) == kDiscoveryBytes - 4;
    if (call == nullptr || !well_formed || !settings.answer_discovery) return;
    call->observed = from;
    std::array<std::byte, kDiscoveryBytes> answer{};
    const base::MutableBytes out{answer};
    base::write_be<std::uint16_t>(2, out.first(2));
    base::write_be<std::uint16_t>(kDiscoveryBytes - 4, out.subspan(2, 2));
    base::write_be(call->ssrc, out.subspan(4, 4));
    const auto ip = ip_text(from);
    std::ranges::copy(base::as_bytes(ip), answer.begin() + 8);
    base::write_be(from.port, out.subspan(72, 2));
    send_datagram_(from, answer);
}

void VoiceServer::rtp(const UdpAddress& from, base::ByteView packet, base::Instant now) {
    const auto header = parse(packet);
    auto* call = header ? call_with_ssrc(header->ssrc) : nullptr;
    if (call == nullptr) return;
    if (!call->opener || call->address != from) return call->check.dropped_early();
    if (packet.size() > plain_.size()) plain_.resize(packet.size());
    const auto opened = call->opener->open(packet, header->bytes, plain_);
    if (!opened) return call->check.dropped_forged();
    if (!call->speaking) {  // Discord: invalid SSRC
        call->check.dropped_early();
        if (const auto found = connections_.find(call->connection); found != connections_.end()) {
            end(found->second, voice_close::kSessionInvalid, "Audio before Speaking: unknown SSRC.");
        }
        return;
    }
    const auto payload = base::ByteView{plain_}.first(*opened);
    if (payload.size() < header->extension_bytes) return call->check.dropped_forged();
    const auto opus = payload.subspan(header->extension_bytes);
    const bool fresh = call->check.accept({.sequence = header->sequence,
                                           .timestamp = header->timestamp,
                                           .nonce = base::read_be<std::uint32_t>(packet.last(4)),
                                           .silence = std::ranges::equal(opus, kSilence),
                                           .payload_bytes = opus.size(),
                                           .at = now});
    if (!fresh) return;
    if (!call->rights.heard) return call->check.dropped_unheard();
    forward(*call, packet.first(header->bytes), payload);
}

void VoiceServer::forward(const Call& sender, base::ByteView header, base::ByteView payload) {
    const auto needed = header.size() + payload.size() + crypto::kTransportOverheadBytes;
    if (needed > sealed_.size()) sealed_.resize(needed);
    for (auto& [key, other] : calls_) {
        if (other.get() == &sender || other->ticket.channel != sender.ticket.channel) continue;
        if (!other->sealer || !other->rights.hears) continue;
        if (settings.loss_percent > 0 &&
            random_.below(100) < static_cast<std::uint64_t>(settings.loss_percent))
            continue;
        if (const auto length = other->sealer->seal(header, payload, sealed_)) {
            send_datagram_(*other->address, base::ByteView{sealed_}.first(*length));
        }
    }
}

}  // namespace bandstand::sandbox
