#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "audio_core/format.hpp"
#include "audio_core/opus.hpp"
#include "base/result.hpp"
#include "media/byte_source.hpp"

namespace bandstand::media {

constexpr base::Reason kNotAudio{
    "media.not_audio"};                          ///< no container or codec that we know, or no audio in it
constexpr base::Reason kBroken{"media.broken"};  ///< begins well, then cannot be read
constexpr base::Reason kTooLarge{"media.too_large"};  ///< over one of the Limits
constexpr base::Reason kTooSlow{"media.too_slow"};    ///< a deadline of the Limits passed
constexpr base::Reason kNotPassthrough{
    "media.not_passthrough"};  ///< packets must be decoded: use next_frame()

/// What a file may cost us, whoever made it.
struct Limits {
    std::size_t open_bytes =
        std::size_t{32} * 1024 * 1024;  ///< read by open() as a whole: covers and indexes are large
    std::size_t probe_bytes = std::size_t{2} * 1024 * 1024;  ///< read to find out what it is
    std::chrono::milliseconds open_timeout{10'000};          ///< for open() as a whole
    std::chrono::milliseconds read_timeout{10'000};  ///< for one next_packet(), next_frame() or seek()
    unsigned max_streams = 8;                        ///< of all kinds in the container
    std::size_t max_packet_bytes = std::size_t{1024} * 1024;
    std::chrono::hours max_duration{24};
};

struct TrackInfo {
    std::string title;   ///< from the tags, else from the name hint; never empty; at most 200 bytes of UTF-8
    std::string artist;  ///< empty if unknown; at most 200 bytes
    std::optional<std::chrono::milliseconds> duration;
    std::string codec;              ///< FFmpeg's short name: "mp3", "opus", …
    std::string container;          ///< "ogg", "matroska,webm", …
    int sample_rate = 0;            ///< of the source
    int channels = 0;               ///< of the source
    bool opus_passthrough = false;  ///< packets may go to the listener as they are
    bool seekable = false;
};

/// One audio track out of anything that FFmpeg reads. Blocking: pool threads only, one thread at a time.
///
/// FFmpeg sees nothing but the bytes of the source: it opens no file and no address, whatever the input says.
/// Two ways to read: next_packet() while `opus_passthrough`, next_frame() always. next_frame() may follow
/// next_packet() and goes on where it stopped; the other way round only after seek().
class Reader {
public:
    /// `name_hint` (a file name, or the decoded path of a URL) gives the title if no tag does; what the file
    /// is, its bytes say alone. Errors: kNotAudio, kBroken, kTooLarge, kTooSlow, or what the source said.
    static base::Result<std::unique_ptr<Reader>> open(std::unique_ptr<ByteSource> source, Limits limits = {},
                                                      const std::string& name_hint = {});
    ~Reader();
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    const TrackInfo& info() const;

    /// The file's own Opus packets of 20 ms, from the first one on, bit for bit; nothing at the end. Valid
    /// until the next call of any function. Errors: kNotPassthrough if this packet is not 20 ms of mono or
    /// stereo (nothing is lost: next_frame() decodes it), else as next_frame().
    base::Result<std::optional<audio_core::OpusPacket>> next_packet();

    /// Decoded, 48 kHz stereo, encoder delay and padding cut off as the file says; the last frame is padded
    /// with silence; nothing at the end. Mono is played on both channels, more than two are mixed down. A
    /// damaged packet is skipped. Errors: kBroken if nothing can be decoded for long or the file ends well
    /// before the length that it states, kTooLarge, kTooSlow, or what the source said.
    base::Result<std::optional<audio_core::PcmFrame>> next_frame();

    /// Goes to the whole frame (20 ms) at or before `position`: next_frame() starts there, to the sample
    /// where the container knows its times; next_packet() with the packet that holds it. Past the end: the
    /// end. Errors: kNotSeekable, or what the source said.
    base::Result<void> seek(std::chrono::milliseconds position);

    /// Where the next frame or packet starts, in 20 ms frames from the start of the track.
    std::size_t frame_position() const;

private:
    struct Impl;
    explicit Reader(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace bandstand::media
