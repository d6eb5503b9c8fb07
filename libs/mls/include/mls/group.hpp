#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "mls/key_schedule.hpp"
#include "mls/tree_kem.hpp"

namespace bandstand::mls {

constexpr base::Reason kWrongGroup{"mls.wrong_group"};
constexpr base::Reason kWrongEpoch{"mls.wrong_epoch"};
constexpr base::Reason kUnknownSender{"mls.unknown_sender"};
constexpr base::Reason kBadProposal{"mls.bad_proposal"};
constexpr base::Reason kUnknownProposal{"mls.unknown_proposal"};
constexpr base::Reason kBadTag{"mls.bad_tag"};
constexpr base::Reason kBadWelcome{"mls.bad_welcome"};
constexpr base::Reason kRemoved{"mls.removed"};

/// Who we are in every group: a signature key and a name.
struct Identity {
    KeyPair signature;
    Credential credential;
};

/// A key package with its private halves: enough to join one group, once.
struct OwnKeyPackage {
    Identity identity;
    KeyPackage package;
    Secret init_key;
    Secret leaf_key;

    /// §10. Lists version 1, suite 2, basic credentials; lifetime 0 to the end of time, as DAVE wants.
    static base::Result<OwnKeyPackage> make(Identity identity);
};

/// A member's view of a group in one epoch: a value. A commit gives a new one; the old is dropped with its
/// secrets.
class Group {
public:
    static constexpr std::uint32_t kMaxLeaves = 1024;

    /// §11: a group of one, epoch 0.
    static base::Result<Group> create(const OwnKeyPackage& own, base::Bytes group_id,
                                      std::vector<Extension> extensions);
    struct JoinOptions {
        /// The tree when the Welcome does not carry it.
        std::optional<base::Bytes> ratchet_tree = std::nullopt;
        /// Of the PSKs that the Welcome names; without it, a Welcome that names any is refused.
        std::optional<Secret> psk_secret = std::nullopt;
    };
    /// §12.4.3.1. Errors: kBadWelcome, kBadTree, kBadSignature, kBadTag, kBadPath, kDecryptFailed.
    static base::Result<Group> join(const Welcome& welcome, const OwnKeyPackage& own, JoinOptions options);
    static base::Result<Group> join(const Welcome& welcome, const OwnKeyPackage& own) {
        return join(welcome, own, {});
    }

    const GroupContext& context() const { return context_; }
    std::uint64_t epoch() const { return context_.epoch; }
    const RatchetTree& tree() const { return tree_; }
    LeafIndex own_leaf() const { return own_leaf_; }
    const EpochSecrets& secrets() const { return secrets_; }
    /// §12.1.8.1; empty when the group has none.
    base::Result<std::vector<ExternalSender>> external_senders() const;

    /// Checks a proposal message of this epoch and keeps it for a commit to refer to; gives its ProposalRef.
    /// Errors: kWrongGroup, kWrongEpoch, kUnknownSender, kBadSignature, kBadTag, kBadProposal.
    base::Result<base::Bytes> receive_proposal(const PublicMessage& message);
    void forget_proposal(base::ByteView ref);
    std::size_t pending_proposals() const { return proposals_.size(); }

    struct Committed;
    /// §12.4.1: commits all pending proposals, by reference, with a renewed path. This group stays as it is
    /// until the delivery service has chosen this commit; then `next` takes its place.
    base::Result<Committed> commit() const;

    /// §12.4.2. Errors: as receive_proposal, kUnknownProposal, kBadPath, kBadTag; kRemoved when it removes
    /// us.
    base::Result<Group> process(const PublicMessage& commit) const;

private:
    struct Change;  // a list of proposals, looked up, checked and applied

    Group() = default;
    base::Result<void> authenticate(const PublicMessage& message) const;
    base::Result<base::Bytes> sender_key(const Sender& sender) const;
    base::Result<Change> apply(const std::vector<ProposalOrRef>& list, LeafIndex committer) const;
    base::Result<void> check_add(const RatchetTree& tree, const KeyPackage& package) const;
    GroupContext next_context(const RatchetTree& tree) const;
    base::Result<Welcome> welcome(const Group& next, const Change& change, const NewPath& path,
                                  const Secret& joiner, base::ByteView tag) const;

    GroupContext context_;
    RatchetTree tree_;
    LeafIndex own_leaf_{};
    PrivateKeys private_keys_;
    Secret signature_key_;
    base::Bytes interim_hash_;
    EpochSecrets secrets_ = EpochSecrets::first();
    std::map<base::Bytes, PublicMessage> proposals_;  // by ProposalRef
    std::vector<base::Bytes> proposal_order_;
};

struct Group::Committed {
    PublicMessage message;
    std::optional<Welcome> welcome;  // when somebody was added
    Group next;
};

}  // namespace bandstand::mls
