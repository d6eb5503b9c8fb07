#include <optional>

#include "mls/tree_kem.hpp"
#include "vectors.hpp"

namespace bandstand::mls {
namespace {

constexpr std::uint32_t kManyLeaves = 1U << 16;

RatchetTree parse_tree(const Json& hex_text) {
    auto tree = RatchetTree::parse(bytes(hex_text), kManyLeaves);
    EXPECT_TRUE(tree) << tree.error().describe();
    return *std::move(tree);
}

TEST(Vectors, TreeMath) {
    Tally tally{"tree-math"};
    for (const auto& entry : load_vectors("tree-math")) {
        const std::uint32_t leaves = entry.at("n_leaves");
        EXPECT_EQ(value(root(leaves)), entry.at("root"));
        for (std::uint32_t i = 0; i < entry.at("n_nodes"); ++i) {
            const NodeIndex node{i};
            if (!is_leaf(node)) {
                EXPECT_EQ(value(left(node)), entry.at("left")[i]);
                EXPECT_EQ(value(right(node)), entry.at("right")[i]);
            }
            if (node != root(leaves)) {
                EXPECT_EQ(value(parent(node)), entry.at("parent")[i]);
                EXPECT_EQ(value(sibling(node)), entry.at("sibling")[i]);
            }
        }
        tally.ran();
    }
}

TEST(Vectors, TreeOperations) {
    Tally tally{"tree-operations"};
    for (const auto& entry : load_vectors("tree-operations")) {
        const auto proposal = decode<Proposal>(bytes(entry.at("proposal")));
        if (!proposal) {
            EXPECT_EQ(proposal.error().reason(), kUnsupported);
            tally.skipped("update proposals");
            continue;
        }
        auto tree = parse_tree(entry.at("tree_before"));
        EXPECT_EQ(hex(tree.tree_hash()), entry.at("tree_hash_before"));
        if (const auto* add = std::get_if<Add>(&proposal->body)) {
            tree.add(add->key_package.leaf);
        } else {
            tree.remove(std::get<Remove>(proposal->body).removed);
        }
        EXPECT_EQ(hex(tree.serialize()), entry.at("tree_after"));
        EXPECT_EQ(hex(tree.tree_hash()), entry.at("tree_hash_after"));
        tally.ran();
    }
}

TEST(Vectors, TreeValidation) {
    for_suite_2("tree-validation", [](const Json& entry) {
        const auto tree = parse_tree(entry.at("tree"));
        EXPECT_EQ(hex(tree.serialize()), entry.at("tree"));
        const auto& resolutions = entry.at("resolutions");
        for (std::uint32_t i = 0; i < resolutions.size(); ++i) {
            std::vector<std::uint32_t> found;
            for (const auto node : tree.resolution(NodeIndex{i})) found.push_back(value(node));
            EXPECT_EQ(found, resolutions[i].get<std::vector<std::uint32_t>>());
            EXPECT_EQ(hex(tree.tree_hash(NodeIndex{i})), entry.at("tree_hashes")[i]);
        }
        const auto valid = tree.validate(bytes(entry.at("group_id")));
        EXPECT_TRUE(valid) << valid.error().describe();
        EXPECT_FALSE(tree.validate(base::as_bytes("another group")));
    });
}

// The private state of a member as the file gives it: its leaf key, and a path secret for some nodes above.
PrivateKeys keys_of(const Json& member) {
    PrivateKeys keys;
    keys[node_of(LeafIndex{member.at("index").get<std::uint32_t>()})] = secret(member.at("encryption_priv"));
    for (const auto& known : member.at("path_secrets")) {
        const auto pair = KeyPair::derive(derive_secret(secret(known.at("path_secret")), "node"));
        keys[NodeIndex{known.at("node").get<std::uint32_t>()}] = pair->private_key;
    }
    return keys;
}

GroupContext provisional_context(const Json& entry, const RatchetTree& tree) {
    return {.group_id = bytes(entry.at("group_id")),
            .epoch = entry.at("epoch"),
            .tree_hash = tree.tree_hash(),
            .confirmed_transcript_hash = bytes(entry.at("confirmed_transcript_hash")),
            .extensions = {}};
}

void check_update_path(const Json& entry, const Json& update) {
    const LeafIndex sender{update.at("sender").get<std::uint32_t>()};
    const auto path = decode<UpdatePath>(bytes(update.at("update_path")));
    ASSERT_TRUE(path);
    auto tree = parse_tree(entry.at("ratchet_tree"));
    const auto group_id = bytes(entry.at("group_id"));
    const auto merged = merge_path(tree, sender, *path, group_id);
    ASSERT_TRUE(merged) << merged.error().describe();
    EXPECT_EQ(hex(tree.tree_hash()), update.at("tree_hash_after"));
    const auto context = encode(provisional_context(entry, tree));
    for (const auto& member : entry.at("leaves_private")) {
        const LeafIndex own{member.at("index").get<std::uint32_t>()};
        if (own == sender) continue;
        const auto opened = decrypt_path(tree, sender, own, keys_of(member), *path, {}, context);
        ASSERT_TRUE(opened) << opened.error().describe();
        EXPECT_EQ(hex(opened->commit_secret), update.at("commit_secret"));
    }
}

// Our own path, made from the same state, must open for every other member.
void check_own_path(const Json& entry, const Json& sender_state) {
    const LeafIndex sender{sender_state.at("index").get<std::uint32_t>()};
    auto tree = parse_tree(entry.at("ratchet_tree"));
    const auto before = tree;
    const auto path =
        renew_path(tree, sender, secret(sender_state.at("signature_priv")), bytes(entry.at("group_id")));
    ASSERT_TRUE(path);
    const auto context = encode(provisional_context(entry, tree));
    const auto update = encrypt_path(tree, sender, *path, {}, context);
    ASSERT_TRUE(update);
    auto theirs = before;
    const auto merged = merge_path(theirs, sender, *update, bytes(entry.at("group_id")));
    ASSERT_TRUE(merged) << merged.error().describe();
    EXPECT_EQ(theirs, tree);
    for (const auto& member : entry.at("leaves_private")) {
        const LeafIndex own{member.at("index").get<std::uint32_t>()};
        if (own == sender) continue;
        const auto opened = decrypt_path(theirs, sender, own, keys_of(member), *update, {}, context);
        ASSERT_TRUE(opened) << opened.error().describe();
        EXPECT_EQ(opened->commit_secret, path->commit_secret);
    }
}

TEST(Vectors, TreeKem) {
    for_suite_2("treekem", [](const Json& entry) {
        for (const auto& update : entry.at("update_paths")) check_update_path(entry, update);
        for (const auto& member : entry.at("leaves_private")) check_own_path(entry, member);
    });
}

}  // namespace
}  // namespace bandstand::mls
