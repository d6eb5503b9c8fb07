#include "audio_core/pacer.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace bandstand::audio_core {

PacedStream::PacedStream(PacketRing& packets, StreamStats& stats, StreamEvents& events, RtpStart rtp)
    : packets_{packets}, stats_{stats}, events_{events}, rtp_{rtp} {}

void PacedStream::play() {
    playing_ = true;
}

void PacedStream::pause() {
    playing_ = false;
    stop_music();
}

void PacedStream::flush(std::uint64_t mark) {
    packets_.drop_before(mark);
    ended_ = false;
    stop_music();
}

void PacedStream::restart_rtp(RtpStart rtp) {
    rtp_ = rtp;
    last_stamp_.reset();
}

std::optional<PacedStream::Outgoing> PacedStream::tick(base::Instant deadline) {
    if (playing_) {
        if (auto music = next_music(deadline)) return music;
        starve();
    }
    return next_silence(deadline);
}

std::optional<PacedStream::Outgoing> PacedStream::next_music(base::Instant deadline) {
    pass_ends(deadline);
    const auto record = packets_.front();
    if (!record) {
        ran_dry(deadline);
        return std::nullopt;
    }
    if (!flowing_ && !enough_to_start()) return std::nullopt;
    recover(deadline);
    if (record->tag.track != last_.track) {
        announce({StreamEvent::Kind::track_started, {}, record->tag, deadline, {}});
    }
    flowing_ = true;
    ended_ = false;
    silence_left_ = 0;
    last_ = record->tag;
    return Outgoing{stamp(deadline), record->opus, record->tag, false};
}

bool PacedStream::enough_to_start() const {
    return packets_.frames() >= kRefillFrames || packets_.has_end();
}

void PacedStream::pass_ends(base::Instant deadline) {
    for (auto record = packets_.front(); record && record->is_end(); record = packets_.front()) {
        const auto frame = record->tag.track == last_.track ? last_.frame : 0;
        announce({StreamEvent::Kind::track_ended, {}, {record->tag.track, frame}, deadline, {}});
        starved_by_.reset();  // the rest was late and never came: the track is over
        ended_ = true;
        packets_.pop();
    }
}

void PacedStream::ran_dry(base::Instant deadline) {
    if (ended_) {
        ended_ = false;
        announce({StreamEvent::Kind::drained, {}, last_, deadline, {}});
        stop_music();
    } else if (flowing_) {
        const auto cause = packets_.producer_cause();
        announce({StreamEvent::Kind::underrun, cause, last_, deadline, {}});
        stats_.gaps[static_cast<std::size_t>(cause)].add();
        stop_music();
        starved_by_ = cause;
        starved_for_ = {};
    }
}

void PacedStream::starve() {
    if (!starved_by_) return;
    starved_for_ += kFrameDuration;
    stats_.gap_ns[static_cast<std::size_t>(*starved_by_)].add(base::Duration{kFrameDuration}.count());
}

void PacedStream::recover(base::Instant deadline) {
    if (!starved_by_) return;
    announce({StreamEvent::Kind::recovered, *starved_by_, last_, deadline, starved_for_});
    starved_by_.reset();
}

void PacedStream::stop_music() {
    if (flowing_) silence_left_ = kTrailingSilenceFrames;
    flowing_ = false;
    starved_by_.reset();
}

std::optional<PacedStream::Outgoing> PacedStream::next_silence(base::Instant deadline) {
    if (silence_left_ == 0) return std::nullopt;
    if (--silence_left_ == 0) announce({StreamEvent::Kind::quiet, {}, last_, deadline, {}});
    return Outgoing{stamp(deadline), kOpusSilence, last_, true};
}

RtpHeader PacedStream::stamp(base::Instant deadline) {
    if (last_stamp_) {
        constexpr base::Duration kFrame = kFrameDuration;
        const auto frames = std::max<std::int64_t>((deadline - *last_stamp_ + kFrame / 2) / kFrame, 1);
        ++rtp_.sequence;
        rtp_.timestamp += static_cast<std::uint32_t>(frames * kFrameSamples);
    }
    last_stamp_ = deadline;
    return {.sequence = rtp_.sequence, .timestamp = rtp_.timestamp, .ssrc = rtp_.ssrc};
}

