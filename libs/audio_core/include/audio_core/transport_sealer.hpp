#pragma once

#include "audio_core/send_thread.hpp"
#include "crypto/transport_cipher.hpp"

namespace bandstand::audio_core {

/// Transport encryption alone: for voice channels without end-to-end encryption.
class TransportSealer final : public PacketSealer {
public:
    explicit TransportSealer(crypto::TransportCipher cipher) : cipher_{std::move(cipher)} {}

    std::size_t seal(const RtpHeader& header, base::ByteView opus, base::MutableBytes out) noexcept override {
        const auto header_bytes = write_rtp_header(header, out);
        if (!header_bytes) return 0;
        return cipher_.seal(out.first(*header_bytes), opus, out).value_or(0);
    }

private:
    crypto::TransportCipher cipher_;
};

}  // namespace bandstand::audio_core
