#include "demuxer.hpp"

#include <limits>
#include <mutex>
#include <new>

namespace bandstand::media {
namespace {

// One allocation inside FFmpeg; an index of 24 h is less.
constexpr std::size_t kMaxAllocation = std::size_t{128} * 1024 * 1024;
constexpr std::int64_t kAnalyseDuration_us = 3'000'000;
constexpr int kMaxChannels = 64;

void set_up_ffmpeg() {
    static std::once_flag once;
    std::call_once(once, [] {
        av_log_set_level(AV_LOG_QUIET);  // it would write to stderr what hostile files make it say
        av_max_alloc(kMaxAllocation);
    });
}

/// Playlists and their like would make FFmpeg open what they name.
int refuse_to_open(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) {
    return AVERROR(EACCES);
}

base::ErrorKind kind_of(base::Reason reason) {
    if (reason == kTooLarge) return base::ErrorKind::resource_exhausted;
    if (reason == kTooSlow) return base::ErrorKind::deadline_exceeded;
    return reason == kBroken ? base::ErrorKind::data_loss : base::ErrorKind::invalid_argument;
}

}  // namespace

base::Result<std::unique_ptr<Demuxer>> Demuxer::open(std::unique_ptr<ByteSource> source,
                                                     const Limits& limits) {
    set_up_ffmpeg();
    std::unique_ptr<Demuxer> demuxer{new Demuxer{std::move(source), limits}};
    demuxer->io_.allow(limits.open_timeout, limits.open_bytes);
    if (auto opened = demuxer->open_format(); !opened) return std::unexpected(std::move(opened).error());
    if (auto chosen = demuxer->choose_stream(); !chosen) return std::unexpected(std::move(chosen).error());
    return demuxer;
}

base::Result<void> Demuxer::open_format() {
    auto* format = avformat_alloc_context();
    if (format == nullptr) throw std::bad_alloc{};
    format->pb = io_.context();
    format->interrupt_callback = io_.interrupt();
    format->io_open = &refuse_to_open;
    format->probesize = static_cast<std::int64_t>(limits_.probe_bytes);
    format->format_probesize = static_cast<int>(limits_.probe_bytes);
    format->max_analyze_duration = kAnalyseDuration_us;
    format->max_streams = static_cast<int>(limits_.max_streams);
    format->fps_probe_size = 0;
    av_opt_set(format, "protocol_whitelist", "", 0);
    // No name: FFmpeg would believe its extension more than the bytes, and reads patterns and addresses out
    // of it.
    const int opened = avformat_open_input(&format, "", nullptr, nullptr);
    if (opened < 0)
        return std::unexpected(explain(kNotAudio, "not a format that can be played:", opened));  // frees it
    format_.reset(format);
    for (unsigned i = 0; i < format->nb_streams; ++i) {
        if (format->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_VIDEO)
            format->streams[i]->discard = AVDISCARD_ALL;
    }
    const int analysed = avformat_find_stream_info(format, nullptr);
    if (analysed < 0) return std::unexpected(explain(kBroken, "cannot make out the streams:", analysed));
    return base::ok();
}

base::Result<void> Demuxer::choose_stream() {
    const int best = av_find_best_stream(format_.get(), AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0);
    if (best < 0) return std::unexpected(explain(kNotAudio, "there is no audio in it:", best));
    for (unsigned i = 0; i < format_->nb_streams; ++i) {
        auto* stream = format_->streams[i];
        if (static_cast<int>(i) != best) stream->discard = AVDISCARD_ALL;
        av_packet_unref(&stream->attached_pic);  // a cover may be megabytes
    }
    stream_ = format_->streams[best];
    const auto& codec = *stream_->codecpar;
    if (codec.sample_rate <= 0 || codec.ch_layout.nb_channels < 1 ||
        codec.ch_layout.nb_channels > kMaxChannels) {
        return base::fail(base::ErrorKind::invalid_argument, kNotAudio, "audio of", codec.sample_rate,
                          "Hz and", codec.ch_layout.nb_channels, "channels");
    }
    return base::ok();
}

base::Result<AVPacket*> Demuxer::next() {
    if (std::exchange(held_back_, false)) return packet_.get();
    io_.allow(limits_.read_timeout, std::numeric_limits<std::uint64_t>::max());
    int got = 0;
    do {
        av_packet_unref(packet_.get());
        got = av_read_frame(format_.get(), packet_.get());
    } while (got >= 0 && packet_->stream_index != stream_->index);
    if (got >= 0 && packet_->size > static_cast<int>(limits_.max_packet_bytes)) {
        return base::fail(base::ErrorKind::resource_exhausted, kTooLarge, "a packet of", packet_->size,
                          "bytes");
    }
    if (got >= 0) return packet_.get();
    auto failed = explain(kBroken, "cannot read on:", got);
    if (got == AVERROR_EOF && failed.reason() == kBroken) return nullptr;
    return std::unexpected(std::move(failed));
}

base::Result<void> Demuxer::seek(std::int64_t timestamp) {
    if (!io_.seekable()) {
        return base::fail(base::ErrorKind::failed_precondition, kNotSeekable, "the source cannot go back");
    }
    held_back_ = false;
    io_.allow(limits_.read_timeout, std::numeric_limits<std::uint64_t>::max());
    const int moved = avformat_seek_file(format_.get(), stream_->index,
                                         std::numeric_limits<std::int64_t>::min(), timestamp, timestamp, 0);
    if (moved < 0) return std::unexpected(explain(kNotSeekable, "cannot go there:", moved));
    return base::ok();
}

/// The source's own words if it failed, else FFmpeg's.
base::Error Demuxer::explain(base::Reason reason, std::string_view what, int code) {
    if (auto error = io_.take_error()) return std::move(*error);
    if (code == AVERROR_EXIT) return {base::ErrorKind::deadline_exceeded, kTooSlow, "reading took too long"};
    return {kind_of(reason), reason, base::join(what, describe(code))};
}

}  // namespace bandstand::media
