#include "engine/player_sound.hpp"

#include <boost/asio/post.hpp>
#include <chrono>
#include <utility>

#include "domain/reasons.hpp"

namespace bandstand::audio {
namespace {

// Speaking travels over TCP, audio over UDP: a packet that overtakes it comes from an SSRC that nobody knows.
constexpr std::chrono::milliseconds kSpeakingLead{20};
constexpr std::uint32_t kDefaultBitrate = 96'000;
constexpr std::uint32_t kMaxBitrate = 128'000;
constexpr std::uint32_t kMinBitrate = 8'000;

}  // namespace

std::shared_ptr<PlayerSound> PlayerSound::create(SoundParts parts, ports::Report report,
                                                 OnSpeaking on_speaking) {
    std::shared_ptr<PlayerSound> sound{
        new PlayerSound{std::move(parts), std::move(report), std::move(on_speaking)}};
    const auto notify = [weak = std::weak_ptr{sound},
                         executor = sound->parts_.context.executor()](domain::Input input) {
        asio::post(executor, [weak, input = std::move(input)]() mutable {
            if (const auto self = weak.lock()) self->report(std::move(input));
        });
    };
    sound->line_ = std::make_shared<Line>(sound->parts_.feeder.encoders(), sound->parts_.feeder.readers(),
                                          notify, kDefaultBitrate);
    sound->parts_.feeder.add(sound->line_);
    return sound;
}

PlayerSound::PlayerSound(SoundParts parts, ports::Report report, OnSpeaking on_speaking)
    : parts_{std::move(parts)},
      report_{std::move(report)},
      on_speaking_{std::move(on_speaking)},
      lead_{parts_.context.loop()} {}

PlayerSound::~PlayerSound() {
    shut();
}

void PlayerSound::open(const domain::OpenStream& order) {
    opening_.insert(order.stream);
    parts_.tasks.spawn("open track", open_track(order));
}

runtime::Task<base::Result<void>> PlayerSound::open_track(domain::OpenStream order) {
    const auto self = shared_from_this();
    auto track = co_await parts_.opener.open(order.source, order.from);
    if (opening_.erase(order.stream) == 0) co_return base::ok();  // closed meanwhile
    if (!track) {
        report(domain::StreamFailed{order.stream, std::string{track.error().reason().name},
                                    track.error().detail()});
        co_return base::ok();
    }
    const auto& info = track->reader->info();
    domain::StreamOpened opened{.stream = order.stream,
                                .info = {.title = info.title,
                                         .artist = info.artist,
                                         .duration = info.duration,
                                         .passthrough = info.opus_passthrough},
                                .seekable = info.seekable};
    opened_.emplace(order.stream, std::move(*track));
    report(std::move(opened));
    co_return base::ok();
}

void PlayerSound::queue(domain::StreamId stream) {
    auto track = opened_.extract(stream);
    if (track.empty()) return;
    line_->add(stream, std::move(track.mapped()));
    start_sending();
}

void PlayerSound::seek(const domain::SeekStream& order) {
    if (!line_->seek(order.stream, order.becomes, order.to)) report(domain::StreamDrained{order.becomes});
}

void PlayerSound::close(domain::StreamId stream) {
    opening_.erase(stream);
    opened_.erase(stream);
    line_->close(stream);
}

void PlayerSound::pause() {
    paused_ = true;
    stop_sending();
}

void PlayerSound::resume() {
    paused_ = false;
    start_sending();
}

void PlayerSound::set_volume(std::uint32_t percent) {
    line_->set_volume(percent);
}

void PlayerSound::set_bitrate(std::uint32_t bits_per_second) {
    const auto wanted = bits_per_second == 0 ? kDefaultBitrate : bits_per_second;
    line_->set_bitrate(std::clamp(wanted, kMinBitrate, kMaxBitrate));
}

base::Result<void> PlayerSound::attach(audio_core::Transport transport) {
    held_ = false;
    speaking_ = false;
    if (sender_) {
        stop_sending();
        if (auto moved = (*sender_)->set_transport(std::move(transport)); !moved) return moved;
    } else {
        auto sender =
            parts_.senders.add(std::move(transport), [this](const auto& event) { on_event(event); });
        if (!sender) return std::unexpected(std::move(sender).error());
        sender_ = std::move(*sender);
        reporter_ = {};
        line_->attach(&**sender_);
    }
    start_sending();
    return base::ok();
}

void PlayerSound::hold() {
    held_ = true;
    stop_sending();
}

void PlayerSound::detach() {
    if (!sender_) return;
    stop_sending();
    report_metrics();
    line_->attach(nullptr);
    sender_.reset();
    speaking_ = false;
}

void PlayerSound::shut() {
    if (std::exchange(shut_, true)) return;
    detach();
    opening_.clear();
    opened_.clear();
    if (line_) parts_.feeder.remove(*line_);
}

std::optional<domain::Position> PlayerSound::position() const {
    if (!sender_) return std::nullopt;
    const auto tag = (*sender_)->stats().position();
    if (tag.track == 0) return std::nullopt;
    return domain::Position{domain::StreamId{tag.track}, audio_core::duration_of(tag.frame)};
}

void PlayerSound::report_metrics() {
    if (sender_) reporter_.report((*sender_)->stats(), parts_.metrics);
}

void PlayerSound::on_event(const audio_core::StreamEvent& event) {
    using Kind = audio_core::StreamEvent::Kind;
    const domain::StreamId stream{event.tag.track};
    switch (event.kind) {
        case Kind::track_started:
            speak(true);
            report(domain::StreamStarted{stream});
            break;
        case Kind::track_ended:
            line_->passed(stream);
            report(domain::StreamDrained{stream});
            break;
        case Kind::underrun:
            parts_.metrics.underruns[static_cast<std::size_t>(event.cause)].increment();
            break;
        case Kind::recovered:
            speak(true);
            break;
        case Kind::quiet:
            speak(false);
            // What comes next is announced before it is sent.
            if (line_->empty()) (*sender_)->pause();
            break;
        case Kind::drained:
            break;
    }
}

void PlayerSound::speak(bool speaking) {
    if (speaking == speaking_) return;
    speaking_ = speaking;
    on_speaking_(speaking);
}

void PlayerSound::start_sending() {
    if (!sender_ || paused_ || held_ || line_->empty()) return;
    if (speaking_) return (*sender_)->play();
    speak(true);
    lead_.expires_after(kSpeakingLead);
    lead_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (!error && self && self->sender_ && !self->paused_ && !self->held_) (*self->sender_)->play();
    });
}

void PlayerSound::stop_sending() {
    lead_.cancel();
    if (sender_) (*sender_)->pause();
}

void PlayerSound::report(domain::Input input) {
    if (!shut_) report_(std::move(input));
}

}  // namespace bandstand::audio
