#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "domain/command.hpp"
#include "domain/queue.hpp"
#include "domain/track.hpp"

namespace bandstand::audio::domain {

// ---- What a player is told ----

/// The bot's own voice state; channel none = in no channel.
struct OwnVoiceState {
    base::ChannelId channel;
    std::string session_id{};
};
/// VOICE_SERVER_UPDATE; empty endpoint = another server is being looked for.
struct VoiceServer {
    std::string token{};
    std::string endpoint{};
};
/// Members in the bot's channel, bots not counted.
struct Occupancy {
    base::ChannelId channel;
    std::uint32_t listeners = 0;
};
/// removed: the bot is no longer in the guild; else an outage.
struct GuildUnavailable {
    bool removed = false;
};

struct JoinAccepted {};  ///< the gateway sent the wish to Discord, which may still not answer
struct JoinRefused {
    std::string reason{};
    std::string detail{};
};
struct VoiceReady {};
/// The connection dropped and works on its return.
struct VoiceInterrupted {};
/// The connection needs fresh events of Discord, at first or again: ask the gateway to join.
struct JoinWanted {};
struct VoiceGaveUp {
    std::string reason{};
    std::string detail{};
};

struct Resolved {
    EntryId entry;
    Source source{};
    TrackInfo info{};
};
struct ResolveFailed {
    EntryId entry;
    std::string reason{};
    std::string detail{};
};

struct StreamOpened {
    StreamId stream;
    TrackInfo info{};
    bool seekable = true;
};
struct StreamFailed {
    StreamId stream;
    std::string reason{};
    std::string detail{};
};
struct StreamStarted {  ///< its first packet was sent
    StreamId stream;
};
struct StreamReadToEnd {  ///< nothing is left to read, the rest is buffered
    StreamId stream;
};
struct StreamDrained {  ///< its last packet was sent
    StreamId stream;
};
/// How far the listener is in the current stream.
struct Position {
    StreamId stream;
    Milliseconds at{};
};

struct Restored {};  ///< a new owner took the player over: connect and go on
struct Tick {};      ///< a deadline may have come

using Input =
    std::variant<Command, OwnVoiceState, VoiceServer, Occupancy, GuildUnavailable, JoinAccepted, JoinRefused,
                 VoiceReady, VoiceInterrupted, JoinWanted, VoiceGaveUp, Resolved, ResolveFailed, StreamOpened,
                 StreamFailed, StreamStarted, StreamReadToEnd, StreamDrained, Position, Restored, Tick>;

// ---- What it wants done ----

struct OpenVoice {  ///< answered by JoinWanted, then VoiceReady or VoiceGaveUp
    base::ChannelId channel;
    std::uint32_t bitrate = 0;  ///< of the channel, bit/s; 0 = unknown
};
struct RequestJoin {  ///< ask the gateway; answered by JoinAccepted or JoinRefused
    base::ChannelId channel;
};
struct ForwardVoiceState {
    OwnVoiceState state;
};
struct ForwardVoiceServer {
    VoiceServer server;
};
struct CloseVoice {};    ///< drop the connection
struct RequestLeave {};  ///< ask the gateway to leave the channel

struct Resolve {  ///< answered by Resolved or ResolveFailed
    EntryId entry;
    Source source{};
    std::string traceparent{};
};
struct OpenStream {  ///< answered by StreamOpened or StreamFailed
    StreamId stream;
    EntryId entry;
    Source source{};
    Milliseconds from{};
    std::string traceparent{};
};
/// Play it when those queued before are drained or closed. Nothing sounds without voice or while paused.
struct QueueStream {
    StreamId stream;
};
struct SeekStream {  ///< the stream goes on as `becomes` from `to`; one that has drained meanwhile reports
                     ///< that again
    StreamId stream;
    StreamId becomes;
    Milliseconds to{};
};
struct CloseStream {
    StreamId stream;
};
struct PauseSound {};
struct ResumeSound {};
struct ApplyVolume {
    std::uint32_t percent = 100;
};
struct Forget {};  ///< delete what was saved, and the player

using Effect = std::variant<OpenVoice, RequestJoin, ForwardVoiceState, ForwardVoiceServer, CloseVoice,
                            RequestLeave, Resolve, OpenStream, QueueStream, SeekStream, CloseStream,
                            PauseSound, ResumeSound, ApplyVolume, Forget>;

// ---- What happened, for the others ----

enum class PlayerState { idle, connecting, playing, paused };

/// The player as a person sees it.
struct View {
    PlayerState state = PlayerState::idle;
    std::optional<Entry> current{};
    Milliseconds position{};
    std::uint32_t volume_percent = 100;
    std::vector<Entry> upcoming{};  ///< one page
    std::uint32_t upcoming_total = 0;
    Milliseconds upcoming_duration{};  ///< of the entries whose length is known
    base::ChannelId voice_channel;
    std::uint32_t page = 1;
};

struct Refused {
    std::string reason{};
    std::string detail{};
};
struct Enqueued {
    Entry entry;
    std::uint32_t position = 0;  ///< 0 = plays now
    Milliseconds wait{};         ///< until it plays, as far as known
};
struct Done {
    std::optional<Entry> affected{};
    std::uint32_t count = 0;
};
using Outcome = std::variant<Refused, Enqueued, Done>;

struct Answered {
    Ask ask;
    Outcome outcome;
    View view{};  ///< after the command
};
struct TrackStarted {
    Entry entry;
    Milliseconds position{};
};
enum class EndCause { finished, skipped, stopped, failed };
struct TrackEnded {
    Entry entry;
    EndCause cause = EndCause::finished;
    std::string detail{};
};
struct QueueChanged {
    std::uint64_t version = 0;
    std::uint32_t length = 0;
};
struct PlaybackPaused {
    Milliseconds position{};
};
struct PlaybackResumed {
    Milliseconds position{};
};
struct VoiceLost {
    std::string reason{};
    std::string detail{};
    base::ChannelId text_channel;
};

using Fact = std::variant<Answered, TrackStarted, TrackEnded, QueueChanged, PlaybackPaused, PlaybackResumed,
                          VoiceLost>;

/// What follows from one input. Save and publish first (in one transaction), then do the effects in order.
struct Decision {
    std::vector<Fact> facts;
    std::vector<Effect> effects;
    bool save = false;
};

}  // namespace bandstand::audio::domain
