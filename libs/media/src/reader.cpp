#include "media/reader.hpp"

#include <algorithm>
#include <cstring>

#include "decoder.hpp"
#include "demuxer.hpp"
#include "track_info.hpp"

namespace bandstand::media {
namespace {

// Decoders need some past before they are right again: MP3's bit reservoir, Opus' 80 ms (RFC 7845
// section 4.6).
constexpr std::size_t kPrerollFrames = 6;
// How much less than the stated length is still a rounding of who made the file.
constexpr std::chrono::milliseconds kEarlyEnd{1'000};
constexpr std::size_t kFrameFloats = std::tuple_size_v<decltype(audio_core::PcmFrame::samples)>;

base::ByteView bytes_of(const AVPacket& packet) {
    return std::as_bytes(std::span{packet.data, static_cast<std::size_t>(packet.size)});
}

bool is_opus_header(base::ByteView packet) {  // of a further file in a chained Ogg stream
    const auto text = base::as_text(packet);
    return text.starts_with("OpusHead") || text.starts_with("OpusTags");
}

bool fits_a_frame(base::ByteView packet) {
    const auto info = audio_core::opus_packet_info(packet);
    return info && info->samples() == audio_core::kFrameSamples &&
           packet.size() <= audio_core::kMaxOpusPacketBytes;
}

}  // namespace

struct Reader::Impl {
    Limits limits;
    std::unique_ptr<Demuxer> demuxer;
    TrackInfo info;
    std::optional<Decoder> decoder;  // made when first needed: a passthrough stream stays small
    std::int64_t origin = 0;         // timestamp of the first audible sample
    std::int64_t first_packet = 0;   // timestamp of the first packet
    std::vector<float> pcm;          // decoded, from `pcm_begin` on not yet given out
    std::size_t pcm_begin = 0;
    std::size_t position = 0;  // frames
    bool input_over = false;
    bool ended_by_seek = false;

    std::optional<std::size_t> sought;  // frame of a seek that the next read has to find exactly

