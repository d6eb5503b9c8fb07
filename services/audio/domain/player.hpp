#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "domain/player_events.hpp"
#include "domain/queue.hpp"

namespace bandstand::audio::domain {

struct PlayerSettings {
    std::size_t queue_limit = 500;
    // The voice connection has shorter deadlines for each of its steps; these bound all of them together.
    base::Duration join_timeout = std::chrono::seconds{30};
    base::Duration recover_timeout = std::chrono::seconds{120};
    base::Duration leave_when_alone = std::chrono::seconds{300};
    base::Duration leave_when_idle = std::chrono::seconds{300};
    Milliseconds open_next_before_end{10'000};
    std::uint32_t failures_in_a_row = 5;
};

/// What outlives the process: enough for another owner to go on.
struct Snapshot {
    std::deque<Entry> entries{};
    std::uint64_t queue_version = 0;
    EntryId next_entry;
    Milliseconds position{};
    std::uint32_t volume_percent = 100;
    bool paused = false;
    base::ChannelId voice_channel;  ///< none = in no channel
    std::uint32_t bitrate = 0;
    base::ChannelId text_channel;
    std::vector<Ask> waiting_for_voice{};
    friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

constexpr std::uint32_t kQueuePageSize = 10;
constexpr std::uint32_t kMaxVolumePercent = 200;

/// One player: what is queued, what sounds, and where. No I/O, no clock: it is told what happened and when,
/// and says what to do. A value: decide on a copy, keep the copy once its decision is saved.
///
/// Every command is answered exactly once. A queue survives losing the voice channel (kick, leave, time-out):
/// only Stop clears it. An entry waits in its place while it is looked up, so entries play in the order of
/// the commands. Streams follow the queue: after each input `reconcile` opens, queues and closes what is
/// missing or left over, so no input has to think of every state it may meet.
class Player {
public:
    /// `first_entry`: ids are counted up from here; never below any id that this player gave before.
    Player(PlayerSettings settings, EntryId first_entry);
    Player(PlayerSettings settings, Snapshot snapshot);

    Decision handle(const Input& input, base::Instant now);

    /// When Tick is due; nothing = nothing to wait for.
    std::optional<base::Instant> deadline() const;
    Snapshot snapshot() const;
    View view(std::uint32_t page = 1) const;
    const Queue& queue() const { return queue_; }
    Milliseconds position() const { return position_; }
    /// The stream that sounds or is about to.
    std::optional<StreamId> current_stream() const;
    /// Holds or wants a voice connection, so it counts against the limit of the process.
    bool active() const { return voice_.phase != Voice::Phase::none; }

private:
    struct Voice {
        // planned: a channel is chosen, but nothing is found yet that could be played there.
        enum class Phase { none, planned, joining, connected, recovering };
        Phase phase = Phase::none;
        base::ChannelId channel;
        std::uint32_t bitrate = 0;
        bool accepted = false;                     // the gateway passed our wish on
        std::optional<std::uint32_t> listeners{};  // nothing = not told yet
        base::Instant deadline{};                  // of joining and recovering
    };
    struct Stream {
        StreamId id;
        EntryId entry;
        bool opened = false;  // and queued
        bool started = false;
        bool read_to_end = false;
        bool seekable = true;
    };
    struct Refusal {
        base::Reason reason;
        std::string detail;
    };
    using Check = std::optional<Refusal>;

    // player_commands.cpp: nothing = the answer follows later
    void on(const Command& command);
    std::optional<Outcome> run(const Command& command, const Join&);
    std::optional<Outcome> run(const Command& command, const Leave&);
    std::optional<Outcome> run(const Command& command, const Play& play);
    std::optional<Outcome> run(const Command& command, const Pause&);
    std::optional<Outcome> run(const Command& command, const Resume&);
    std::optional<Outcome> run(const Command& command, const TogglePause&);
    std::optional<Outcome> run(const Command& command, const Skip& skip);
    std::optional<Outcome> run(const Command& command, const Stop&);
    std::optional<Outcome> run(const Command& command, const ShowQueue& show);
    std::optional<Outcome> run(const Command& command, const ShowNowPlaying&);
    std::optional<Outcome> run(const Command& command, const Seek& seek);
    std::optional<Outcome> run(const Command& command, const SetVolume& volume);
    Check check_channel(const Command& command) const;
    Check check_start(const Command& command) const;
    Check check_listening(const Command& command) const;

    // player_voice.cpp
    void on(const OwnVoiceState& state);
    void on(const VoiceServer& server);
    void on(const Occupancy& occupancy);
    void on(const GuildUnavailable& gone);
    void on(const JoinAccepted&);
    void on(const JoinRefused& refused);
    void on(const VoiceReady&);
    void on(const VoiceInterrupted&);
    void on(const JoinWanted&);
    void on(const VoiceGaveUp& gave_up);
    void on(const Restored&);
    void on(const Tick&);
    void plan_voice(const Command& command);
    void join();
    void leave();
    void lose_voice(std::string_view reason, std::string_view detail);
    void refuse_waiting(std::string_view reason, std::string_view detail);
    std::vector<EntryId> owed_entries() const;

    // player_playback.cpp
    void on(const Resolved& found);
    void on(const ResolveFailed& failed);
    void on(const StreamOpened& opened);
    void on(const StreamFailed& failed);
    void on(const StreamStarted& started);
    void on(const StreamReadToEnd& read);
    void on(const StreamDrained& drained);
    void on(const Position& position);
    void drop(std::vector<Entry> entries, EndCause cause);
    void fail_entry(EntryId id, std::string_view reason, std::string_view detail);
    std::string count_failure();
    bool near_end() const;
    Stream open(const Entry& entry, Milliseconds from);
    void close(std::optional<Stream>& stream);

    // player.cpp
    void answers_first();
    void reconcile();
    void settle_voice();
    void settle_streams();
    void settle_sound();
    void settle_answers();
    void settle_idle();
    void answer(Ask ask, Outcome outcome, std::uint32_t page = 1);
    void refuse(Ask ask, std::string_view reason, std::string_view detail);
    void publish(Fact fact);
    void act(Effect effect);
    void touch() { out_.save = true; }
    StreamId new_stream();
    bool may_answer_play() const;

    PlayerSettings settings_;
    Queue queue_;
    EntryId next_entry_;
    Milliseconds position_{};  // in the current entry
    std::uint32_t volume_percent_ = 100;
    bool paused_ = false;        // by a person, or after too many failures
    bool paused_alone_ = false;  // nobody listens
    bool sound_paused_ = false;  // what the engine was told last
    std::uint32_t failures_ = 0;
    base::ChannelId text_channel_;  // of the last command: where news without a command go
    std::vector<Ask> waiting_for_voice_;
    Voice voice_;
    std::optional<Stream> current_;
    std::optional<Stream> next_;
    std::uint64_t last_stream_ = 0;
    std::optional<base::Instant> idle_since_;
    std::optional<base::Instant> alone_since_;

    base::Instant now_{};  // of the input being handled
    Decision out_;         // of the input being handled
};

}  // namespace bandstand::audio::domain
