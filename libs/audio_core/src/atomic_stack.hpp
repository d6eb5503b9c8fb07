#pragma once

#include <atomic>

namespace bandstand::audio_core {

/// Hands nodes from one thread to another: any number of pushes, then take_all(). Lock-free, intrusive, so it
/// neither allocates nor overflows. A node is on at most one stack through `Next` at a time.
template <class Node, Node* Node::* Next>
class AtomicStack {
public:
    void push(Node* node) {
        node->*Next = top_.load(std::memory_order_relaxed);
        while (!top_.compare_exchange_weak(node->*Next, node, std::memory_order_release,
                                           std::memory_order_relaxed)) {
        }
    }
    /// Newest first; follow `Next` (read it before the node is handed on).
    Node* take_all() { return top_.exchange(nullptr, std::memory_order_acquire); }

private:
    std::atomic<Node*> top_{nullptr};
};

}  // namespace bandstand::audio_core
