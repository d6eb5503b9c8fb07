// Where the player is heard: the channel it wants, the connection it has, and who is there to listen.

#include <algorithm>
#include <utility>

#include "domain/player.hpp"
#include "domain/reasons.hpp"

namespace bandstand::audio::domain {

void Player::plan_voice(const Command& command) {
    if (active()) return;
    voice_ = {.phase = Voice::Phase::planned,
              .channel = command.voice_channel,
              .bitrate = command.voice_channel_bitrate};
    paused_alone_ = false;
    touch();
}

void Player::join() {
    voice_.phase = Voice::Phase::joining;
    voice_.accepted = false;
    voice_.deadline = now_ + settings_.join_timeout;
    touch();
    act(OpenVoice{voice_.channel, voice_.bitrate});
}

// The queue stays: whoever calls the bot back goes on where it was.
void Player::leave() {
    const bool joined = voice_.phase != Voice::Phase::planned;
    voice_ = {};
    paused_alone_ = false;
    touch();
    if (joined) {
        act(CloseVoice{});
        act(RequestLeave{});
    }
    refuse_waiting(kNotConnected.name, "I was asked to leave before I had arrived.");
}

void Player::lose_voice(std::string_view reason, std::string_view detail) {
    if (!active()) return;
    const bool answered = voice_.phase == Voice::Phase::joining && !waiting_for_voice_.empty();
    voice_ = {};
    paused_alone_ = false;
    touch();
    act(CloseVoice{});
    refuse_waiting(reason, detail);
    if (!answered) publish(VoiceLost{std::string{reason}, std::string{detail}, text_channel_});
}

void Player::refuse_waiting(std::string_view reason, std::string_view detail) {
    for (auto& ask : std::exchange(waiting_for_voice_, {})) refuse(std::move(ask), reason, detail);
}

void Player::on(const OwnVoiceState& state) {
    const bool connected =
        voice_.phase == Voice::Phase::connected || voice_.phase == Voice::Phase::recovering;
    if (!connected && voice_.phase != Voice::Phase::joining) return;
    if (!state.channel) {
        // While joining this is the echo of an earlier leave.
        if (connected) lose_voice(kVoiceKicked.name, "Somebody disconnected me from the voice channel.");
        return;
    }
    if (state.channel != voice_.channel) {  // a moderator moved us
        voice_.channel = state.channel;
        voice_.listeners.reset();
        touch();
    }
    act(ForwardVoiceState{state});
}

void Player::on(const VoiceServer& server) {
    if (voice_.phase == Voice::Phase::none || voice_.phase == Voice::Phase::planned) return;
    act(ForwardVoiceServer{server});
}

void Player::on(const Occupancy& occupancy) {
    if (!active() || occupancy.channel != voice_.channel) return;
    voice_.listeners = occupancy.listeners;
    const bool alone = occupancy.listeners == 0;
    if (alone == paused_alone_) return;
    paused_alone_ = alone;
    if (queue_.empty() || paused_) return;
    if (alone) {
        publish(PlaybackPaused{position_});
    } else {
        publish(PlaybackResumed{position_});
    }
}

void Player::on(const GuildUnavailable& gone) {
    if (!gone.removed) return;  // an outage: the voice connection reports for itself
    drop(queue_.take(queue_.size()), EndCause::stopped);
    refuse_waiting(kGuildGone.name, "I was removed from the server.");
    if (active()) act(CloseVoice{});
    voice_ = {};
    act(Forget{});
    touch();
}

void Player::on(const JoinAccepted&) {
    if (voice_.phase == Voice::Phase::joining) voice_.accepted = true;
}

void Player::on(const JoinRefused& refused) {
    if (voice_.phase != Voice::Phase::joining && voice_.phase != Voice::Phase::recovering) return;
    const auto owed = voice_.phase == Voice::Phase::joining ? owed_entries() : std::vector<EntryId>{};
    if (owed.empty()) return lose_voice(refused.reason, refused.detail);
    // Whoever still waits for an answer gets this one, and their tracks do not stay behind.
    for (const auto id : owed) fail_entry(id, refused.reason, refused.detail);
    refuse_waiting(refused.reason, refused.detail);
    voice_ = {};
    act(CloseVoice{});
}

std::vector<EntryId> Player::owed_entries() const {
    std::vector<EntryId> owed;
    for (const auto& entry : queue_.entries()) {
        if (entry.ask) owed.push_back(entry.id);
    }
    return owed;
}

void Player::on(const VoiceReady&) {
    if (voice_.phase != Voice::Phase::joining && voice_.phase != Voice::Phase::recovering) return;
    voice_.phase = Voice::Phase::connected;
    voice_.accepted = true;
    touch();
    for (auto& ask : std::exchange(waiting_for_voice_, {})) {
        answer(std::move(ask), Done{queue_.empty() ? std::nullopt : std::optional{*queue_.current()}, 0});
    }
}

void Player::on(const VoiceInterrupted&) {
    if (voice_.phase != Voice::Phase::connected) return;
    voice_.phase = Voice::Phase::recovering;
    voice_.deadline = now_ + settings_.recover_timeout;
}

void Player::on(const JoinWanted&) {
    if (voice_.phase == Voice::Phase::none || voice_.phase == Voice::Phase::planned) return;
    if (voice_.phase == Voice::Phase::connected) on(VoiceInterrupted{});
    act(RequestJoin{voice_.channel});
}

void Player::on(const VoiceGaveUp& gave_up) {
    if (voice_.phase == Voice::Phase::none || voice_.phase == Voice::Phase::planned) return;
    lose_voice(gave_up.reason, gave_up.detail);
    act(RequestLeave{});
}

// The former owner's voice session is gone with it; Discord tells a new one only to who leaves and comes
// back.
void Player::on(const Restored&) {
    act(ApplyVolume{volume_percent_});
    for (const auto& entry : queue_.entries()) {
        if (!entry.resolved) act(Resolve{entry.id, entry.source, entry.traceparent});
    }
    if (!voice_.channel) return;
    act(RequestLeave{});
    join();
}

void Player::on(const Tick&) {
    const auto overdue = [this](base::Instant at) { return now_ >= at; };
    const bool waiting = voice_.phase == Voice::Phase::joining || voice_.phase == Voice::Phase::recovering;
    if (waiting && overdue(voice_.deadline)) {
        lose_voice(kVoiceNoAnswer.name,
                   "Discord did not let me into the voice channel. Is it full, or am I not allowed to join?");
        act(RequestLeave{});
    } else if (alone_since_ && overdue(*alone_since_ + settings_.leave_when_alone)) {
        lose_voice(kLeftAlone.name, "I left because nobody was listening. The queue is kept.");
        act(RequestLeave{});
    } else if (idle_since_ && overdue(*idle_since_ + settings_.leave_when_idle)) {
        lose_voice(kLeftIdle.name, "I left because nothing was queued.");
        act(RequestLeave{});
    }
}

}  // namespace bandstand::audio::domain
