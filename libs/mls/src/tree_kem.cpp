#include "mls/tree_kem.hpp"

#include <algorithm>
#include <iterator>

#include "base/assert.hpp"

namespace bandstand::mls {
namespace {

using base::ErrorKind;

std::unexpected<base::Error> bad_path(std::string_view why) {
    return base::fail(ErrorKind::invalid_argument, kBadPath, why);
}

base::Result<KeyPair> node_key(const Secret& path_secret) {
    return KeyPair::derive(derive_secret(path_secret, "node"));
}

// Who gets the secret of `node` from `sender`: the copath child's resolution without those who just joined.
std::vector<NodeIndex> receivers(const RatchetTree& tree, NodeIndex node, LeafIndex sender,
                                 const std::set<LeafIndex>& added) {
    auto found = tree.resolution(RatchetTree::copath_child(node, sender));
    std::erase_if(found, [&added](NodeIndex each) { return is_leaf(each) && added.contains(leaf_of(each)); });
    return found;
}

// Sets the public keys of the path, root first, so that each parent hash can be taken from the node above.
void set_path(RatchetTree& tree, LeafIndex sender, const std::vector<NodeIndex>& nodes,
              const std::vector<base::Bytes>& public_keys) {
    for (auto i = nodes.size(); i-- > 0;) {
        base::Bytes hash;
        if (i + 1 < nodes.size()) {
            hash = tree.parent_hash(nodes[i + 1], RatchetTree::copath_child(nodes[i + 1], sender));
        }
        tree.set_parent(
            nodes[i],
            {.encryption_key = public_keys[i], .parent_hash = std::move(hash), .unmerged_leaves = {}});
    }
}

// Derives upward from `secret`, which belongs to nodes[from]; each key pair must match the tree.
base::Result<OpenedPath> climb(const RatchetTree& tree, const std::vector<NodeIndex>& nodes, std::size_t from,
                               Secret secret) {
    OpenedPath opened;
    for (auto i = from; i < nodes.size(); ++i) {
        const auto pair = node_key(secret);
        if (!pair || !std::ranges::equal(pair->public_key, tree.encryption_key(nodes[i]))) {
            return bad_path("a path secret that does not give the public key of its node");
        }
        opened.keys[nodes[i]] = pair->private_key;
        secret = derive_secret(secret, "path");
    }
    opened.commit_secret = std::move(secret);
    return opened;
}

bool holds_key(const RatchetTree& tree, base::ByteView key) {
    for (std::uint32_t i = 0; i < 2 * tree.leaf_count() - 1; ++i) {
        if (tree.node(NodeIndex{i}) && std::ranges::equal(tree.encryption_key(NodeIndex{i}), key))
            return true;
    }
    return false;
}

}  // namespace

void drop_blanked(PrivateKeys& keys, const RatchetTree& tree) {
    std::erase_if(keys, [&tree](const auto& entry) {
        return value(entry.first) >= 2 * tree.leaf_count() - 1 || !tree.node(entry.first);
    });
}

base::Result<NewPath> renew_path(RatchetTree& tree, LeafIndex sender, const Secret& signature_key,
                                 base::ByteView group_id) {
    NewPath path;
    const auto* old_leaf = tree.leaf(sender);
    BASE_ASSERT(old_leaf != nullptr);
    path.leaf = *old_leaf;
    tree.blank_direct_path(sender);
    path.nodes = tree.filtered_direct_path(sender);
    auto secret = Secret::random(kHashBytes);
    std::vector<base::Bytes> public_keys;
    for (const auto node : path.nodes) {
        auto pair = node_key(secret);
        if (!pair) return std::unexpected(std::move(pair).error());
        path.keys[node] = pair->private_key;
        public_keys.push_back(std::move(pair->public_key));
        path.path_secrets.push_back(secret);
        secret = derive_secret(secret, "path");
    }
    path.commit_secret = std::move(secret);
    set_path(tree, sender, path.nodes, public_keys);

    const auto leaf_pair = KeyPair::generate();
    path.keys[node_of(sender)] = leaf_pair.private_key;
    path.leaf.encryption_key = leaf_pair.public_key;
    path.leaf.source = LeafNodeSource::commit;
    path.leaf.not_before = path.leaf.not_after = 0;  // a commit leaf has no lifetime
    path.leaf.parent_hash = tree.leaf_parent_hash(sender);
    auto signature = sign_with_label(signature_key, "LeafNodeTBS", path.leaf.to_be_signed(group_id, sender));
    if (!signature) return std::unexpected(std::move(signature).error());
    path.leaf.signature = *std::move(signature);
    tree.set_leaf(sender, path.leaf);
    return path;
}

base::Result<UpdatePath> encrypt_path(const RatchetTree& tree, LeafIndex sender, const NewPath& path,
                                      const std::set<LeafIndex>& added, base::ByteView provisional_context) {
    UpdatePath update{.leaf = path.leaf, .nodes = {}};
    for (std::size_t i = 0; i < path.nodes.size(); ++i) {
        const auto key = tree.encryption_key(path.nodes[i]);
        UpdatePathNode node{.encryption_key = {key.begin(), key.end()}, .encrypted_path_secret = {}};
        for (const auto receiver : receivers(tree, path.nodes[i], sender, added)) {
            auto sealed = encrypt_with_label(tree.encryption_key(receiver), "UpdatePathNode",
                                             provisional_context, path.path_secrets[i].view());
            if (!sealed) return std::unexpected(std::move(sealed).error());
            node.encrypted_path_secret.push_back(*std::move(sealed));
        }
        update.nodes.push_back(std::move(node));
    }
    return update;
}

base::Result<void> merge_path(RatchetTree& tree, LeafIndex sender, const UpdatePath& path,
                              base::ByteView group_id) {
    if (path.leaf.source != LeafNodeSource::commit) return bad_path("a leaf whose source is not a commit");
    if (auto fine = validate_leaf(path.leaf, group_id, sender); !fine) return fine;
    std::set<base::Bytes> fresh{path.leaf.encryption_key};
    std::vector<base::Bytes> public_keys;
    for (const auto& node : path.nodes) {
        if (auto fine = check_public_key(node.encryption_key); !fine) return fine;
        if (!fresh.insert(node.encryption_key).second) return bad_path("a public key twice");
        public_keys.push_back(node.encryption_key);
    }
    for (const auto& key : fresh) {
        if (holds_key(tree, key)) return bad_path("a public key that the tree already holds");
    }
    tree.blank_direct_path(sender);
    const auto nodes = tree.filtered_direct_path(sender);
    if (nodes.size() != path.nodes.size()) return bad_path("a path of the wrong length");
    set_path(tree, sender, nodes, public_keys);
    if (!std::ranges::equal(path.leaf.parent_hash, tree.leaf_parent_hash(sender))) {
        return bad_path("a leaf with the wrong parent hash");
    }
    tree.set_leaf(sender, path.leaf);
    return base::ok();
}

base::Result<OpenedPath> decrypt_path(const RatchetTree& tree, LeafIndex sender, LeafIndex own,
                                      const PrivateKeys& own_keys, const UpdatePath& path,
                                      const std::set<LeafIndex>& added, base::ByteView provisional_context) {
    const auto nodes = tree.filtered_direct_path(sender);
    if (nodes.size() != path.nodes.size()) return bad_path("a path of the wrong length");
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        if (receivers(tree, nodes[i], sender, added).size() != path.nodes[i].encrypted_path_secret.size()) {
            return bad_path("a node with the wrong number of ciphertexts");
        }
    }
    const auto shared =
        std::ranges::find_if(nodes, [own](NodeIndex node) { return is_in_subtree(node_of(own), node); });
    if (shared == nodes.end()) return bad_path("a path that does not pass above us");
    const auto at = static_cast<std::size_t>(std::distance(nodes.begin(), shared));
    const auto candidates = receivers(tree, nodes[at], sender, added);
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        const auto held = own_keys.find(candidates[i]);
        if (held == own_keys.end()) continue;
        auto secret = decrypt_with_label(held->second, "UpdatePathNode", provisional_context,
                                         path.nodes[at].encrypted_path_secret[i]);
        if (!secret) return std::unexpected(std::move(secret).error());
        if (secret->size() != kHashBytes) return bad_path("a path secret of the wrong size");
        return climb(tree, nodes, at, *std::move(secret));
    }
    return bad_path("a path that is sealed for none of our keys");
}

base::Result<PrivateKeys> keys_from_welcome(const RatchetTree& tree, LeafIndex own, LeafIndex signer,
                                            const Secret& path_secret) {
    if (path_secret.size() != kHashBytes) return bad_path("a path secret of the wrong size");
    const auto ancestor = common_ancestor(node_of(own), node_of(signer));
    std::vector<NodeIndex> nodes;
    for (const auto above : direct_path(node_of(own), tree.leaf_count())) {
        if (is_in_subtree(ancestor, above) && tree.node(above)) nodes.push_back(above);
    }
    if (nodes.empty() || nodes.front() != ancestor) return bad_path("a path secret for a blank node");
    auto opened = climb(tree, nodes, 0, path_secret);
    if (!opened) return std::unexpected(std::move(opened).error());
    return std::move(opened->keys);
}

}  // namespace bandstand::mls
