#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "audio_core/resampler.hpp"
#include "ffmpeg.hpp"
#include "media/reader.hpp"

namespace bandstand::media {

/// Packets of one stream to 48 kHz stereo samples.
class Decoder {
public:
    static base::Result<Decoder> open(const AVStream& stream);

    /// Decodes `packet` (null: the end) and appends what comes out to `out`. A damaged packet gives nothing.
    /// Errors: kBroken after many damaged ones in a row.
    base::Result<void> decode(const AVPacket* packet, std::vector<float>& out);
    /// Forgets the past; samples before `timestamp` (the stream's time base) are dropped.
    void restart_at(std::int64_t timestamp);

private:
    Decoder(CodecContext codec, AVRational time_base) : codec_{std::move(codec)}, time_base_{time_base} {}
    base::Result<void> receive(std::vector<float>& out);
    base::Result<void> convert(std::vector<float>& out);
    base::Result<void> adapt_to(const AVFrame& frame);
    std::span<const float> after_start(std::span<const float> stereo);
    base::Result<void> damaged(int code);

    CodecContext codec_;
    AVRational time_base_;
    Frame frame_{av_frame_alloc()};
    Mixer mixer_;  // any layout and format to stereo floats at the same rate
    std::optional<audio_core::Resampler> resampler_;
    std::vector<float> stereo_;
    int format_ = -1;
    int rate_ = 0;
    int channels_ = 0;
    int damaged_in_a_row_ = 0;
    std::optional<std::int64_t> start_;  // after a seek, until the first sample of it is found
};

}  // namespace bandstand::media
