#include "audio_core/opus.hpp"

#include <opus.h>

#include <string_view>

namespace bandstand::audio_core {
namespace {

constexpr int kMaxPacketSamples = 5760;  // 120 ms, the longest packet

std::unexpected<base::Error> opus_failure(std::string_view what, int code) {
    const auto kind = code == OPUS_INVALID_PACKET ? base::ErrorKind::data_loss : base::ErrorKind::internal;
    const auto reason = code == OPUS_INVALID_PACKET ? kOpusInvalid : kOpusFailed;
    return base::fail(kind, reason, what, std::string_view{opus_strerror(code)});
}

const unsigned char* opus_bytes(base::ByteView bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

/// RFC 6716 table 2: what the five configuration bits say about the length of a frame.
std::chrono::microseconds frame_duration_of(unsigned configuration) {
    constexpr std::array<int, 4> kSilk{10'000, 20'000, 40'000, 60'000};
    constexpr std::array<int, 2> kHybrid{10'000, 20'000};
    constexpr std::array<int, 4> kCelt{2'500, 5'000, 10'000, 20'000};
    if (configuration < 12) return std::chrono::microseconds{kSilk[configuration % 4]};
    if (configuration < 16) return std::chrono::microseconds{kHybrid[configuration % 2]};
    return std::chrono::microseconds{kCelt[configuration % 4]};
}

}  // namespace

base::Result<OpusPacketInfo> opus_packet_info(base::ByteView packet) {
    if (packet.empty()) return base::fail(base::ErrorKind::data_loss, kOpusInvalid, "empty packet");
    const auto toc = std::to_integer<unsigned>(packet[0]);
    OpusPacketInfo info{frame_duration_of(toc >> 3U), 0, (toc & 4U) != 0 ? 2 : 1};
    switch (toc & 3U) {
        case 0:
            info.frames = 1;
            break;
        case 1:
        case 2:
            info.frames = 2;
            break;
        default:
            if (packet.size() < 2) {
                return base::fail(base::ErrorKind::data_loss, kOpusInvalid, "no frame count");
            }
            info.frames = static_cast<int>(std::to_integer<unsigned>(packet[1]) & 0x3fU);
    }
    if (info.frames == 0 || info.samples() > kMaxPacketSamples) {
        return base::fail(base::ErrorKind::data_loss, kOpusInvalid, "lasts", info.samples(), "samples");
    }
    return info;
}

struct OpusEncoder::State {
    struct Destroy {
        void operator()(::OpusEncoder* owned) const { opus_encoder_destroy(owned); }
    };
    std::unique_ptr<::OpusEncoder, Destroy> encoder;
    std::array<std::byte, kMaxOpusPacketBytes> packet;
};

OpusEncoder::OpusEncoder(std::unique_ptr<State> state) : state_{std::move(state)} {}
OpusEncoder::OpusEncoder(OpusEncoder&&) noexcept = default;
OpusEncoder& OpusEncoder::operator=(OpusEncoder&&) noexcept = default;
OpusEncoder::~OpusEncoder() = default;

base::Result<OpusEncoder> OpusEncoder::create(OpusEncoderOptions options) {
    int code = OPUS_OK;
    auto state = std::make_unique<State>();
    state->encoder.reset(opus_encoder_create(kSampleRate, kChannels, OPUS_APPLICATION_AUDIO, &code));
    if (code != OPUS_OK) return opus_failure("create encoder:", code);
    auto* encoder = state->encoder.get();
    code = opus_encoder_ctl(encoder, OPUS_SET_COMPLEXITY(options.complexity));
    if (code == OPUS_OK) code = opus_encoder_ctl(encoder, OPUS_SET_BITRATE(options.bitrate));
    if (code == OPUS_OK) code = opus_encoder_ctl(encoder, OPUS_SET_SIGNAL(OPUS_SIGNAL_MUSIC));
    if (code != OPUS_OK) return opus_failure("set up encoder:", code);
    return OpusEncoder{std::move(state)};
}

base::Result<OpusPacket> OpusEncoder::encode(const PcmFrame& frame) {
    auto& out = state_->packet;
    const auto size =
        opus_encode_float(state_->encoder.get(), frame.samples.data(), kFrameSamples,
                          reinterpret_cast<unsigned char*>(out.data()), static_cast<opus_int32>(out.size()));
    if (size < 0) return opus_failure("encode:", size);
    return OpusPacket{base::ByteView{out}.first(static_cast<std::size_t>(size))};
}

base::Result<void> OpusEncoder::set_bitrate(int bits_per_second) {
    const int code = opus_encoder_ctl(state_->encoder.get(), OPUS_SET_BITRATE(bits_per_second));
    if (code != OPUS_OK) return opus_failure("set bitrate:", code);
    return base::ok();
}

void OpusEncoder::reset() {
    opus_encoder_ctl(state_->encoder.get(), OPUS_RESET_STATE);
}

struct OpusDecoder::State {
    struct Destroy {
        void operator()(::OpusDecoder* owned) const { opus_decoder_destroy(owned); }
    };
    std::unique_ptr<::OpusDecoder, Destroy> decoder;
    std::array<float, std::size_t{kMaxPacketSamples} * kChannels> pcm;
};

OpusDecoder::OpusDecoder(std::unique_ptr<State> state) : state_{std::move(state)} {}
OpusDecoder::OpusDecoder(OpusDecoder&&) noexcept = default;
OpusDecoder& OpusDecoder::operator=(OpusDecoder&&) noexcept = default;
OpusDecoder::~OpusDecoder() = default;

base::Result<OpusDecoder> OpusDecoder::create() {
    int code = OPUS_OK;
    auto state = std::make_unique<State>();
    state->decoder.reset(opus_decoder_create(kSampleRate, kChannels, &code));
    if (code != OPUS_OK) return opus_failure("create decoder:", code);
    return OpusDecoder{std::move(state)};
}

base::Result<std::span<const float>> OpusDecoder::decode(base::ByteView packet) {
    // An empty packet asks libopus to conceal; here it is a broken one.
    if (packet.empty()) return base::fail(base::ErrorKind::data_loss, kOpusInvalid, "empty packet");
    const int samples =
        opus_decode_float(state_->decoder.get(), opus_bytes(packet), static_cast<opus_int32>(packet.size()),
                          state_->pcm.data(), kMaxPacketSamples, 0);
    if (samples < 0) return opus_failure("decode:", samples);
    return std::span<const float>{state_->pcm}.first(static_cast<std::size_t>(samples) * kChannels);
}

void OpusDecoder::reset() {
    opus_decoder_ctl(state_->decoder.get(), OPUS_RESET_STATE);
}

}  // namespace bandstand::audio_core
