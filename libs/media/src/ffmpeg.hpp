#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/channel_layout.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
}

#include <memory>
#include <string>

namespace bandstand::media {

template <auto Free>
struct FreeByAddress {  // FFmpeg frees through a pointer to the pointer
    template <class T>
    void operator()(T* owned) const {
        Free(&owned);
    }
};

using FormatContext = std::unique_ptr<AVFormatContext, FreeByAddress<avformat_close_input>>;
using CodecContext = std::unique_ptr<AVCodecContext, FreeByAddress<avcodec_free_context>>;
using Packet = std::unique_ptr<AVPacket, FreeByAddress<av_packet_free>>;
using Frame = std::unique_ptr<AVFrame, FreeByAddress<av_frame_free>>;
using Mixer = std::unique_ptr<SwrContext, FreeByAddress<swr_free>>;

/// FFmpeg's words for one of its error codes.
inline std::string describe(int code) {
    char text[AV_ERROR_MAX_STRING_SIZE];
    return av_make_error_string(text, sizeof text, code);
}

}  // namespace bandstand::media
