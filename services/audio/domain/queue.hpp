#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/command.hpp"
#include "domain/track.hpp"

namespace bandstand::audio::domain {

/// One wish of one member.
struct Entry {
    EntryId id;
    Source source{};
    TrackInfo info{};
    base::UserId requester;
    base::ChannelId text_channel;  ///< where it was asked for: a failure is reported there
    std::string traceparent{};     ///< of the command, so that its first packet belongs to its trace
    bool resolved = false;         ///< found: may be played
    bool announced = false;        ///< TrackStarted was published
    std::optional<Ask> ask{};      ///< the answer that is still owed
    friend bool operator==(const Entry&, const Entry&) = default;
};

/// The entries of a player in playing order. The first one is the current one, the rest is upcoming.
/// Every change counts the version up.
class Queue {
public:
    Queue() = default;
    Queue(std::deque<Entry> entries, std::uint64_t version)
        : entries_{std::move(entries)}, version_{version} {}

    bool empty() const { return entries_.empty(); }
    std::size_t size() const { return entries_.size(); }
    std::uint64_t version() const { return version_; }
    const std::deque<Entry>& entries() const { return entries_; }
    const Entry* current() const { return entries_.empty() ? nullptr : &entries_.front(); }
    const Entry* next() const { return entries_.size() < 2 ? nullptr : &entries_[1]; }
    /// Counts nothing up: what a person sees of the queue is its order, not what we learn about an entry.
    Entry* find(EntryId id);
    /// 0 = current; nothing when absent.
    std::optional<std::size_t> index_of(EntryId id) const;

    void append(Entry entry);
    /// False when there is no such entry.
    bool remove(EntryId id);
    /// Takes the first `count` entries (or as many as there are).
    std::vector<Entry> take(std::size_t count);

private:
    std::deque<Entry> entries_;
    std::uint64_t version_ = 0;
};

}  // namespace bandstand::audio::domain