    base::Result<void> look_at_first_packet();
    base::Result<AVPacket*> next_audio();
    base::Result<AVPacket*> audio_from(std::size_t frame);
    base::Result<void> prepare_decoder();
    base::Result<void> fill();
    base::Result<void> check_length() const;
    base::Result<void> check_end() const;
    audio_core::PcmFrame take_frame();
    std::int64_t to_timestamp(std::size_t frames) const;
    bool lies_before(const AVPacket& packet, std::size_t frame) const;
};

Reader::Reader(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
Reader::~Reader() = default;

base::Result<std::unique_ptr<Reader>> Reader::open(std::unique_ptr<ByteSource> source, Limits limits,
                                                   const std::string& name_hint) {
    auto demuxer = Demuxer::open(std::move(source), limits);
    if (!demuxer) return std::unexpected(std::move(demuxer).error().during("open track"));
    auto impl = std::make_unique<Impl>();
    impl->limits = limits;
    impl->demuxer = *std::move(demuxer);
    const auto& stream = impl->demuxer->stream();
    impl->info = describe_track(impl->demuxer->format(), stream, name_hint);
    if (stream.start_time != AV_NOPTS_VALUE) impl->origin = impl->first_packet = stream.start_time;
    if (impl->info.container == "matroska,webm") {  // elsewhere start_time is the first sample that is heard
        const AVRational samples{1, impl->info.sample_rate};
        impl->origin += av_rescale_q(stream.codecpar->initial_padding, samples, stream.time_base);
    }
    if (impl->info.duration && *impl->info.duration > limits.max_duration) {
        return base::fail(base::ErrorKind::resource_exhausted, kTooLarge, "open track: longer than",
                          limits.max_duration.count(), "hours");
    }
    if (auto looked = impl->look_at_first_packet(); !looked) {
        return std::unexpected(std::move(looked).error().during("open track"));
    }
    return std::unique_ptr<Reader>{new Reader{std::move(impl)}};
}

const TrackInfo& Reader::info() const {
    return impl_->info;
}

std::size_t Reader::frame_position() const {
    return impl_->position;
}

/// The head does not say how long Opus packets are: the first one does.
base::Result<void> Reader::Impl::look_at_first_packet() {
    auto packet = next_audio();
    if (!packet) return std::unexpected(std::move(packet).error());
    if (*packet == nullptr) return base::fail(base::ErrorKind::data_loss, kBroken, "there is no sound in it");
    demuxer->hold_back();
    if ((*packet)->pts != AV_NOPTS_VALUE) first_packet = (*packet)->pts;
    info.opus_passthrough = info.opus_passthrough && fits_a_frame(bytes_of(**packet));
    return base::ok();
}

base::Result<AVPacket*> Reader::Impl::next_audio() {
    while (true) {
        auto packet = demuxer->next();
        if (!packet || *packet == nullptr || !is_opus_header(bytes_of(**packet))) return packet;
    }
}

base::Result<std::optional<audio_core::OpusPacket>> Reader::next_packet() {
    auto& self = *impl_;
    if (!self.info.opus_passthrough) {
        return base::fail(base::ErrorKind::failed_precondition, kNotPassthrough, self.info.codec,
                          "must be decoded");
    }
    if (auto within = self.check_length(); !within) return std::unexpected(std::move(within).error());
    if (self.input_over) return std::nullopt;
    auto packet =
        self.sought ? self.audio_from(*std::exchange(self.sought, std::nullopt)) : self.next_audio();
    if (!packet) return std::unexpected(std::move(packet).error());
    if (*packet == nullptr) {
        if (auto whole = self.check_end(); !whole) return std::unexpected(std::move(whole).error());
        return std::nullopt;
    }
    const auto bytes = bytes_of(**packet);
    if (!fits_a_frame(bytes)) {
        self.demuxer->hold_back();
        return base::fail(base::ErrorKind::failed_precondition, kNotPassthrough, "packet", self.position,
                          "is not 20 ms of Opus");
    }
    ++self.position;
    return audio_core::OpusPacket{bytes};
}

base::Result<std::optional<audio_core::PcmFrame>> Reader::next_frame() {
    auto& self = *impl_;
    if (auto within = self.check_length(); !within) return std::unexpected(std::move(within).error());
    if (auto ready = self.prepare_decoder(); !ready) return std::unexpected(std::move(ready).error());
    while (self.pcm.size() - self.pcm_begin < kFrameFloats && !self.input_over) {
        if (auto filled = self.fill(); !filled) return std::unexpected(std::move(filled).error());
    }
    if (self.pcm_begin == self.pcm.size()) {
        if (auto whole = self.check_end(); !whole) return std::unexpected(std::move(whole).error());
        return std::nullopt;
    }
    return self.take_frame();
}

base::Result<void> Reader::Impl::check_length() const {
    if (audio_core::duration_of(position) <= limits.max_duration) return base::ok();
    return base::fail(base::ErrorKind::resource_exhausted, kTooLarge, "longer than",
                      limits.max_duration.count(), "hours");
}

/// A file that was cut off ends without an error of its own.
base::Result<void> Reader::Impl::check_end() const {
    const bool exact = demuxer->format().duration_estimation_method != AVFMT_DURATION_FROM_BITRATE;
    if (!info.duration || !exact || ended_by_seek) return base::ok();
    const auto heard = audio_core::duration_of(position);
    if (heard + kEarlyEnd >= *info.duration || heard * 20 >= *info.duration * 19) return base::ok();
    return base::fail(base::ErrorKind::data_loss, kBroken, "it is cut off: ends after", heard.count(), "of",
                      info.duration->count(), "ms");
}

base::Result<void> Reader::Impl::prepare_decoder() {
    if (!decoder) {
        auto opened = Decoder::open(demuxer->stream());
        if (!opened) return std::unexpected(std::move(opened).error());
        decoder = *std::move(opened);
    }
    if (sought) decoder->restart_at(origin + to_timestamp(*std::exchange(sought, std::nullopt)));
    return base::ok();
}

base::Result<void> Reader::Impl::fill() {
    pcm.erase(pcm.begin(), pcm.begin() + static_cast<std::ptrdiff_t>(pcm_begin));
    pcm_begin = 0;
    auto packet = next_audio();
    if (!packet) return std::unexpected(std::move(packet).error());
    input_over = *packet == nullptr;
    return decoder->decode(*packet, pcm);
}

audio_core::PcmFrame Reader::Impl::take_frame() {
    audio_core::PcmFrame frame;  // silent: what is missing at the end stays so
    const auto count = std::min(kFrameFloats, pcm.size() - pcm_begin);
    std::copy_n(pcm.begin() + static_cast<std::ptrdiff_t>(pcm_begin), count, frame.samples.begin());
    pcm_begin += count;
    ++position;
    return frame;
}

std::int64_t Reader::Impl::to_timestamp(std::size_t frames) const {
    return av_rescale_q(static_cast<std::int64_t>(frames),
                        AVRational{audio_core::kFrameSamples, audio_core::kSampleRate},
                        demuxer->stream().time_base);
}

bool Reader::Impl::lies_before(const AVPacket& packet, std::size_t frame) const {
    // Half a frame of tolerance: Matroska rounds times to milliseconds.
    const auto half = to_timestamp(1) / 2;
    return packet.pts != AV_NOPTS_VALUE && packet.pts + half < first_packet + to_timestamp(frame);
}

base::Result<AVPacket*> Reader::Impl::audio_from(std::size_t frame) {
    while (true) {
        auto packet = next_audio();
        if (!packet || *packet == nullptr || !lies_before(**packet, frame)) return packet;
    }
}

base::Result<void> Reader::seek(std::chrono::milliseconds where) {
    auto& self = *impl_;
    const auto frame = audio_core::frames_before(where);
    const bool past_end = self.info.duration && where >= *self.info.duration;
    if (!past_end) {
        const auto target = self.origin + self.to_timestamp(frame);
        const auto early = std::max(target - self.to_timestamp(kPrerollFrames), self.first_packet);
        if (auto moved = self.demuxer->seek(early); !moved) return moved;
    }
    self.pcm.clear();
    self.pcm_begin = 0;
    self.input_over = self.ended_by_seek = past_end;
    self.sought = frame;
    self.position = frame;
    return base::ok();
}

}  // namespace bandstand::media
