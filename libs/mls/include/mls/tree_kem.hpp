#pragma once

#include <map>
#include <set>
#include <vector>

#include "mls/ratchet_tree.hpp"

// TreeKEM (RFC 9420 §7.4-7.6): a committer renews the keys from its leaf to the root and sends each new
// secret to exactly those who stand below it.

namespace bandstand::mls {

constexpr base::Reason kBadPath{"mls.bad_path"};

/// The private keys that one member holds, by node: its own leaf and those of its direct path that it was
/// told.
using PrivateKeys = std::map<NodeIndex, Secret>;

/// Forgets keys of nodes that the tree no longer has, or has blanked.
void drop_blanked(PrivateKeys& keys, const RatchetTree& tree);

/// A renewed path before it is encrypted: the tree already carries its public half.
struct NewPath {
    std::vector<NodeIndex> nodes;      // filtered direct path, lowest first
    std::vector<Secret> path_secrets;  // one for each node
    Secret commit_secret;
    PrivateKeys keys;  // of the leaf and the nodes
    LeafNode leaf;
};

/// §7.5, sender: renews the path of `sender` in `tree`. `signature_key` signs the new leaf.
base::Result<NewPath> renew_path(RatchetTree& tree, LeafIndex sender, const Secret& signature_key,
                                 base::ByteView group_id);

/// §7.6: seals the secrets of `path`; members in `added` get theirs in the Welcome instead.
base::Result<UpdatePath> encrypt_path(const RatchetTree& tree, LeafIndex sender, const NewPath& path,
                                      const std::set<LeafIndex>& added, base::ByteView provisional_context);

/// §7.5, receiver: checks the public half of `path` and puts it into `tree`. Errors: kBadPath, kBadSignature.
base::Result<void> merge_path(RatchetTree& tree, LeafIndex sender, const UpdatePath& path,
                              base::ByteView group_id);

/// What a receiver learns from a path that was merged into `tree`.
struct OpenedPath {
    Secret commit_secret;
    PrivateKeys keys;  // of the nodes that it shares with the sender
};
/// §7.6, receiver. Errors: kBadPath, kDecryptFailed.
base::Result<OpenedPath> decrypt_path(const RatchetTree& tree, LeafIndex sender, LeafIndex own,
                                      const PrivateKeys& own_keys, const UpdatePath& path,
                                      const std::set<LeafIndex>& added, base::ByteView provisional_context);

/// §12.4.3.1: from the path secret of a Welcome, which belongs to the lowest node above both leaves, to the
/// root. Errors: kBadPath.
base::Result<PrivateKeys> keys_from_welcome(const RatchetTree& tree, LeafIndex own, LeafIndex signer,
                                            const Secret& path_secret);

}  // namespace bandstand::mls
