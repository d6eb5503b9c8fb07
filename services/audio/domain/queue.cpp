#include "domain/queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace bandstand::audio::domain {

Entry* Queue::find(EntryId id) {
    const auto index = index_of(id);
    return index ? &entries_[*index] : nullptr;
}

std::optional<std::size_t> Queue::index_of(EntryId id) const {
    const auto found = std::ranges::find(entries_, id, &Entry::id);
    if (found == entries_.end()) return std::nullopt;
    return static_cast<std::size_t>(std::distance(entries_.begin(), found));
}

void Queue::append(Entry entry) {
    entries_.push_back(std::move(entry));
    ++version_;
}

bool Queue::remove(EntryId id) {
    const auto index = index_of(id);
    if (!index) return false;
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(*index));
    ++version_;
    return true;
}

std::vector<Entry> Queue::take(std::size_t count) {
    const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(std::min(count, entries_.size()));
    std::vector<Entry> taken{std::make_move_iterator(entries_.begin()), std::make_move_iterator(end)};
    if (!taken.empty()) ++version_;
    entries_.erase(entries_.begin(), end);
    return taken;
}

}  // namespace bandstand::audio::domain
