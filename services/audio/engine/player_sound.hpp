#pragma once

#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "domain/player_events.hpp"
#include "engine/audio_metrics.hpp"
#include "engine/feeder.hpp"
#include "engine/line.hpp"
#include "engine/senders.hpp"
#include "engine/track_opener.hpp"
#include "ports/stage.hpp"
#include "runtime/context.hpp"
#include "runtime/task_group.hpp"

namespace bandstand::audio {

/// What all players share to make sound.
struct SoundParts {
    runtime::Context context;
    runtime::TaskGroup& tasks;
    Feeder& feeder;
    Senders& senders;
    TrackOpener& opener;
    const AudioMetrics& metrics;
};

/// The streams of one player, from opening to the last packet. Knows nothing of channels or queues: it is
/// given a transport when there is a voice connection, and says when it speaks. Loop thread only.
class PlayerSound : public std::enable_shared_from_this<PlayerSound> {
public:
    using OnSpeaking = std::function<void(bool)>;
    static std::shared_ptr<PlayerSound> create(SoundParts parts, ports::Report report,
                                               OnSpeaking on_speaking);
    ~PlayerSound();

    void open(const domain::OpenStream& order);
    void queue(domain::StreamId stream);
    void seek(const domain::SeekStream& order);
    void close(domain::StreamId stream);
    void pause();
    void resume();
    void set_volume(std::uint32_t percent);
    void set_bitrate(std::uint32_t bits_per_second);

    /// Sends there from now on; replaces an earlier transport.
    base::Result<void> attach(audio_core::Transport transport);
    /// The transport is void for now: what is buffered waits for another one.
    void hold();
    /// Forgets the transport.
    void detach();
    /// No report follows.
    void shut();

    std::optional<domain::Position> position() const;
    /// Brings the counters of the send thread up to date.
    void report_metrics();

private:
    PlayerSound(SoundParts parts, ports::Report report, OnSpeaking on_speaking);
    runtime::Task<base::Result<void>> open_track(domain::OpenStream order);
    void on_event(const audio_core::StreamEvent& event);
    void speak(bool speaking);
    void start_sending();
    void stop_sending();
    void report(domain::Input input);

    SoundParts parts_;
    ports::Report report_;
    OnSpeaking on_speaking_;
    std::shared_ptr<Line> line_;
    std::map<domain::StreamId, OpenedTrack> opened_;  // and not queued yet
    std::set<domain::StreamId> opening_;
    std::unique_ptr<Senders::Stream> sender_;
    StreamReporter reporter_;
    asio::steady_timer lead_;  // between Speaking and the first packet
    bool paused_ = false;
    bool held_ = false;
    bool speaking_ = false;
    bool shut_ = false;
};

}  // namespace bandstand::audio
