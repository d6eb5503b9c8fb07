#pragma once

#include <map>
#include <optional>
#include <variant>
#include <vector>

#include "mls/types.hpp"

namespace bandstand::mls {

constexpr base::Reason kBadTree{"mls.bad_tree"};

/// The public half of TreeKEM's ratchet tree (RFC 9420 §4.1, §7): who is in the group and which keys they
/// hold.
class RatchetTree {
public:
    using Node = std::variant<LeafNode, ParentNode>;

    RatchetTree() = default;  ///< one blank leaf
    /// The `ratchet_tree` extension (§12.4.3.3). Errors: kMalformed, kUnsupported, kBadTree (types in wrong
    /// places, a blank last node, more leaves than `max_leaves`). Does not validate keys or hashes: see
    /// validate().
    static base::Result<RatchetTree> parse(base::ByteView extension, std::uint32_t max_leaves);
    base::Bytes serialize() const;

    std::uint32_t leaf_count() const { return static_cast<std::uint32_t>((nodes_.size() + 1) / 2); }
    NodeIndex root() const { return mls::root(leaf_count()); }
    const std::optional<Node>& node(NodeIndex index) const { return nodes_[value(index)]; }
    /// Nothing when blank or outside.
    const LeafNode* leaf(LeafIndex index) const;
    const ParentNode* parent(NodeIndex index) const;
    base::ByteView encryption_key(NodeIndex index) const;  ///< of a node that is not blank
    std::vector<LeafIndex> members() const;

    LeafIndex add(LeafNode leaf);  ///< §7.7: the leftmost blank leaf, else the tree doubles
    void remove(LeafIndex index);  ///< §7.8; the leaf is not blank
    void set_leaf(LeafIndex index, LeafNode leaf);
    void set_parent(NodeIndex index, ParentNode parent);
    void blank_direct_path(LeafIndex index);

    std::vector<NodeIndex> resolution(NodeIndex index) const;            ///< §4.1.1
    std::vector<NodeIndex> filtered_direct_path(LeafIndex index) const;  ///< §4.1.2, lowest first
    /// The child of `node` on the copath of `leaf`.
    static NodeIndex copath_child(NodeIndex node, LeafIndex leaf);

    base::Bytes tree_hash(NodeIndex index) const;  ///< §7.8
    base::Bytes tree_hash() const { return tree_hash(root()); }
    /// §7.9: the hash of `index` for the child that is not `copath_child`.
    base::Bytes parent_hash(NodeIndex index, NodeIndex copath_child) const;
    /// The parent hash that a committer at `leaf` must carry, once the path above it is set; empty when there
    /// is none.
    base::Bytes leaf_parent_hash(LeafIndex leaf) const;
    /// §7.9.2 and §12.4.3.1: parent hashes, unmerged lists, signatures of all leaves, keys distinct.
    /// Errors: kBadTree, kBadSignature.
    base::Result<void> validate(base::ByteView group_id) const;

    friend bool operator==(const RatchetTree&, const RatchetTree&) = default;

private:
    void resize(std::uint32_t leaves) { nodes_.resize(2 * std::size_t{leaves} - 1); }
    base::Bytes hash_without(NodeIndex index, const std::vector<std::uint32_t>& left_out) const;
    base::Result<void> validate_parent(NodeIndex index) const;
    base::Result<void> validate_unmerged(NodeIndex index) const;

    std::vector<std::optional<Node>> nodes_ = std::vector<std::optional<Node>>(1);
};

/// Checks one leaf: signature, cipher suite, keys, credential types, extensions listed (§7.3). Lifetimes are
/// not looked at: DAVE key packages live for ever. Errors: kBadTree, kBadKey, kBadSignature.
base::Result<void> validate_leaf(const LeafNode& leaf, base::ByteView group_id, LeafIndex index);

}  // namespace bandstand::mls
