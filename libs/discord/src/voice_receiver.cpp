#include "discord/voice_receiver.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace bandstand::discord {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kFixedHeaderBytes = 12;
constexpr std::size_t kExtensionPreambleBytes = 4;
constexpr std::uint8_t kPayloadType = 120;
constexpr std::uint8_t kFirstRtcp = 200;
constexpr std::uint8_t kLastRtcp = 206;

constexpr std::size_t kMaxKnownSsrcs = 16'384;  // a user may come back with another one: they are never many
constexpr std::size_t kMaxPayloadBytes = 4096;  // far more than a 20 ms frame, which has 1275 at most
constexpr std::size_t kMaxHeldSsrcs = 64;
constexpr std::size_t kMaxHeldPackets = 25;  // half a second
constexpr base::Duration kHoldFor = 2s;

struct RtpHeader {
    std::size_t bytes;  // in clear
    std::size_t extension_bytes;
    bool padded;
    std::uint16_t sequence;
    std::uint32_t timestamp;
    std::uint32_t ssrc;
};

std::uint8_t byte_at(base::ByteView bytes, std::size_t at) {
    return std::to_integer<std::uint8_t>(bytes[at]);
}

// What cannot be a voice packet, told from its first bytes alone; else its header.
std::expected<RtpHeader, VoiceDrop> read_header(base::ByteView datagram) {
    if (datagram.size() < kFixedHeaderBytes + crypto::kTransportOverheadBytes) {
        return std::unexpected(VoiceDrop::too_short);
    }
    const auto first = byte_at(datagram, 0);
    const auto second = byte_at(datagram, 1);
    if (first >> 6U != 2) return std::unexpected(VoiceDrop::not_rtp);
    if (second >= kFirstRtcp && second <= kLastRtcp) return std::unexpected(VoiceDrop::rtcp);
    if ((second & 0x7fU) != kPayloadType) return std::unexpected(VoiceDrop::payload_type);
    RtpHeader header{.bytes = kFixedHeaderBytes + 4U * (first & 0x0fU),
                     .extension_bytes = 0,
                     .padded = (first & 0x20U) != 0,
                     .sequence = base::read_be<std::uint16_t>(datagram.subspan(2)),
                     .timestamp = base::read_be<std::uint32_t>(datagram.subspan(4)),
                     .ssrc = base::read_be<std::uint32_t>(datagram.subspan(8))};
    if ((first & 0x10U) == 0) return header;
    if (datagram.size() < header.bytes + kExtensionPreambleBytes)
        return std::unexpected(VoiceDrop::malformed);
    header.extension_bytes = 4U * base::read_be<std::uint16_t>(datagram.subspan(header.bytes + 2));
    header.bytes += kExtensionPreambleBytes;
    return header;
}

// The payload between the encrypted extension body and the padding, whose last byte is its length.
std::expected<base::ByteView, VoiceDrop> strip(base::ByteView plaintext, const RtpHeader& header) {
    if (plaintext.size() < header.extension_bytes) return std::unexpected(VoiceDrop::malformed);
    plaintext = plaintext.subspan(header.extension_bytes);
    if (header.padded) {
        if (plaintext.empty()) return std::unexpected(VoiceDrop::malformed);
        const std::size_t padding = byte_at(plaintext, plaintext.size() - 1);
        if (padding == 0 || padding > plaintext.size()) return std::unexpected(VoiceDrop::malformed);
        plaintext = plaintext.first(plaintext.size() - padding);
    }
    if (plaintext.empty() || plaintext.size() > kMaxPayloadBytes)
        return std::unexpected(VoiceDrop::malformed);
    return plaintext;
}

}  // namespace

bool VoicePacket::is_silence() const {
    constexpr std::array kSilence{std::byte{0xf8}, std::byte{0xff}, std::byte{0xfe}};
    return std::ranges::equal(opus, kSilence);
}

VoiceReceiver::VoiceReceiver(crypto::TransportCipher cipher, ReceiverOptions options)
    : cipher_{std::move(cipher)}, options_{options} {}

std::optional<VoicePacket> VoiceReceiver::receive(base::ByteView datagram, base::Instant now) {
    auto packet = read(datagram, now);
    if (!packet) {
        drop(packet.error());
        return std::nullopt;
    }
    const auto known = users_.find(packet->ssrc);
    if (known != users_.end()) packet->user = known->second;
    if (packet->user || options_.deliver_unknown) return std::move(*packet);
    hold(std::move(*packet));
    return std::nullopt;
}

std::expected<VoicePacket, VoiceDrop> VoiceReceiver::read(base::ByteView datagram, base::Instant now) {
    const auto header = read_header(datagram);
    if (!header) return std::unexpected(header.error());
    if (header->ssrc == options_.own_ssrc) return std::unexpected(VoiceDrop::own);
    plaintext_.resize(datagram.size());
    const auto size = cipher_.open(datagram, header->bytes, plaintext_);
    if (!size) {
        return std::unexpected(size.error().reason() == crypto::kNotAuthentic ? VoiceDrop::not_authentic
                                                                              : VoiceDrop::malformed);
    }
    const auto payload = strip(base::ByteView{plaintext_}.first(*size), *header);
    if (!payload) return std::unexpected(payload.error());
    return VoicePacket{base::UserId{},    header->ssrc, header->sequence,
                       header->timestamp, now,          base::Bytes(payload->begin(), payload->end())};
}

std::vector<VoicePacket> VoiceReceiver::on_speaking(base::UserId user, std::uint32_t ssrc,
                                                    base::Instant now) {
    if (users_.size() < kMaxKnownSsrcs || users_.contains(ssrc)) users_[ssrc] = user;
    forget_stale(now);
    std::vector<VoicePacket> released;
    if (auto held = held_.extract(ssrc)) released = std::move(held.mapped());
    for (auto& packet : released) packet.user = user;
    return released;
}

void VoiceReceiver::on_user_left(base::UserId user) {
    std::erase_if(users_, [user](const auto& entry) { return entry.second == user; });
}

void VoiceReceiver::rekey(crypto::TransportCipher cipher) {
    cipher_ = std::move(cipher);
}

std::uint64_t VoiceReceiver::dropped(VoiceDrop why) const {
    return dropped_[static_cast<std::size_t>(why)];
}

void VoiceReceiver::drop(VoiceDrop why, std::uint64_t count) {
    dropped_[static_cast<std::size_t>(why)] += count;
}

void VoiceReceiver::hold(VoicePacket packet) {
    forget_stale(packet.arrived);
    if (!held_.contains(packet.ssrc) && held_.size() == kMaxHeldSsrcs) return drop(VoiceDrop::held);
    auto& packets = held_[packet.ssrc];
    if (packets.size() == kMaxHeldPackets) {
        packets.erase(packets.begin());
        drop(VoiceDrop::held);
    }
    packets.push_back(std::move(packet));
}

// Sound that comes two seconds late is of no use to anybody.
void VoiceReceiver::forget_stale(base::Instant now) {
    for (auto& [ssrc, packets] : held_) {
        drop(VoiceDrop::held,
             std::erase_if(packets, [now](const auto& packet) { return packet.arrived + kHoldFor < now; }));
    }
    std::erase_if(held_, [](const auto& entry) { return entry.second.empty(); });
}

}  // namespace bandstand::discord
