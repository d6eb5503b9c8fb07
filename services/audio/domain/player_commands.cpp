// What members ask for: each request is checked, then changes the player; `reconcile` does what follows from
// it.

#include <algorithm>
#include <string>
#include <utility>

#include "domain/player.hpp"
#include "domain/reasons.hpp"

namespace bandstand::audio::domain {
namespace {

Refused refused(base::Reason reason, std::string detail) {
    return {std::string{reason.name}, std::move(detail)};
}

std::string clock_text(Milliseconds at) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(at).count();
    const auto two = [](std::int64_t value) { return (value < 10 ? "0" : "") + std::to_string(value); };
    const auto minutes = std::to_string(seconds / 60 % 60);
    if (seconds < 3600) return minutes + ":" + two(seconds % 60);
    return std::to_string(seconds / 3600) + ":" + two(seconds / 60 % 60) + ":" + two(seconds % 60);
}

}  // namespace

void Player::on(const Command& command) {
    if (command.ask.reply.text_channel) text_channel_ = command.ask.reply.text_channel;
    auto outcome = std::visit([&](const auto& request) { return run(command, request); }, command.request);
    if (!outcome) return;
    const auto* show = std::get_if<ShowQueue>(&command.request);
    answer(command.ask, std::move(*outcome), show ? show->page : 1);
}

// Who steers the music must be able to hear it.
Player::Check Player::check_channel(const Command& command) const {
    if (!command.voice_channel) return Refusal{kNotInVoice, "Join a voice channel first."};
    if (active() && command.voice_channel != voice_.channel) {
        return Refusal{kOtherChannel, "I am playing in another voice channel. Join me there."};
    }
    return std::nullopt;
}

Player::Check Player::check_start(const Command& command) const {
    if (auto refusal = check_channel(command)) return refusal;
    if (!active() && !command.admitted) {
        return Refusal{kAtCapacity, "All players are busy. Try again in a few minutes."};
    }
    return std::nullopt;
}

Player::Check Player::check_listening(const Command& command) const {
    if (queue_.empty()) return Refusal{kNothingPlaying, "Nothing is playing."};
    return check_channel(command);
}

std::optional<Outcome> Player::run(const Command& command, const Join&) {
    const bool deserted = voice_.phase == Voice::Phase::connected && voice_.listeners == 0U;
    if (deserted && command.voice_channel && command.voice_channel != voice_.channel) leave();
    if (const auto refusal = check_start(command)) return refused(refusal->reason, refusal->detail);
    if (voice_.phase == Voice::Phase::connected) return Done{};
    plan_voice(command);
    if (voice_.phase == Voice::Phase::planned) join();
    waiting_for_voice_.push_back(command.ask);
    touch();
    return std::nullopt;
}

std::optional<Outcome> Player::run(const Command& command, const Leave&) {
    if (!active()) return refused(kNotConnected, "I am not in a voice channel.");
    if (const auto refusal = check_channel(command)) return refused(refusal->reason, refusal->detail);
    leave();
    return Done{};
}

std::optional<Outcome> Player::run(const Command& command, const Play& play) {
    if (const auto refusal = check_start(command)) return refused(refusal->reason, refusal->detail);
    if (queue_.size() >= settings_.queue_limit) {
        return refused(kQueueFull, "The queue is full (" + std::to_string(settings_.queue_limit) +
                                       " tracks). Wait for one to end or skip some.");
    }
    plan_voice(command);
    Entry entry{.id = next_entry_,
                .source = play.source,
                .requester = command.requester,
                .text_channel = command.ask.reply.text_channel,
                .traceparent = command.ask.traceparent,
                .ask = command.ask};
    next_entry_ = EntryId{next_entry_.value() + 1};
    act(Resolve{entry.id, entry.source, entry.traceparent});
    queue_.append(std::move(entry));
    return std::nullopt;
}

std::optional<Outcome> Player::run(const Command& command, const Pause&) {
    if (const auto refusal = check_listening(command)) return refused(refusal->reason, refusal->detail);
    if (paused_) return refused(kAlreadyPaused, "The music is paused already.");
    paused_ = true;
    publish(PlaybackPaused{position_});
    return Done{*queue_.current(), 0};
}

