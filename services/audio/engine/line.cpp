#include "engine/line.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <string>
#include <utility>

#include "engine/member_errors.hpp"

namespace bandstand::audio {
namespace {

// Run ahead: five seconds of packets (bounded in bytes as well), three of PCM, which is 24 times as large.
constexpr std::size_t kPacketsAhead = 250;
constexpr std::size_t kPacketBytesAhead = 96 * 1024;
constexpr std::size_t kPcmAhead = 150;
constexpr std::size_t kReadBatch = 64;   // then others get the thread
constexpr std::size_t kFirstFrames = 6;  // enough for the first fill
// The send ring: filled up to 180 ms when it falls to 120 ms; music starts at 100 ms
// (audio_core::kRefillFrames).
constexpr std::size_t kRingLow = 6;
constexpr std::size_t kRingHigh = 9;
// A fresh Opus decoder needs some packets until it sounds right (RFC 7845 section 4.2 says 80 ms).
constexpr std::size_t kDecoderPreroll = 4;
constexpr std::uint32_t kUnityPercent = 100;

std::uint32_t track_number(domain::StreamId id) {
    return static_cast<std::uint32_t>(id.value());
}

}  // namespace

Line::Line(runtime::ThreadPool& encoders, runtime::ThreadPool& readers, Notify notify, std::uint32_t bitrate)
    : encoders_{encoders}, readers_{readers}, notify_{std::move(notify)}, bitrate_{bitrate} {}

void Line::add(domain::StreamId id, OpenedTrack source) {
    auto track = std::make_shared<Track>();
    track->id = id;
    track->passthrough = source.reader->info().opus_passthrough;
    track->source = std::move(source);
    {
        const std::scoped_lock lock{mutex_};
        tracks_.push_back(std::move(track));
    }
    schedule();
}

void Line::close(domain::StreamId id) {
    TrackPtr gone;  // its reader ends outside the lock
    {
        const std::scoped_lock lock{mutex_};
        if (passed_in_ && passed_in_->id == id) {
            gone = std::exchange(passed_in_, {});
            discard_sent_ahead();
        } else {
            const auto found =
                std::ranges::find(tracks_, id, [](const TrackPtr& track) { return track->id; });
            if (found == tracks_.end()) return;
            gone = *found;
            const bool sounding = found == tracks_.begin();
            tracks_.erase(found);
            // When the one before is not over yet, the ring holds its music, not ours.
            if (sounding && !passed_in_) discard_sent_ahead();
        }
        gone->closed = true;
    }
    if (gone->source.abort) gone->source.abort();
    schedule();
}

bool Line::seek(domain::StreamId id, domain::StreamId becomes, domain::Milliseconds to) {
    {
        const std::scoped_lock lock{mutex_};
        if (passed_in_ && passed_in_->id == id) tracks_.push_front(std::exchange(passed_in_, {}));
        const auto found = std::ranges::find(tracks_, id, [](const TrackPtr& track) { return track->id; });
        if (found == tracks_.end()) return false;
        auto& track = **found;
        track.id = becomes;
        track.seek_to = to;
        ++track.epoch;
        track.ahead.clear();
        track.ahead_bytes = 0;
        track.ended = false;
        track.failure.reset();
        if (found == tracks_.begin()) discard_sent_ahead();
    }
    schedule();
    return true;
}

void Line::passed(domain::StreamId id) {
    TrackPtr gone;
    const std::scoped_lock lock{mutex_};
    if (passed_in_ && passed_in_->id == id) gone = std::exchange(passed_in_, {});
}

void Line::set_volume(std::uint32_t percent) {
    volume_percent_ = percent;
}

void Line::set_bitrate(std::uint32_t bits_per_second) {
    bitrate_ = bits_per_second;
}

void Line::attach(audio_core::SendStream* stream) {
    {
        const std::scoped_lock lock{mutex_};
        stream_ = stream;
        ++epoch_;
    }
    schedule();
}

bool Line::empty() const {
    const std::scoped_lock lock{mutex_};
    return tracks_.empty();
}

void Line::schedule() {
    bool fill_now = false;
    std::array<TrackPtr, 2> reads;
    {
        const std::scoped_lock lock{mutex_};
        if (wants_fill()) fill_now = filling_ = true;
        for (std::size_t i = 0; i < std::min(reads.size(), tracks_.size()); ++i) {
            if (!wants_read(*tracks_[i])) continue;
            tracks_[i]->reading = true;
            reads[i] = tracks_[i];
        }
    }
    if (fill_now) asio::post(encoders_, [self = shared_from_this()] { self->fill(); });
    for (auto& track : reads) {
        if (track) asio::post(readers_, [self = shared_from_this(), track] { self->read(track); });
    }
}

bool Line::wants_read(const Track& track) const {
    if (track.reading || track.ended) return false;
    if (track.seek_to) return true;
    const auto high = track.passthrough ? kPacketsAhead : kPcmAhead;
    const bool low = track.ahead.size() < high / 2 && track.ahead_bytes < kPacketBytesAhead;
    return low && !(track.source.would_wait && track.source.would_wait());
}

bool Line::wants_fill() const {
    if (filling_ || !stream_ || tracks_.empty()) return false;
    const auto& front = *tracks_.front();
    if (front.seek_to || (front.ahead.empty() && !front.ended)) {
        stream_->packets().busy_with(front.source.would_wait ? audio_core::GapCause::source
                                                             : audio_core::GapCause::decoder);
        return false;
    }
    return stream_->packets().frames() <= kRingLow;
}

void Line::read(const TrackPtr& track) {
    std::uint64_t epoch = 0;
    std::optional<domain::Milliseconds> seek_to;
    {
        const std::scoped_lock lock{mutex_};
        epoch = track->epoch;
        seek_to = track->seek_to;
    }
    bool more = true;
    if (seek_to) {
        auto done = track->source.reader->seek(*seek_to);
        const std::scoped_lock lock{mutex_};
        if (track->epoch == epoch) {
            track->seek_to.reset();
            if (!done) {
                track->failure = std::move(done).error();
                track->ended = true;
                more = false;
            }
        } else {
            more = false;
        }
    }
    for (std::size_t i = 1; more && i <= kReadBatch; ++i) {
        more = keep(track, epoch, read_item(*track, track->passthrough));
        if (i == kFirstFrames) schedule();
    }
    {
        const std::scoped_lock lock{mutex_};
        track->reading = false;
    }
    schedule();
}

base::Result<std::optional<Line::Item>> Line::read_item(Track& track, bool passthrough) {
    auto& reader = *track.source.reader;
    Item item{.frame = static_cast<std::uint32_t>(reader.frame_position()), .audio = base::Bytes{}};
    if (passthrough) {
        auto packet = reader.next_packet();
        if (packet && !*packet) return std::nullopt;
        if (packet) {
            item.audio = base::Bytes{(*packet)->data.begin(), (*packet)->data.end()};
            return item;
        }
        if (packet.error().reason() != media::kNotPassthrough)
            return std::unexpected(std::move(packet).error());
    }
    auto frame = reader.next_frame();
    if (!frame) return std::unexpected(std::move(frame).error());
    if (!*frame) return std::nullopt;
    item.audio = std::make_unique<audio_core::PcmFrame>(**frame);
    return item;
}

// False: nothing more is to be read now.
bool Line::keep(const TrackPtr& track, std::uint64_t epoch, base::Result<std::optional<Item>> item) {
    std::optional<domain::StreamId> read_to_end;
    bool more = false;
    {
        const std::scoped_lock lock{mutex_};
        if (track->epoch != epoch || track->closed) return false;
        if (!item) {
            track->failure = std::move(item).error();
            track->ended = true;
        } else if (!*item) {
            track->ended = true;
            read_to_end = track->id;
        } else {
            const auto* packet = std::get_if<base::Bytes>(&(*item)->audio);
            track->ahead_bytes += packet ? packet->size() : 0;
            track->ahead.push_back(std::move(**item));
            const bool room = track->ahead.size() < (packet ? kPacketsAhead : kPcmAhead);
            more = room && track->ahead_bytes < kPacketBytesAhead &&
                   !(track->source.would_wait && track->source.would_wait());
        }
    }
    if (read_to_end) notify_(domain::StreamReadToEnd{*read_to_end});
    return more;
}

void Line::fill() {
    while (fill_one()) {
    }
    {
        const std::scoped_lock lock{mutex_};
        filling_ = false;
    }
    schedule();
}

// One packet from the front track into the ring. The encoder works without the lock.
bool Line::fill_one() {
    TrackPtr track;
    Item item;
    std::uint64_t epoch = 0;
    bool broken = false;
    {
        const std::scoped_lock lock{mutex_};
        if (!stream_ || tracks_.empty() || stream_->packets().frames() >= kRingHigh) return false;
        track = tracks_.front();
        if (track->seek_to) return false;
        if (!track->ahead.empty()) {
            item = std::move(track->ahead.front());
            track->ahead.pop_front();
            if (const auto* packet = std::get_if<base::Bytes>(&item.audio))
                track->ahead_bytes -= packet->size();
            epoch = epoch_;
        } else if (!track->ended) {
            return false;
        } else if (!track->failure) {
            return finish_front();
        } else {
            broken = true;  // what was good is in the ring: it ends there, it does not run dry
            static_cast<void>(stream_->packets().push_end(track_number(track->id)));
            tracks_.pop_front();
        }
    }
    if (broken) {
        const auto error = for_member(*track->failure);
        notify_(domain::StreamFailed{track->id, std::string{error.reason().name}, error.detail()});
        return true;
    }
    const auto packet = produce(item);
    TrackPtr gone;  // its reader ends outside the lock
    const std::scoped_lock lock{mutex_};
    if (epoch != epoch_ || !stream_ || !packet)
        return true;  // void meanwhile, or a frame that cannot be encoded
    gone = std::exchange(passed_in_, {});
    return stream_->packets().push({track_number(track->id), item.frame}, *packet);
}

// With the lock held.
bool Line::finish_front() {
    auto& track = tracks_.front();
    if (!stream_->packets().push_end(track_number(track->id))) return false;
    passed_in_ = std::move(track);
    tracks_.pop_front();
    return true;
}

std::optional<base::ByteView> Line::produce(const Item& item) {
    const auto percent = volume_percent_.load();
    const auto* packet = std::get_if<base::Bytes>(&item.audio);
    if (packet && percent == kUnityPercent) {
        encoding_ = false;
        last_passed_.push_back(*packet);
        if (last_passed_.size() > kDecoderPreroll) last_passed_.pop_front();
        return base::ByteView{last_passed_.back()};
    }
    if (!encoder_) {
        auto made = audio_core::OpusEncoder::create({.bitrate = static_cast<int>(bitrate_.load())});
        if (!made) return std::nullopt;
        encoder_ = std::move(*made);
        encoder_bitrate_ = bitrate_;
    }
    if (const auto bitrate = bitrate_.load(); bitrate != encoder_bitrate_) {
        if (encoder_->set_bitrate(static_cast<int>(bitrate))) encoder_bitrate_ = bitrate;
    }
    if (!encoding_) encoder_->reset();
    encoding_ = true;
    audio_core::PcmFrame frame;
    if (packet) {
        if (!decode(*packet, frame)) return std::nullopt;
    } else {
        frame = *std::get<std::unique_ptr<audio_core::PcmFrame>>(item.audio);
    }
    gain_.set(static_cast<float>(percent) / 100.0F);
    if (!gain_.is_unity()) {
        gain_.apply(frame);
        limiter_.apply(frame);
    }
    auto encoded = encoder_->encode(frame);
    if (!encoded) return std::nullopt;
    return encoded->data;
}

bool Line::decode(const base::Bytes& packet, audio_core::PcmFrame& into) {
    if (!decoder_) {
        auto made = audio_core::OpusDecoder::create();
        if (!made) return false;
        decoder_ = std::move(*made);
    }
    if (!last_passed_.empty()) {  // it has not heard these: they went by untouched
        decoder_->reset();
        for (const auto& heard : last_passed_) static_cast<void>(decoder_->decode(heard));
        last_passed_.clear();
    }
    const auto decoded = decoder_->decode(packet);
    if (!decoded) return false;
    std::copy_n(decoded->begin(), std::min(decoded->size(), into.samples.size()), into.samples.begin());
    return true;
}

// With the lock held: no push of a fill can be under way.
void Line::discard_sent_ahead() {
    ++epoch_;
    if (stream_) stream_->flush();
}

}  // namespace bandstand::audio
