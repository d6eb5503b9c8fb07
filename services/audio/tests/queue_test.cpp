#include "domain/queue.hpp"

#include <gtest/gtest.h>

namespace bandstand::audio::domain {
namespace {

Entry entry(int id) {
    Entry entry;
    entry.id = EntryId{static_cast<std::uint64_t>(id)};
    return entry;
}

Queue queue_of(int count) {
    Queue queue;
    for (int i = 1; i <= count; ++i) queue.append(entry(i));
    return queue;
}

TEST(Queue, TheFirstEntryIsTheCurrentOneAndTheSecondTheNext) {
    EXPECT_EQ(queue_of(0).current(), nullptr);
    EXPECT_EQ(queue_of(1).next(), nullptr);
    EXPECT_EQ(queue_of(2).current()->id, EntryId{1});
    EXPECT_EQ(queue_of(2).next()->id, EntryId{2});
}

TEST(Queue, EveryChangeCountsTheVersionUpAndNothingElseDoes) {
    auto queue = queue_of(3);
    const auto version = queue.version();
    EXPECT_FALSE(queue.remove(EntryId{9}));
    EXPECT_TRUE(queue.take(0).empty());
    EXPECT_EQ(queue.version(), version);
    EXPECT_TRUE(queue.remove(EntryId{2}));
    EXPECT_EQ(queue.version(), version + 1);
    EXPECT_EQ(queue.take(5).size(), 2U);
    EXPECT_EQ(queue.version(), version + 2);
}

TEST(Queue, RemovalKeepsTheOrderOfTheRest) {
    auto queue = queue_of(4);
    queue.remove(EntryId{2});
    EXPECT_EQ(queue.index_of(EntryId{3}), 1U);
    EXPECT_EQ(queue.index_of(EntryId{4}), 2U);
    EXPECT_EQ(queue.index_of(EntryId{2}), std::nullopt);
}

}  // namespace
}  // namespace bandstand::audio::domain
