#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/assert.hpp"

namespace bandstand::audio_core {

/// A bounded queue between exactly one producer thread and one consumer thread: no locks, no allocation after
/// construction, both sides wait-free.
template <class T>
class SpscRing {  // NOLINT(clang-analyzer-optin.performance.Padding): a cache line for each side
    static_assert(std::is_nothrow_move_assignable_v<T> && std::is_default_constructible_v<T>);

public:
    /// Holds `capacity` items, rounded up to a power of two.
    explicit SpscRing(std::size_t capacity) : slots_(std::bit_ceil(capacity)) { BASE_ASSERT(capacity > 0); }
    SpscRing(const SpscRing&) = delete;
    SpscRing& operator=(const SpscRing&) = delete;

    /// Producer. False if it is full; then `item` is untouched.
    bool push(T&& item) {
        const auto tail = tail_.load(std::memory_order_relaxed);
        if (tail - head_.load(std::memory_order_acquire) == slots_.size()) return false;
        slots_[tail & (slots_.size() - 1)] = std::move(item);
        tail_.store(tail + 1, std::memory_order_release);
        return true;
    }
    bool push(const T& item) { return push(T{item}); }

    /// Consumer. Nothing if it is empty.
    std::optional<T> pop() {
        const auto head = head_.load(std::memory_order_relaxed);
        if (head == tail_.load(std::memory_order_acquire)) return std::nullopt;
        std::optional<T> item{std::move(slots_[head & (slots_.size() - 1)])};
        head_.store(head + 1, std::memory_order_release);
        return item;
    }

    /// A snapshot, exact only on a side that is the only one moving.
    std::size_t size() const {
        const auto head = head_.load(std::memory_order_acquire);
        return tail_.load(std::memory_order_acquire) - head;
    }
    std::size_t capacity() const { return slots_.size(); }

private:
    std::vector<T> slots_;
    // Each side writes its own line: sharing one would bounce it between the cores at every item.
    alignas(64) std::atomic<std::size_t> head_{0};
    alignas(64) std::atomic<std::size_t> tail_{0};
};

}  // namespace bandstand::audio_core
