#include "mls/ratchet_tree.hpp"

#include <algorithm>
#include <set>

#include "base/assert.hpp"

namespace bandstand::mls {
namespace {

using base::Bytes;
using base::ErrorKind;

constexpr std::uint8_t kLeafType = 1;
constexpr std::uint8_t kParentType = 2;
constexpr std::uint16_t kBasicCredential = 1;
constexpr std::uint16_t kLastDefaultExtension = 5;

std::unexpected<base::Error> bad_tree(std::string_view why) {
    return base::fail(ErrorKind::invalid_argument, kBadTree, why);
}

std::uint32_t subtree_first_leaf(NodeIndex top) {
    return (value(top) + 1 - (1U << level(top))) / 2;
}

bool contains(const std::vector<std::uint16_t>& list, std::uint16_t wanted) {
    return std::ranges::find(list, wanted) != list.end();
}

}  // namespace

base::Result<RatchetTree> RatchetTree::parse(base::ByteView extension, std::uint32_t max_leaves) {
    Reader outer{extension};
    Reader in{outer.vector()};
    if (!outer.done()) return base::fail(ErrorKind::invalid_argument, kMalformed, "ratchet_tree");
    std::vector<std::optional<Node>> nodes;
    while (in.ok() && !in.empty()) {
        const bool leaf_place = nodes.size() % 2 == 0;
        auto& node = nodes.emplace_back();
        if (nodes.size() > 2 * std::size_t{max_leaves})
            return bad_tree("more leaves than this group may have");
        if (!in.present()) continue;
        const auto type = in.u8();
        if (type != (leaf_place ? kLeafType : kParentType)) return bad_tree("a node of the wrong type");
        if (leaf_place) {
            node = LeafNode::decode(in);
        } else {
            node = ParentNode::decode(in);
        }
    }
    if (!in.ok()) return base::fail(ErrorKind::invalid_argument, in.failure(), "ratchet_tree");
    if (nodes.empty() || !nodes.back()) return bad_tree("the last node is blank");
    RatchetTree tree;
    std::uint32_t leaves = 1;
    while (2 * std::size_t{leaves} - 1 < nodes.size()) leaves *= 2;
    tree.nodes_ = std::move(nodes);
    tree.resize(leaves);
    return tree;
}

Bytes RatchetTree::serialize() const {
    auto count = nodes_.size();
    while (count > 0 && !nodes_[count - 1]) --count;
    Writer out;
    out.vector_of([this, count](Writer& inner) {
        for (std::size_t i = 0; i < count; ++i) {
            inner.u8(nodes_[i] ? 1 : 0);
            if (!nodes_[i]) continue;
            inner.u8(i % 2 == 0 ? kLeafType : kParentType);
            std::visit([&inner](const auto& node) { node.encode(inner); }, *nodes_[i]);
        }
    });
    return std::move(out).take();
}

const LeafNode* RatchetTree::leaf(LeafIndex index) const {
    const auto at = value(node_of(index));
    if (value(index) >= leaf_count() || !nodes_[at]) return nullptr;
    return &std::get<LeafNode>(*nodes_[at]);
}

const ParentNode* RatchetTree::parent(NodeIndex index) const {
    const auto& found = nodes_[value(index)];
    return found ? &std::get<ParentNode>(*found) : nullptr;
}

base::ByteView RatchetTree::encryption_key(NodeIndex index) const {
    const auto& found = nodes_[value(index)];
    BASE_ASSERT(found.has_value());
    return std::visit([](const auto& node) -> base::ByteView { return node.encryption_key; }, *found);
}

std::vector<LeafIndex> RatchetTree::members() const {
    std::vector<LeafIndex> found;
    for (std::uint32_t i = 0; i < leaf_count(); ++i) {
        if (leaf(LeafIndex{i}) != nullptr) found.push_back(LeafIndex{i});
    }
    return found;
}

LeafIndex RatchetTree::add(LeafNode leaf_node) {
    std::uint32_t place = 0;
    while (place < leaf_count() && nodes_[2 * std::size_t{place}]) ++place;
    if (place == leaf_count()) resize(2 * leaf_count());
    const LeafIndex index{place};
    nodes_[value(node_of(index))] = std::move(leaf_node);
    for (const auto above : direct_path(node_of(index), leaf_count())) {
        auto& found = nodes_[value(above)];
        if (!found) continue;
        auto& unmerged = std::get<ParentNode>(*found).unmerged_leaves;
        unmerged.insert(std::ranges::upper_bound(unmerged, place), place);
    }
    return index;
}

void RatchetTree::remove(LeafIndex index) {
    nodes_[value(node_of(index))].reset();
    blank_direct_path(index);
    const auto right_half_blank = [this] {
        const auto half = nodes_.begin() + static_cast<std::ptrdiff_t>(nodes_.size() / 2 + 1);
        return std::all_of(half, nodes_.end(), [](const auto& node) { return !node.has_value(); });
    };
    while (leaf_count() > 1 && right_half_blank()) resize(leaf_count() / 2);
}

void RatchetTree::set_leaf(LeafIndex index, LeafNode leaf_node) {
    nodes_[value(node_of(index))] = std::move(leaf_node);
}
void RatchetTree::set_parent(NodeIndex index, ParentNode parent_node) {
    nodes_[value(index)] = std::move(parent_node);
}

void RatchetTree::blank_direct_path(LeafIndex index) {
    for (const auto above : direct_path(node_of(index), leaf_count())) nodes_[value(above)].reset();
}

std::vector<NodeIndex> RatchetTree::resolution(NodeIndex index) const {
    if (nodes_[value(index)]) {
        std::vector<NodeIndex> found{index};
        if (!is_leaf(index)) {
            for (const auto each : parent(index)->unmerged_leaves) found.push_back(node_of(LeafIndex{each}));
        }
        return found;
    }
    if (is_leaf(index)) return {};
    auto found = resolution(left(index));
    const auto more = resolution(right(index));
    found.insert(found.end(), more.begin(), more.end());
    return found;
}

NodeIndex RatchetTree::copath_child(NodeIndex node, LeafIndex leaf) {
    return is_in_subtree(node_of(leaf), left(node)) ? right(node) : left(node);
}

std::vector<NodeIndex> RatchetTree::filtered_direct_path(LeafIndex index) const {
    auto path = direct_path(node_of(index), leaf_count());
    std::erase_if(path, [&](NodeIndex above) { return resolution(copath_child(above, index)).empty(); });
    return path;
}

// The tree hash with some leaves blanked and struck from every unmerged list; with none left out, the tree
// hash.
Bytes RatchetTree::hash_without(NodeIndex index, const std::vector<std::uint32_t>& left_out) const {
    const auto struck = [&left_out](std::uint32_t leaf) {
        return std::ranges::binary_search(left_out, leaf);
    };
    Writer out;
    if (is_leaf(index)) {
        const auto at = value(leaf_of(index));
        const auto* found = struck(at) ? nullptr : leaf(leaf_of(index));
        out.u8(kLeafType);
        out.u32(at);
        out.u8(found != nullptr ? 1 : 0);
        if (found != nullptr) found->encode(out);
    } else {
        const auto* found = parent(index);
        out.u8(kParentType);
        out.u8(found != nullptr ? 1 : 0);
        if (found != nullptr) {
            auto kept = *found;
            std::erase_if(kept.unmerged_leaves, struck);
            kept.encode(out);
        }
        out.vector(hash_without(left(index), left_out));
        out.vector(hash_without(right(index), left_out));
    }
    return sha256(out.bytes());
}

Bytes RatchetTree::tree_hash(NodeIndex index) const {
    return hash_without(index, {});
}

Bytes RatchetTree::parent_hash(NodeIndex index, NodeIndex copath_child) const {
    const auto* node = parent(index);
    BASE_ASSERT(node != nullptr);
    Writer out;
    out.vector(node->encryption_key);
    out.vector(node->parent_hash);
    out.vector(hash_without(copath_child, node->unmerged_leaves));
    return sha256(out.bytes());
}

Bytes RatchetTree::leaf_parent_hash(LeafIndex index) const {
    const auto path = filtered_direct_path(index);
    if (path.empty()) return {};
    return parent_hash(path.front(), copath_child(path.front(), index));
}

base::Result<void> RatchetTree::validate_unmerged(NodeIndex index) const {
    const auto first = subtree_first_leaf(index);
    for (const auto each : parent(index)->unmerged_leaves) {
        const bool below = each >= first && each < first + (1U << level(index));
        if (!below || leaf(LeafIndex{each}) == nullptr)
            return bad_tree("an unmerged leaf that is not below its parent");
        // Every non-blank node between the two must list it as well (§7.9.2 counts on it).
        for (auto at = mls::parent(node_of(LeafIndex{each})); at != index; at = mls::parent(at)) {
            const auto* between = parent(at);
            if (between != nullptr &&
                std::ranges::find(between->unmerged_leaves, each) == between->unmerged_leaves.end()) {
                return bad_tree("an unmerged leaf that a node below does not list");
            }
        }
    }
    return base::ok();
}

// §7.9.2: exactly one node D, in the resolution of a child C of P, was set together with P: it carries P's
// hash, and whatever else C resolves to came later, so P lists it as unmerged.
base::Result<void> RatchetTree::validate_parent(NodeIndex index) const {
    int links = 0;
    for (const auto child : {left(index), right(index)}) {
        const auto other = child == left(index) ? right(index) : left(index);
        const auto wanted = parent_hash(index, other);
        const auto resolved = resolution(child);
        std::vector<NodeIndex> unmerged_below;
        for (const auto each : parent(index)->unmerged_leaves) {
            const auto at = node_of(LeafIndex{each});
            if (is_in_subtree(at, child)) unmerged_below.push_back(at);
        }
        for (const auto candidate : resolved) {
            const auto* carried =
                is_leaf(candidate) ? &leaf(leaf_of(candidate))->parent_hash : &parent(candidate)->parent_hash;
            if (*carried != wanted) continue;
            auto others = resolved;
            std::erase(others, candidate);
            std::ranges::sort(others);
            if (others == unmerged_below) ++links;
        }
    }
    return links == 1 ? base::ok() : base::Result<void>{bad_tree("a parent hash that nothing below carries")};
}

base::Result<void> RatchetTree::validate(base::ByteView group_id) const {
    std::set<Bytes> encryption_keys;
    std::set<Bytes> signature_keys;
    for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
        const NodeIndex index{i};
        if (!nodes_[i]) continue;
        const auto key = encryption_key(index);
        if (!encryption_keys.emplace(key.begin(), key.end()).second)
            return bad_tree("an encryption key twice");
        if (is_leaf(index)) {
            const auto& found = *leaf(leaf_of(index));
            if (!signature_keys.insert(found.signature_key).second) return bad_tree("a signature key twice");
            if (auto fine = validate_leaf(found, group_id, leaf_of(index)); !fine) return fine;
            continue;
        }
        if (auto fine = check_public_key(key); !fine) return fine;
        if (auto fine = validate_unmerged(index); !fine) return fine;
        if (auto fine = validate_parent(index); !fine) return fine;
    }
    return base::ok();
}

base::Result<void> validate_leaf(const LeafNode& leaf, base::ByteView group_id, LeafIndex index) {
    const auto& can = leaf.capabilities;
    if (!contains(can.versions, kVersion) || !contains(can.cipher_suites, kCipherSuite) ||
        !contains(can.credentials, kBasicCredential)) {
        return bad_tree("a leaf that does not support the group's version, suite or credential");
    }
    for (const auto& extension : leaf.extensions) {
        if (extension.type > kLastDefaultExtension && !contains(can.extensions, extension.type)) {
            return bad_tree("a leaf extension that its capabilities do not list");
        }
    }
    if (auto fine = check_public_key(leaf.encryption_key); !fine) return fine;
    return verify_with_label(leaf.signature_key, "LeafNodeTBS", leaf.to_be_signed(group_id, index),
                             leaf.signature);
}

}  // namespace bandstand::mls
