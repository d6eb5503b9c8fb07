// What sounds: entries are resolved, opened, played and ended.

#include <algorithm>
#include <utility>

#include "domain/player.hpp"
#include "domain/reasons.hpp"

namespace bandstand::audio::domain {

void Player::on(const Resolved& found) {
    auto* entry = queue_.find(found.entry);
    if (!entry || entry->resolved) return;  // skipped meanwhile
    entry->source = found.source;
    entry->info = found.info;
    entry->resolved = true;
    touch();
}

void Player::on(const ResolveFailed& failed) {
    const auto* entry = queue_.find(failed.entry);
    if (entry && !entry->resolved) fail_entry(failed.entry, failed.reason, failed.detail);
}

void Player::on(const StreamOpened& opened) {
    auto& stream = next_ && next_->id == opened.stream ? next_ : current_;
    if (!stream || stream->id != opened.stream || stream->opened) return;
    stream->opened = true;
    stream->seekable = opened.seekable;
    act(QueueStream{stream->id});
    // The file knows better than the search or the server's header did.
    auto* entry = queue_.find(stream->entry);
    if (!entry) return;
    if (opened.info.duration) entry->info.duration = opened.info.duration;
    if (entry->info.title.empty()) entry->info.title = opened.info.title;
    if (entry->info.artist.empty()) entry->info.artist = opened.info.artist;
    entry->info.passthrough = opened.info.passthrough;
}

void Player::on(const StreamFailed& failed) {
    auto& stream = next_ && next_->id == failed.stream ? next_ : current_;
    if (!stream || stream->id != failed.stream) return;
    const auto entry = stream->entry;
    close(stream);
    fail_entry(entry, failed.reason, failed.detail + count_failure());
}

// A server whose every file is broken must not be asked for all of the queue. Says so for the track's report.
std::string Player::count_failure() {
    if (++failures_ < settings_.failures_in_a_row || queue_.size() < 2) return {};
    failures_ = 0;
    if (!paused_) publish(PlaybackPaused{});
    paused_ = true;
    return " " + std::to_string(settings_.failures_in_a_row) +
           " tracks failed in a row, so I paused: /resume goes on with the next one.";
}

// Who waits for an answer gets the failure as the answer; else it is news for the text channel.
void Player::fail_entry(EntryId id, std::string_view reason, std::string_view detail) {
    Entry lost = *queue_.find(id);
    if (id == queue_.current()->id) position_ = Milliseconds{0};
    queue_.remove(id);
    if (lost.ask) {
        refuse(*std::exchange(lost.ask, {}), reason, detail);
    } else {
        publish(TrackEnded{std::move(lost), EndCause::failed, std::string{detail}});
    }
}

void Player::on(const StreamStarted& started) {
    if (!current_ || current_->id != started.stream) return;
    current_->started = true;
    auto* entry = queue_.find(current_->entry);
    if (entry->announced) return;
    entry->announced = true;
    publish(TrackStarted{*entry, position_});
}

void Player::on(const StreamReadToEnd& read) {
    if (current_ && current_->id == read.stream) current_->read_to_end = true;
    if (next_ && next_->id == read.stream) next_->read_to_end = true;
}

void Player::on(const StreamDrained& drained) {
    if (!current_ || current_->id != drained.stream) return;
    failures_ = 0;
    current_.reset();
    drop(queue_.take(1), EndCause::finished);
}

void Player::on(const Position& position) {
    if (current_ && current_->id == position.stream) position_ = position.at;
}

// The first of `entries` was the current one.
void Player::drop(std::vector<Entry> entries, EndCause cause) {
    if (entries.empty()) return;
    position_ = Milliseconds{0};
    for (auto& entry : entries) {
        if (!entry.ask) continue;
        refuse(*std::exchange(entry.ask, {}), kRemoved.name,
               "The track was removed from the queue before it was found.");
    }
    publish(TrackEnded{std::move(entries.front()), cause, {}});
}

bool Player::near_end() const {
    if (!current_ || !current_->started) return false;
    if (current_->read_to_end) return true;
    const auto duration = queue_.current()->info.duration;
    return duration && *duration - position_ <= settings_.open_next_before_end;
}

Player::Stream Player::open(const Entry& entry, Milliseconds from) {
    const Stream stream{.id = new_stream(), .entry = entry.id};
    act(OpenStream{stream.id, entry.id, entry.source, from, entry.traceparent});
    return stream;
}

void Player::close(std::optional<Stream>& stream) {
    if (stream) act(CloseStream{stream->id});
    stream.reset();
}

}  // namespace bandstand::audio::domain
