#pragma once

#include <cstdint>
#include <vector>

// Array-based trees, RFC 9420 Appendix C: leaf i stands at index 2i, odd indices are parents. A tree over n
// leaves, n a power of two, has 2n-1 nodes.

namespace bandstand::mls {

enum class NodeIndex : std::uint32_t {};
enum class LeafIndex : std::uint32_t {};

constexpr std::uint32_t value(NodeIndex index) {
    return static_cast<std::uint32_t>(index);
}
constexpr std::uint32_t value(LeafIndex index) {
    return static_cast<std::uint32_t>(index);
}
constexpr NodeIndex node_of(LeafIndex leaf) {
    return NodeIndex{2 * value(leaf)};
}
constexpr bool is_leaf(NodeIndex node) {
    return value(node) % 2 == 0;
}
/// `node` is a leaf.
constexpr LeafIndex leaf_of(NodeIndex node) {
    return LeafIndex{value(node) / 2};
}

unsigned level(NodeIndex node);
NodeIndex root(std::uint32_t leaves);
/// Of a parent node.
NodeIndex left(NodeIndex node);
NodeIndex right(NodeIndex node);
/// Of any node but the root.
NodeIndex parent(NodeIndex node);
NodeIndex sibling(NodeIndex node);
/// From the parent of `node` up to the root; empty for the root.
std::vector<NodeIndex> direct_path(NodeIndex node, std::uint32_t leaves);
bool is_in_subtree(NodeIndex node, NodeIndex top);
/// The lowest node above (or equal to) both.
NodeIndex common_ancestor(NodeIndex a, NodeIndex b);

}  // namespace bandstand::mls
