#pragma once

#include <memory>
#include <string_view>

#include "ffmpeg.hpp"
#include "media/reader.hpp"
#include "source_io.hpp"

namespace bandstand::media {

/// The packets of one audio stream of a container.
class Demuxer {
public:
    /// Finds out what `source` is, within `limits`.
    static base::Result<std::unique_ptr<Demuxer>> open(std::unique_ptr<ByteSource> source,
                                                       const Limits& limits);

    const AVFormatContext& format() const { return *format_; }
    const AVStream& stream() const { return *stream_; }

    /// The next packet of the stream, valid until the next call; null at the end.
    base::Result<AVPacket*> next();
    /// The next call of next() gives the packet of the last one again.
    void hold_back() { held_back_ = true; }
    /// Goes to a packet at or before `timestamp` (the stream's time base).
    base::Result<void> seek(std::int64_t timestamp);

private:
    Demuxer(std::unique_ptr<ByteSource> source, const Limits& limits)
        : limits_{limits}, io_{std::move(source)} {}
    base::Result<void> open_format();
    base::Result<void> choose_stream();
    base::Error explain(base::Reason reason, std::string_view what, int code);

    Limits limits_;
    SourceIo io_;  // outlives the format context that reads from it
    FormatContext format_;
    AVStream* stream_ = nullptr;
    Packet packet_{av_packet_alloc()};
    bool held_back_ = false;
};

}  // namespace bandstand::media
