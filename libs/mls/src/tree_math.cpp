#include "mls/tree_math.hpp"

#include <bit>

#include "base/assert.hpp"

namespace bandstand::mls {

unsigned level(NodeIndex node) {
    return static_cast<unsigned>(std::countr_one(value(node)));
}

NodeIndex root(std::uint32_t leaves) {
    BASE_ASSERT(std::has_single_bit(leaves));
    return NodeIndex{leaves - 1};
}

NodeIndex left(NodeIndex node) {
    const auto height = level(node);
    BASE_ASSERT(height > 0);
    return NodeIndex{value(node) ^ (1U << (height - 1))};
}

NodeIndex right(NodeIndex node) {
    const auto height = level(node);
    BASE_ASSERT(height > 0);
    return NodeIndex{value(node) ^ (3U << (height - 1))};
}

NodeIndex parent(NodeIndex node) {
    const auto height = level(node);
    const auto side = (value(node) >> (height + 1)) & 1U;
    return NodeIndex{(value(node) | (1U << height)) ^ (side << (height + 1))};
}

NodeIndex sibling(NodeIndex node) {
    const auto above = parent(node);
    return node < above ? right(above) : left(above);
}

std::vector<NodeIndex> direct_path(NodeIndex node, std::uint32_t leaves) {
    std::vector<NodeIndex> path;
    for (const auto top = root(leaves); node != top;) {
        node = parent(node);
        path.push_back(node);
    }
    return path;
}

bool is_in_subtree(NodeIndex node, NodeIndex top) {
    const auto span = (1U << level(top)) - 1;  // the subtree's indices are top ± span
    return value(node) + span >= value(top) && value(node) <= value(top) + span;
}

NodeIndex common_ancestor(NodeIndex a, NodeIndex b) {
    while (!is_in_subtree(b, a)) a = parent(a);
    return a;
}

}  // namespace bandstand::mls
