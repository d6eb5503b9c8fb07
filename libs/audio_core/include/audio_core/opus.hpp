#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>

#include "audio_core/format.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"

namespace bandstand::audio_core {

constexpr base::Reason kOpusInvalid{"audio.opus_invalid"};  ///< not an Opus packet (RFC 6716 section 3.4)
constexpr base::Reason kOpusFailed{"audio.opus_failed"};    ///< libopus refused; says why

/// The table-of-contents byte and one frame of at most 1275 bytes (RFC 6716 section 3.4, R2).
constexpr std::size_t kMaxOpusPacketBytes = 1276;

/// 20 ms of silence; Discord's clients know these three bytes.
constexpr std::array kOpusSilence{std::byte{0xF8}, std::byte{0xFF}, std::byte{0xFE}};

/// One packet. `data` belongs to who gave it, and says until when it is valid.
struct OpusPacket {
    base::ByteView data;
    int samples = kFrameSamples;  ///< per channel at 48 kHz
};

/// What the first bytes of a packet say (RFC 6716 section 3.1).
struct OpusPacketInfo {
    std::chrono::microseconds frame_duration{};  ///< 2.5, 5, 10, 20, 40 or 60 ms
    int frames = 0;                              ///< 1 to 48
    int channels = 0;                            ///< 1 or 2
    int samples() const {                        ///< per channel at 48 kHz
        return static_cast<int>(frame_duration.count() * frames * 48 / 1000);
    }
};
/// Errors: kOpusInvalid if `packet` is empty, has no frame count, or lasts longer than 120 ms.
base::Result<OpusPacketInfo> opus_packet_info(base::ByteView packet);

struct OpusEncoderOptions {
    int bitrate = 128'000;  ///< bit/s, 6,000 to 510,000
    int complexity = 5;     ///< 0 to 10; 10 costs 1.7 times as much as 5
};

/// 20 ms stereo frames to packets, tuned for music. Allocates only in create().
class OpusEncoder {
public:
    static base::Result<OpusEncoder> create(OpusEncoderOptions options = {});
    OpusEncoder(OpusEncoder&&) noexcept;
    OpusEncoder& operator=(OpusEncoder&&) noexcept;
    ~OpusEncoder();

    /// The bytes are valid until the next call.
    base::Result<OpusPacket> encode(const PcmFrame& frame);
    base::Result<void> set_bitrate(int bits_per_second);
    /// Forgets the past: the next packet belongs to another song.
    void reset();

private:
    struct State;
    explicit OpusEncoder(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// Packets to 48 kHz stereo. Allocates only in create().
class OpusDecoder {
public:
    static base::Result<OpusDecoder> create();
    OpusDecoder(OpusDecoder&&) noexcept;
    OpusDecoder& operator=(OpusDecoder&&) noexcept;
    ~OpusDecoder();

    /// Decodes one packet of any allowed duration; interleaved stereo, valid until the next call.
    base::Result<std::span<const float>> decode(base::ByteView packet);
    void reset();

private:
    struct State;
    explicit OpusDecoder(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace bandstand::audio_core
