#include "mls/group.hpp"

#include <algorithm>
#include <limits>

#include "base/assert.hpp"

namespace bandstand::mls {
namespace {

using base::Bytes;
using base::ErrorKind;
using base::Result;

constexpr std::uint16_t kBasicCredential = 1;

std::unexpected<base::Error> refuse(base::Reason reason, std::string_view why) {
    return base::fail(ErrorKind::invalid_argument, reason, why);
}

const Extension* find_extension(const std::vector<Extension>& extensions, std::uint16_t type) {
    const auto found = std::ranges::find(extensions, type, &Extension::type);
    return found == extensions.end() ? nullptr : &*found;
}

// Everything but external_senders changes what members must support: DAVE groups never have it.
Result<void> check_context_extensions(const std::vector<Extension>& extensions) {
    for (const auto& extension : extensions) {
        if (extension.type != Extension::kExternalSenders)
            return refuse(kUnsupported, "a group context extension");
    }
    return base::ok();
}

Result<void> check_key_package(const KeyPackage& package) {
    if (package.version != kVersion || package.cipher_suite != kCipherSuite) {
        return refuse(kBadProposal, "a key package of another version or suite");
    }
    if (package.leaf.source != LeafNodeSource::key_package)
        return refuse(kBadProposal, "a leaf of another source");
    if (package.init_key == package.leaf.encryption_key)
        return refuse(kBadProposal, "the init key is the leaf key");
    if (auto fine = check_public_key(package.init_key); !fine) return fine;
    if (auto fine = validate_leaf(package.leaf, {}, {}); !fine) return fine;
    return verify_with_label(package.leaf.signature_key, "KeyPackageTBS", package.to_be_signed(),
                             package.signature);
}

}  // namespace

Result<OwnKeyPackage> OwnKeyPackage::make(Identity identity) {
    auto init = KeyPair::generate();
    auto leaf_pair = KeyPair::generate();
    OwnKeyPackage own{.identity = std::move(identity),
                      .package = {},
                      .init_key = init.private_key,
                      .leaf_key = leaf_pair.private_key};
    auto& package = own.package;
    package.init_key = std::move(init.public_key);
    package.leaf.encryption_key = std::move(leaf_pair.public_key);
    package.leaf.signature_key = own.identity.signature.public_key;
    package.leaf.credential = own.identity.credential;
    package.leaf.capabilities = {.versions = {kVersion},
                                 .cipher_suites = {kCipherSuite},
                                 .extensions = {},
                                 .proposals = {},
                                 .credentials = {kBasicCredential}};
    package.leaf.not_after = std::numeric_limits<std::uint64_t>::max();
    const auto& key = own.identity.signature.private_key;
    auto leaf_signature = sign_with_label(key, "LeafNodeTBS", package.leaf.to_be_signed({}, {}));
    if (!leaf_signature) return std::unexpected(std::move(leaf_signature).error());
    package.leaf.signature = *std::move(leaf_signature);
    auto signature = sign_with_label(key, "KeyPackageTBS", package.to_be_signed());
    if (!signature) return std::unexpected(std::move(signature).error());
    package.signature = *std::move(signature);
    return own;
}

Result<Group> Group::create(const OwnKeyPackage& own, Bytes group_id, std::vector<Extension> extensions) {
    if (auto fine = check_context_extensions(extensions); !fine)
        return std::unexpected(std::move(fine).error());
    Group group;
    group.own_leaf_ = group.tree_.add(own.package.leaf);
    group.private_keys_[node_of(group.own_leaf_)] = own.leaf_key;
    group.signature_key_ = own.identity.signature.private_key;
    group.context_ = {.group_id = std::move(group_id),
                      .epoch = 0,
                      .tree_hash = group.tree_.tree_hash(),
                      .confirmed_transcript_hash = {},
                      .extensions = std::move(extensions)};
    // §11: the tag of epoch 0 covers the empty confirmed hash.
    group.interim_hash_ = interim_transcript_hash({}, group.secrets_.confirmation_tag({}));
    return group;
}

Result<std::vector<ExternalSender>> Group::external_senders() const {
    const auto* extension = find_extension(context_.extensions, Extension::kExternalSenders);
    if (extension == nullptr) return std::vector<ExternalSender>{};
    Reader in{extension->data};
    auto senders = in.list<ExternalSender>();
    if (!in.done()) return refuse(kMalformed, "external_senders");
    return senders;
}

Result<Bytes> Group::sender_key(const Sender& sender) const {
    if (sender.type == Sender::Type::member) {
        const auto* leaf = tree_.leaf(LeafIndex{sender.index});
        if (leaf == nullptr) return refuse(kUnknownSender, "no member has that leaf");
        return leaf->signature_key;
    }
    auto senders = external_senders();
    if (!senders) return std::unexpected(std::move(senders).error());
    if (sender.index >= senders->size()) return refuse(kUnknownSender, "no such external sender");
    return (*senders)[sender.index].signature_key;
}

// §6.1, §6.2: the group, the epoch, the membership tag of a member, the signature.
Result<void> Group::authenticate(const PublicMessage& message) const {
    const auto& content = message.content;
    if (content.group_id != context_.group_id) return refuse(kWrongGroup, "a message of another group");
    if (content.epoch != context_.epoch) return refuse(kWrongEpoch, "a message of another epoch");
    auto key = sender_key(content.sender);
    if (!key) return std::unexpected(std::move(key).error());
    if (content.sender.type == Sender::Type::member) {
        const auto tag = hmac(secrets_.membership_key().view(), message.to_be_tagged(context_));
        if (!equal_in_constant_time(tag, message.membership_tag)) return refuse(kBadTag, "membership tag");
    }
    return verify_with_label(*key, "FramedContentTBS", message.to_be_signed(context_), message.signature);
}

Result<Bytes> Group::receive_proposal(const PublicMessage& message) {
    if (message.is_commit()) return refuse(kBadProposal, "a commit is not a proposal");
    if (auto fine = authenticate(message); !fine) return std::unexpected(std::move(fine).error());
    const auto& proposal = std::get<Proposal>(message.content.body);
    if (const auto* add = std::get_if<Add>(&proposal.body)) {
        if (auto fine = check_key_package(add->key_package); !fine)
            return std::unexpected(std::move(fine).error());
    } else if (tree_.leaf(std::get<Remove>(proposal.body).removed) == nullptr) {
        return refuse(kBadProposal, "removes a leaf that nobody has");
    }
    auto ref = message.proposal_ref();
    if (proposals_.emplace(ref, message).second) proposal_order_.push_back(ref);
    return ref;
}

void Group::forget_proposal(base::ByteView ref) {
    const Bytes key{ref.begin(), ref.end()};
    proposals_.erase(key);
    std::erase(proposal_order_, key);
}

struct Group::Change {
    RatchetTree tree;
    std::vector<std::pair<LeafIndex, KeyPackage>> added;  // in the order of the proposals
    std::set<LeafIndex> added_leaves;
    bool removes = false;
};

// §12.2: a new member brings keys and a name that nobody in the tree has.
Result<void> Group::check_add(const RatchetTree& tree, const KeyPackage& package) const {
    if (auto fine = check_key_package(package); !fine) return fine;
    if (tree.members().size() >= kMaxLeaves) return refuse(kBadProposal, "the group is full");
    for (const auto member : tree.members()) {
        const auto& present = *tree.leaf(member);
        if (present.credential == package.leaf.credential)
            return refuse(kBadProposal, "adds somebody who is here");
        if (present.signature_key == package.leaf.signature_key ||
            present.encryption_key == package.leaf.encryption_key) {
            return refuse(kBadProposal, "adds a key that is here");
        }
    }
    return base::ok();
}

// §12.3: removes first, then adds, each in the order of the list.
Result<Group::Change> Group::apply(const std::vector<ProposalOrRef>& list, LeafIndex committer) const {
    Change change{.tree = tree_, .added = {}, .added_leaves = {}, .removes = false};
    std::vector<const KeyPackage*> adds;
    for (const auto& item : list) {
        const auto* proposal = std::get_if<Proposal>(&item.body);
        if (proposal == nullptr) {
            const auto known = proposals_.find(std::get<Bytes>(item.body));
            if (known == proposals_.end())
                return refuse(kUnknownProposal, "a reference to a proposal we never saw");
            proposal = &std::get<Proposal>(known->second.content.body);
        }
        if (const auto* add = std::get_if<Add>(&proposal->body)) {
            adds.push_back(&add->key_package);
            continue;
        }
        const auto removed = std::get<Remove>(proposal->body).removed;
        if (removed == committer) return refuse(kBadProposal, "a committer cannot remove itself");
        if (tree_.leaf(removed) == nullptr || change.tree.leaf(removed) == nullptr) {
            return refuse(kBadProposal, "removes a leaf that nobody has, or twice");
        }
        change.tree.remove(removed);
        change.removes = true;
    }
    for (const auto* package : adds) {
        if (auto fine = check_add(change.tree, *package); !fine)
            return std::unexpected(std::move(fine).error());
        const auto leaf = change.tree.add(package->leaf);
        change.added.emplace_back(leaf, *package);
        change.added_leaves.insert(leaf);
    }
    return change;
}

GroupContext Group::next_context(const RatchetTree& tree) const {
    auto next = context_;
    next.epoch += 1;
    next.tree_hash = tree.tree_hash();
    return next;
}

Result<Group::Committed> Group::commit() const {
    Commit body;
    for (const auto& ref : proposal_order_) body.proposals.push_back({ref});
    auto change = apply(body.proposals, own_leaf_);
    if (!change) return std::unexpected(std::move(change).error());

    auto path = renew_path(change->tree, own_leaf_, signature_key_, context_.group_id);
    if (!path) return std::unexpected(std::move(path).error());
    Group next;
    next.context_ = next_context(change->tree);
    auto update =
        encrypt_path(change->tree, own_leaf_, *path, change->added_leaves, mls::encode(next.context_));
    if (!update) return std::unexpected(std::move(update).error());
    body.path = *std::move(update);

    PublicMessage message{.content = {.group_id = context_.group_id,
                                      .epoch = context_.epoch,
                                      .sender = {Sender::Type::member, value(own_leaf_)},
                                      .authenticated_data = {},
                                      .body = std::move(body)},
                          .signature = {},
                          .confirmation_tag = {},
                          .membership_tag = {}};
    auto signature = sign_with_label(signature_key_, "FramedContentTBS", message.to_be_signed(context_));
    if (!signature) return std::unexpected(std::move(signature).error());
    message.signature = *std::move(signature);

    next.context_.confirmed_transcript_hash =
        confirmed_transcript_hash(interim_hash_, message.transcript_input());
    const auto joiner =
        EpochSecrets::joiner_secret(secrets_.init_secret(), path->commit_secret, next.context_);
    next.secrets_ = EpochSecrets::from_joiner(joiner, next.context_);
    message.confirmation_tag = next.secrets_.confirmation_tag(next.context_.confirmed_transcript_hash);
    message.membership_tag = hmac(secrets_.membership_key().view(), message.to_be_tagged(context_));

    next.interim_hash_ =
        interim_transcript_hash(next.context_.confirmed_transcript_hash, message.confirmation_tag);
    next.tree_ = change->tree;
    next.own_leaf_ = own_leaf_;
    next.signature_key_ = signature_key_;
    next.private_keys_ = path->keys;
    std::optional<Welcome> greeting;
    if (!change->added.empty()) {
        auto made = welcome(next, *change, *path, joiner, message.confirmation_tag);
        if (!made) return std::unexpected(std::move(made).error());
        greeting = *std::move(made);
    }
    return Committed{std::move(message), std::move(greeting), std::move(next)};
}

// §12.4.3.1, sender side.
Result<Welcome> Group::welcome(const Group& next, const Change& change, const NewPath& path,
                               const Secret& joiner, base::ByteView tag) const {
    GroupInfo info{.context = next.context_,
                   .extensions = {{Extension::kRatchetTree, next.tree_.serialize()}},
                   .confirmation_tag = {tag.begin(), tag.end()},
                   .signer = own_leaf_,
                   .signature = {}};
    auto signature = sign_with_label(signature_key_, "GroupInfoTBS", info.to_be_signed());
    if (!signature) return std::unexpected(std::move(signature).error());
    info.signature = *std::move(signature);
    Welcome greeting;
    greeting.encrypted_group_info = aead_seal(EpochSecrets::welcome_key(joiner),
                                              EpochSecrets::welcome_nonce(joiner).view(), mls::encode(info));
    for (const auto& [leaf, package] : change.added) {
        // The lowest common node is always on the filtered path: the new leaf makes its side non-empty.
        const auto ancestor = common_ancestor(node_of(leaf), node_of(own_leaf_));
        const auto at = std::ranges::find(path.nodes, ancestor);
        BASE_ASSERT(at != path.nodes.end());
        const auto place = static_cast<std::size_t>(at - path.nodes.begin());
        const GroupSecrets secrets{.joiner_secret = joiner, .path_secret = path.path_secrets[place]};
        const Secret plain{mls::encode(secrets)};
        auto sealed =
            encrypt_with_label(package.init_key, "Welcome", greeting.encrypted_group_info, plain.view());
        if (!sealed) return std::unexpected(std::move(sealed).error());
        greeting.secrets.push_back({package.ref(), *std::move(sealed)});
    }
    return greeting;
}

Result<Group> Group::process(const PublicMessage& message) const {
    if (!message.is_commit()) return refuse(kBadProposal, "a proposal is not a commit");
    const auto& body = std::get<Commit>(message.content.body);
    if (message.content.sender.type != Sender::Type::member)
        return refuse(kUnknownSender, "only members commit");
    const LeafIndex committer{message.content.sender.index};
    if (committer == own_leaf_) return refuse(kUnknownSender, "our own commit is adopted, not processed");
    if (auto fine = authenticate(message); !fine) return std::unexpected(std::move(fine).error());
    auto change = apply(body.proposals, committer);
    if (!change) return std::unexpected(std::move(change).error());
    if (change->tree.leaf(own_leaf_) == nullptr || change->added_leaves.contains(own_leaf_)) {
        return base::fail(ErrorKind::failed_precondition, kRemoved);
    }
    if (!body.path && (body.proposals.empty() || change->removes))
        return refuse(kBadPath, "a path is required");

    Group next;
    next.tree_ = std::move(change->tree);
    next.private_keys_ = private_keys_;
    drop_blanked(next.private_keys_, next.tree_);
    auto commit_secret = Secret::zeros(kHashBytes);
    if (body.path) {
        const auto& old_leaf = *tree_.leaf(committer);
        if (body.path->leaf.credential != old_leaf.credential)
            return refuse(kBadPath, "a committer took another name");
        if (auto fine = merge_path(next.tree_, committer, *body.path, context_.group_id); !fine) {
            return std::unexpected(std::move(fine).error());
        }
        drop_blanked(next.private_keys_, next.tree_);
    }
    next.context_ = next_context(next.tree_);
    if (body.path) {
        auto opened = decrypt_path(next.tree_, committer, own_leaf_, private_keys_, *body.path,
                                   change->added_leaves, mls::encode(next.context_));
        if (!opened) return std::unexpected(std::move(opened).error());
        for (auto& [node, key] : opened->keys) next.private_keys_[node] = std::move(key);
        commit_secret = std::move(opened->commit_secret);
    }
    next.context_.confirmed_transcript_hash =
        confirmed_transcript_hash(interim_hash_, message.transcript_input());
    next.secrets_ = EpochSecrets::from_joiner(
        EpochSecrets::joiner_secret(secrets_.init_secret(), commit_secret, next.context_), next.context_);
    const auto tag = next.secrets_.confirmation_tag(next.context_.confirmed_transcript_hash);
    if (!equal_in_constant_time(tag, message.confirmation_tag)) return refuse(kBadTag, "confirmation tag");
    next.interim_hash_ = interim_transcript_hash(next.context_.confirmed_transcript_hash, tag);
    next.own_leaf_ = own_leaf_;
    next.signature_key_ = signature_key_;
    return next;
}

namespace {

Result<GroupSecrets> open_secrets(const Welcome& welcome, const OwnKeyPackage& own) {
    const auto ref = own.package.ref();
    const auto mine = std::ranges::find(welcome.secrets, ref, &EncryptedGroupSecrets::new_member);
    if (mine == welcome.secrets.end()) return refuse(kBadWelcome, "a welcome for another key package");
    auto plain = decrypt_with_label(own.init_key, "Welcome", welcome.encrypted_group_info, mine->secrets);
    if (!plain) return std::unexpected(std::move(plain).error());
    return mls::decode<GroupSecrets>(plain->view());
}

Result<GroupInfo> open_group_info(const Welcome& welcome, const Secret& joiner, const Secret& psk_secret) {
    auto plain =
        aead_open(EpochSecrets::welcome_key(joiner, psk_secret),
                  EpochSecrets::welcome_nonce(joiner, psk_secret).view(), welcome.encrypted_group_info);
    if (!plain) return std::unexpected(std::move(plain).error());
    return mls::decode<GroupInfo>(plain->view());
}

}  // namespace

Result<Group> Group::join(const Welcome& welcome, const OwnKeyPackage& own, JoinOptions options) {
    const auto secrets = open_secrets(welcome, own);
    if (!secrets) return std::unexpected(secrets.error());
    if (!secrets->psks.empty() && !options.psk_secret)
        return refuse(kUnsupported, "a welcome with pre-shared keys");
    const auto psk_secret = options.psk_secret.value_or(Secret::zeros(kHashBytes));
    auto info = open_group_info(welcome, secrets->joiner_secret, psk_secret);
    if (!info) return std::unexpected(std::move(info).error());
    if (auto fine = check_context_extensions(info->context.extensions); !fine) {
        return std::unexpected(std::move(fine).error());
    }
    const auto* carried = find_extension(info->extensions, Extension::kRatchetTree);
    if (carried == nullptr && !options.ratchet_tree) return refuse(kBadWelcome, "no ratchet tree");
    auto tree = RatchetTree::parse(carried != nullptr ? carried->data : *options.ratchet_tree, kMaxLeaves);
    if (!tree) return std::unexpected(std::move(tree).error());
    if (tree->tree_hash() != info->context.tree_hash)
        return refuse(kBadTree, "the tree is not the one of the group");
    if (auto fine = tree->validate(info->context.group_id); !fine)
        return std::unexpected(std::move(fine).error());

    const auto* signer = tree->leaf(info->signer);
    if (signer == nullptr) return refuse(kUnknownSender, "the signer is not in the tree");
    if (auto fine =
            verify_with_label(signer->signature_key, "GroupInfoTBS", info->to_be_signed(), info->signature);
        !fine) {
        return std::unexpected(std::move(fine).error());
    }
    const auto members = tree->members();
    const auto place = std::ranges::find_if(
        members, [&](LeafIndex index) { return *tree->leaf(index) == own.package.leaf; });
    if (place == members.end()) return refuse(kBadWelcome, "we are not in the tree");

    Group group;
    group.own_leaf_ = *place;
    if (secrets->path_secret) {
        auto keys = keys_from_welcome(*tree, group.own_leaf_, info->signer, *secrets->path_secret);
        if (!keys) return std::unexpected(std::move(keys).error());
        group.private_keys_ = *std::move(keys);
    }
    group.private_keys_[node_of(group.own_leaf_)] = own.leaf_key;
    group.tree_ = *std::move(tree);
    group.context_ = std::move(info->context);
    group.signature_key_ = own.identity.signature.private_key;
    group.secrets_ = EpochSecrets::from_joiner(secrets->joiner_secret, group.context_, psk_secret);
    const auto tag = group.secrets_.confirmation_tag(group.context_.confirmed_transcript_hash);
    if (!equal_in_constant_time(tag, info->confirmation_tag)) return refuse(kBadTag, "confirmation tag");
    group.interim_hash_ = interim_transcript_hash(group.context_.confirmed_transcript_hash, tag);
    return group;
}

}  // namespace bandstand::mls
