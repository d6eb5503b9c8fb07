#include "domain/player.hpp"

#include <algorithm>
#include <utility>

#include "domain/reasons.hpp"

namespace bandstand::audio::domain {

Player::Player(PlayerSettings settings, EntryId first_entry)
    : settings_{settings}, next_entry_{first_entry} {}

Player::Player(PlayerSettings settings, Snapshot snapshot)
    : settings_{settings},
      queue_{std::move(snapshot.entries), snapshot.queue_version},
      next_entry_{snapshot.next_entry},
      position_{snapshot.position},
      volume_percent_{snapshot.volume_percent},
      paused_{snapshot.paused},
      text_channel_{snapshot.text_channel},
      waiting_for_voice_{std::move(snapshot.waiting_for_voice)} {
    voice_.channel = snapshot.voice_channel;
    voice_.bitrate = snapshot.bitrate;
}

Decision Player::handle(const Input& input, base::Instant now) {
    now_ = now;
    const auto version = queue_.version();
    std::visit([this](const auto& event) { on(event); }, input);
    reconcile();
    if (queue_.version() != version) {
        publish(QueueChanged{queue_.version(), static_cast<std::uint32_t>(queue_.size())});
    }
    answers_first();
    return std::exchange(out_, {});
}

// A person waits for the answer; the rest is news. Facts are published in this order.
void Player::answers_first() {
    std::vector<Fact> ordered;
    for (auto& fact : out_.facts) {
        auto* answered = std::get_if<Answered>(&fact);
        if (!answered) continue;
        answered->view = view(answered->view.page);  // only now: it shows all that the command caused
        ordered.push_back(std::move(fact));
    }
    for (auto& fact : out_.facts) {
        // A moved-from answer is still an answer.
        if (!std::holds_alternative<Answered>(fact)) ordered.push_back(std::move(fact));
    }
    out_.facts = std::move(ordered);
}

std::optional<base::Instant> Player::deadline() const {
    std::optional<base::Instant> first;
    const auto consider = [&first](base::Instant at) { first = first ? std::min(*first, at) : at; };
    if (voice_.phase == Voice::Phase::joining || voice_.phase == Voice::Phase::recovering)
        consider(voice_.deadline);
    if (idle_since_) consider(*idle_since_ + settings_.leave_when_idle);
    if (alone_since_) consider(*alone_since_ + settings_.leave_when_alone);
    return first;
}

Snapshot Player::snapshot() const {
    return {.entries = queue_.entries(),
            .queue_version = queue_.version(),
            .next_entry = next_entry_,
            .position = position_,
            .volume_percent = volume_percent_,
            .paused = paused_,
            .voice_channel = voice_.channel,
            .bitrate = voice_.bitrate,
            .text_channel = text_channel_,
            .waiting_for_voice = waiting_for_voice_};
}

View Player::view(std::uint32_t page) const {
    View view;
    view.volume_percent = volume_percent_;
    view.voice_channel = voice_.channel;
    view.page = std::max(page, 1U);
    if (queue_.empty()) return view;
    view.current = *queue_.current();
    view.position = position_;
    const bool sounding = voice_.phase == Voice::Phase::connected && current_ && current_->started;
    const bool silent = paused_ || paused_alone_ || voice_.phase == Voice::Phase::none;
    view.state = silent ? PlayerState::paused : sounding ? PlayerState::playing : PlayerState::connecting;
    const auto& entries = queue_.entries();
    view.upcoming_total = static_cast<std::uint32_t>(entries.size() - 1);
    for (std::size_t i = 1; i < entries.size(); ++i) {
        view.upcoming_duration += entries[i].info.duration.value_or(Milliseconds{0});
        if ((i - 1) / kQueuePageSize + 1 == view.page) view.upcoming.push_back(entries[i]);
    }
    return view;
}

std::optional<StreamId> Player::current_stream() const {
    return current_ ? std::optional{current_->id} : std::nullopt;
}

void Player::reconcile() {
    settle_voice();
    settle_streams();
    settle_sound();
    settle_answers();
    settle_idle();
}

// A planned join waits until something can be played: nobody wants a bot that comes in to say "not found".
void Player::settle_voice() {
    if (voice_.phase != Voice::Phase::planned) return;
    if (queue_.empty()) {
        voice_ = {};
        touch();
        refuse_waiting(kNothingPlaying.name, "The track could not be found.");
    } else if (queue_.current()->resolved) {
        join();
    }
}

void Player::settle_streams() {
    const auto* entry = queue_.current();
    const auto* following = queue_.next();
    const bool wanted = voice_.phase != Voice::Phase::none && voice_.phase != Voice::Phase::planned;
    if (current_ && (!wanted || !entry || current_->entry != entry->id)) close(current_);
    if (!current_ && next_ && wanted && entry && next_->entry == entry->id)
        current_ = std::exchange(next_, {});
    if (next_ && (!wanted || !following || next_->entry != following->id || !near_end())) close(next_);
    if (!wanted || !entry || !entry->resolved) return;
    if (!current_) current_ = open(*entry, position_);
    if (!next_ && following && following->resolved && near_end()) next_ = open(*following, Milliseconds{0});
}

void Player::settle_sound() {
    const bool silent = !queue_.empty() && (paused_ || paused_alone_);
    if (queue_.empty() && paused_) {  // what is queued next shall play
        paused_ = false;
        touch();
    }
    if (silent == sound_paused_) return;
    sound_paused_ = silent;
    if (silent) {
        act(PauseSound{});
    } else {
        act(ResumeSound{});
    }
}

bool Player::may_answer_play() const {
    switch (voice_.phase) {
        case Voice::Phase::planned:
            return false;
        case Voice::Phase::joining:
            return voice_.accepted;
        case Voice::Phase::none:
        case Voice::Phase::connected:
        case Voice::Phase::recovering:
            return true;
    }
    return true;
}

// "Queued" is a promise: the track was found, and the channel can be joined as far as the gateway knows.
void Player::settle_answers() {
    if (!may_answer_play()) return;
    Milliseconds wait{0};
    std::uint32_t index = 0;
    for (const auto& held : queue_.entries()) {
        if (held.ask && held.resolved) {
            auto* entry = queue_.find(held.id);
            auto ask = *std::exchange(entry->ask, {});
            answer(std::move(ask), Enqueued{*entry, index, wait});
        }
        const auto played = index == 0 ? position_ : Milliseconds{0};
        wait += std::max(held.info.duration.value_or(played) - played, Milliseconds{0});
        ++index;
    }
}

void Player::settle_idle() {
    const bool connected = voice_.phase == Voice::Phase::connected;
    const bool idle = connected && queue_.empty();
    const bool alone = connected && voice_.listeners == 0U;
    if (!idle) idle_since_.reset();
    if (!alone) alone_since_.reset();
    if (idle && !idle_since_) idle_since_ = now_;
    if (alone && !alone_since_) alone_since_ = now_;
}

void Player::answer(Ask ask, Outcome outcome, std::uint32_t page) {
    Answered answered{std::move(ask), std::move(outcome)};
    answered.view.page = page;
    publish(std::move(answered));
}

void Player::refuse(Ask ask, std::string_view reason, std::string_view detail) {
    answer(std::move(ask), Refused{std::string{reason}, std::string{detail}});
}

void Player::publish(Fact fact) {
    out_.facts.push_back(std::move(fact));
    out_.save = true;
}

void Player::act(Effect effect) {
    out_.effects.push_back(std::move(effect));
}

StreamId Player::new_stream() {
    return StreamId{++last_stream_};
}

}  // namespace bandstand::audio::domain