std::optional<Outcome> Player::run(const Command& command, const Resume&) {
    if (queue_.empty()) return refused(kNothingPlaying, "Nothing is playing.");
    if (const auto refusal = check_start(command)) return refused(refusal->reason, refusal->detail);
    if (active() && !paused_ && !paused_alone_) return refused(kNotPaused, "The music is not paused.");
    plan_voice(command);
    paused_ = paused_alone_ = false;
    failures_ = 0;
    publish(PlaybackResumed{position_});
    if (voice_.phase == Voice::Phase::connected) return Done{*queue_.current(), 0};
    waiting_for_voice_.push_back(command.ask);
    return std::nullopt;
}

std::optional<Outcome> Player::run(const Command& command, const TogglePause&) {
    const bool silent = paused_ || paused_alone_ || !active();
    return silent ? run(command, Resume{}) : run(command, Pause{});
}

std::optional<Outcome> Player::run(const Command& command, const Skip& skip) {
    if (const auto refusal = check_listening(command)) return refused(refusal->reason, refusal->detail);
    if (skip.only && skip.only != queue_.current()->id) {
        return refused(kTrackGone, "That track is no longer playing.");
    }
    auto skipped = queue_.take(std::max(skip.count, 1U));
    Done done{skipped.front(), static_cast<std::uint32_t>(skipped.size())};
    failures_ = 0;
    drop(std::move(skipped), EndCause::skipped);
    return done;
}

std::optional<Outcome> Player::run(const Command& command, const Stop&) {
    if (queue_.empty() && !active()) return refused(kNothingPlaying, "Nothing is playing.");
    if (const auto refusal = check_channel(command)) return refused(refusal->reason, refusal->detail);
    auto stopped = queue_.take(queue_.size());
    Done done{{}, static_cast<std::uint32_t>(stopped.size())};
    if (!stopped.empty()) done.affected = stopped.front();
    drop(std::move(stopped), EndCause::stopped);
    if (active()) leave();
    return done;
}

std::optional<Outcome> Player::run(const Command&, const ShowQueue& show) {
    const auto upcoming = queue_.empty() ? 0 : queue_.size() - 1;
    const auto pages = std::max<std::size_t>((upcoming + kQueuePageSize - 1) / kQueuePageSize, 1);
    if (show.page > pages) {
        return refused(kNoSuchPage,
                       "The queue has " + std::to_string(pages) + (pages == 1 ? " page." : " pages."));
    }
    return Done{};
}

std::optional<Outcome> Player::run(const Command&, const ShowNowPlaying&) {
    if (queue_.empty()) return refused(kNothingPlaying, "Nothing is playing.");
    return Done{*queue_.current(), 0};
}

std::optional<Outcome> Player::run(const Command& command, const Seek& seek) {
    if (const auto refusal = check_listening(command)) return refused(refusal->reason, refusal->detail);
    const auto& info = queue_.current()->info;
    if (current_ && current_->opened && !current_->seekable) {
        return refused(kNotSeekable,
                       "This track cannot be wound: its server sends it only from start to end.");
    }
    // Bounded first: a sum of hostile numbers must not overflow.
    constexpr Milliseconds kLongest = std::chrono::hours{24 * 365};
    auto target = std::clamp(seek.position, -kLongest, kLongest);
    if (seek.relative) target = std::max(position_ + target, Milliseconds{0});
    if (target < Milliseconds{0} || target > info.duration.value_or(kLongest)) {
        return refused(kSeekOutOfRange, info.duration
                                            ? "The track is " + clock_text(*info.duration) + " long."
                                            : std::string{"There is no such position in the track."});
    }
    position_ = target;
    touch();
    if (current_ && current_->opened) {
        const auto old = std::exchange(current_->id, new_stream());
        current_->read_to_end = false;
        act(SeekStream{old, current_->id, target});
    } else {
        close(current_);  // opened again where it shall begin
    }
    return Done{*queue_.current(), 0};
}

std::optional<Outcome> Player::run(const Command& command, const SetVolume& volume) {
    if (!volume.percent) return Done{};
    if (*volume.percent > kMaxVolumePercent) {
        return refused(kVolumeOutOfRange,
                       "The volume goes from 0 to " + std::to_string(kMaxVolumePercent) + " %.");
    }
    if (const auto refusal = check_channel(command)) return refused(refusal->reason, refusal->detail);
    volume_percent_ = *volume.percent;
    touch();
    act(ApplyVolume{volume_percent_});
    return Done{};
}

}  // namespace bandstand::audio::domain
