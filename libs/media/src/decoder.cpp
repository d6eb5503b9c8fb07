#include "decoder.hpp"

#include <algorithm>
#include <array>
#include <new>

namespace bandstand::media {
namespace {

constexpr int kMaxDamagedInARow = 200;
constexpr std::int64_t kMaxSamplesPerFrame = 1 << 18;

const AVCodec* decoder_for(const AVCodecParameters& parameters) {
    if (parameters.codec_id == AV_CODEC_ID_OPUS) {  // libopus costs two thirds of FFmpeg's own
        if (const auto* libopus = avcodec_find_decoder_by_name("libopus")) return libopus;
    }
    return avcodec_find_decoder(parameters.codec_id);
}

/// How `channels` become two: mono at full level on both (FFmpeg would take 3 dB), more without clipping.
int set_mix(SwrContext* mixer, int channels) {
    if (channels == 1) {
        constexpr std::array kBoth{1.0, 1.0};
        return swr_set_matrix(mixer, kBoth.data(), 1);
    }
    return av_opt_set_double(mixer, "rematrix_maxval", 1.0, 0);
}

}  // namespace

base::Result<Decoder> Decoder::open(const AVStream& stream) {
    const auto& parameters = *stream.codecpar;
    const auto* codec = decoder_for(parameters);
    if (codec == nullptr) {
        return base::fail(base::ErrorKind::invalid_argument, kNotAudio, "no decoder for",
                          std::string_view{avcodec_get_name(parameters.codec_id)});
    }
    CodecContext context{avcodec_alloc_context3(codec)};
    if (!context) throw std::bad_alloc{};
    int code = avcodec_parameters_to_context(context.get(), &parameters);
    context->pkt_timebase = stream.time_base;  // without it FFmpeg cannot cut encoder delay
    context->request_sample_fmt = AV_SAMPLE_FMT_FLT;
    context->thread_count = 1;
    // A packet of some bytes may claim a million samples, which resampling would multiply.
    context->max_samples = kMaxSamplesPerFrame;
    if (code >= 0) code = avcodec_open2(context.get(), codec, nullptr);
    if (code < 0)
        return base::fail(base::ErrorKind::data_loss, kBroken, "cannot start the decoder:", describe(code));
    return Decoder{std::move(context), stream.time_base};
}

void Decoder::restart_at(std::int64_t timestamp) {
    avcodec_flush_buffers(codec_.get());
    start_ = timestamp;
    damaged_in_a_row_ = 0;
    rate_ = 0;  // a fresh mixer and resampler: the old ones hold samples from before
}

base::Result<void> Decoder::decode(const AVPacket* packet, std::vector<float>& out) {
    const int sent = avcodec_send_packet(codec_.get(), packet);
    if (sent < 0 && sent != AVERROR_EOF) return damaged(sent);
    if (auto received = receive(out); !received) return received;
    if (packet != nullptr || !resampler_) return base::ok();
    return resampler_->finish(out);
}

base::Result<void> Decoder::receive(std::vector<float>& out) {
    while (true) {
        const int got = avcodec_receive_frame(codec_.get(), frame_.get());
        if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return base::ok();
        if (got < 0) return damaged(got);
        damaged_in_a_row_ = 0;
        if (auto converted = convert(out); !converted) return converted;
    }
}

base::Result<void> Decoder::damaged(int code) {
    if (++damaged_in_a_row_ < kMaxDamagedInARow) return base::ok();
    return base::fail(base::ErrorKind::data_loss, kBroken, "nothing can be decoded:", describe(code));
}

base::Result<void> Decoder::convert(std::vector<float>& out) {
    if (auto adapted = adapt_to(*frame_); !adapted) return adapted;
    stereo_.resize(static_cast<std::size_t>(frame_->nb_samples) * audio_core::kChannels);
    auto* target = reinterpret_cast<std::uint8_t*>(stereo_.data());
    const int mixed =
        swr_convert(mixer_.get(), &target, frame_->nb_samples,
                    const_cast<const std::uint8_t**>(frame_->extended_data), frame_->nb_samples);
    if (mixed < 0) return damaged(mixed);
    stereo_.resize(static_cast<std::size_t>(mixed) * audio_core::kChannels);
    const auto wanted = after_start(stereo_);
    return wanted.empty() ? base::ok() : resampler_->push(wanted, out);
}

/// A stream may change its form on the way (chained Ogg, broadcast).
base::Result<void> Decoder::adapt_to(const AVFrame& frame) {
    const int channels = frame.ch_layout.nb_channels;
    if (frame.format == format_ && frame.sample_rate == rate_ && channels == channels_) return base::ok();
    AVChannelLayout layout{};
    if (frame.ch_layout.order == AV_CHANNEL_ORDER_UNSPEC || channels <= 2) {
        av_channel_layout_default(&layout, channels);
    } else {
        av_channel_layout_copy(&layout, &frame.ch_layout);
    }
    AVChannelLayout stereo{};
    av_channel_layout_default(&stereo, audio_core::kChannels);
    SwrContext* made = nullptr;
    int code = swr_alloc_set_opts2(&made, &stereo, AV_SAMPLE_FMT_FLT, frame.sample_rate, &layout,
                                   static_cast<AVSampleFormat>(frame.format), frame.sample_rate, 0, nullptr);
    mixer_.reset(made);
    if (code >= 0) code = set_mix(made, channels);
    if (code >= 0) code = swr_init(made);
    av_channel_layout_uninit(&layout);
    if (code < 0) {
        return base::fail(base::ErrorKind::invalid_argument, kNotAudio, "cannot mix", channels,
                          "channels to two:", describe(code));
    }
    auto resampler = audio_core::Resampler::create(frame.sample_rate);
    if (!resampler) return std::unexpected(std::move(resampler).error());
    resampler_ = std::move(*resampler);
    format_ = frame.format;
    rate_ = frame.sample_rate;
    channels_ = channels;
    return base::ok();
}

/// Of the samples of `frame_` those that do not lie before the start that a seek asked for.
std::span<const float> Decoder::after_start(std::span<const float> stereo) {
    if (!start_) return stereo;
    if (frame_->pts == AV_NOPTS_VALUE) {
        start_.reset();
        return stereo;
    }
    const auto early = av_rescale_q(*start_ - frame_->pts, time_base_, AVRational{1, frame_->sample_rate});
    const auto samples = static_cast<std::int64_t>(stereo.size() / audio_core::kChannels);
    if (early >= samples) return {};
    start_.reset();
    return stereo.subspan(static_cast<std::size_t>(std::max<std::int64_t>(early, 0)) * audio_core::kChannels);
}

}  // namespace bandstand::media