void PacedStream::sent(const Outgoing& packet, base::Instant deadline, base::Instant now, bool accepted,
                       std::size_t bytes) {
    if (accepted) {
        (packet.silence ? stats_.silence_packets : stats_.packets).add();
        stats_.bytes.add(bytes);
        stats_.lateness.record(now - deadline);
    }
    if (packet.silence) return;
    packets_.pop();
    stats_.set_position(packet.tag);
    if (accepted) return;
    stats_.gaps[static_cast<std::size_t>(GapCause::socket)].add();
    stats_.gap_ns[static_cast<std::size_t>(GapCause::socket)].add(base::Duration{kFrameDuration}.count());
}

void PacedStream::skipped(base::Duration time) {
    if (!flowing_) return;
    stats_.gaps[static_cast<std::size_t>(GapCause::thread)].add();
    stats_.gap_ns[static_cast<std::size_t>(GapCause::thread)].add(static_cast<std::uint64_t>(time.count()));
}

void PacedStream::announce(StreamEvent event) {
    news_ = true;
    if (!events_.push(event)) stats_.events_lost.add();
}

Pacer::Pacer(PacerOptions options)
    : slots_(static_cast<std::size_t>(options.slots)),
      slot_length_{base::Duration{kFrameDuration} / options.slots},
      max_lag_{base::Duration{kFrameDuration} * options.max_burst} {
    BASE_ASSERT(options.slots > 0 && options.max_burst > 0);
    BASE_ASSERT(slot_length_ * options.slots == base::Duration{kFrameDuration});
}

void Pacer::add(PacedStream& stream, base::Instant now) {
    if (scheduled(stream)) return;
    if (streams_ == 0) {
        start_ = now;
        next_slot_ = 0;
    }
    // Empty slots that passed while the thread slept are over: their turn is in 20 ms.
    while (slots_[index_of(next_slot_)].first == nullptr && deadline_of(next_slot_) < now) ++next_slot_;
    auto best = index_of(next_slot_);
    for (std::size_t i = 1; i < slots_.size(); ++i) {
        const auto candidate = index_of(next_slot_ + static_cast<std::int64_t>(i));
        if (slots_[candidate].streams < slots_[best].streams) best = candidate;
    }
    Slot& slot = slots_[best];
    stream.slot_ = static_cast<int>(best);
    stream.previous_ = nullptr;
    stream.next_ = slot.first;
    if (slot.first != nullptr) slot.first->previous_ = &stream;
    slot.first = &stream;
    ++slot.streams;
    ++streams_;
}

void Pacer::remove(PacedStream& stream) {
    if (!scheduled(stream)) return;
    Slot& slot = slots_[static_cast<std::size_t>(stream.slot_)];
    if (stream.previous_ != nullptr) stream.previous_->next_ = stream.next_;
    if (stream.next_ != nullptr) stream.next_->previous_ = stream.previous_;
    if (slot.first == &stream) slot.first = stream.next_;
    --slot.streams;
    --streams_;
    stream.slot_ = -1;
}

std::optional<base::Instant> Pacer::next_deadline() const {
    if (streams_ == 0) return std::nullopt;
    auto slot = next_slot_;
    while (slots_[index_of(slot)].first == nullptr) ++slot;
    return deadline_of(slot);
}

void Pacer::give_up_time(base::Instant now) {
    if (streams_ == 0) return;
    const auto lag = now - deadline_of(next_slot_);
    if (lag < max_lag_) return;
    constexpr base::Duration kRound = kFrameDuration;
    const auto rounds = lag / kRound;
    next_slot_ += rounds * static_cast<std::int64_t>(slots_.size());
    for (const Slot& slot : slots_) {
        for (auto* stream = slot.first; stream != nullptr; stream = stream->next_)
            stream->skipped(rounds * kRound);
    }
}

}  // namespace bandstand::audio_core
