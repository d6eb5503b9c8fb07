#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "mls/codec.hpp"
#include "mls/crypto.hpp"
#include "mls/tree_math.hpp"

// The structs of RFC 9420 that DAVE puts on the wire. Each encodes to the bytes it was decoded from. What
// DAVE never uses (private messages, PSKs, x509, …) fails to decode with kUnsupported.

namespace bandstand::mls {

constexpr std::uint16_t kVersion = 1;      // mls10
constexpr std::uint16_t kCipherSuite = 2;  // MLS_128_DHKEMP256_AES128GCM_SHA256_P256

/// §5.3, basic only.
struct Credential {
    static constexpr std::string_view kName = "Credential";
    base::Bytes identity;

    void encode(Writer& out) const;
    static Credential decode(Reader& in);
    friend bool operator==(const Credential&, const Credential&) = default;
};

/// §7.2.
struct Capabilities {
    static constexpr std::string_view kName = "Capabilities";
    std::vector<std::uint16_t> versions;
    std::vector<std::uint16_t> cipher_suites;
    std::vector<std::uint16_t> extensions;
    std::vector<std::uint16_t> proposals;
    std::vector<std::uint16_t> credentials;

    void encode(Writer& out) const;
    static Capabilities decode(Reader& in);
    friend bool operator==(const Capabilities&, const Capabilities&) = default;
};

/// §13.4.
struct Extension {
    static constexpr std::string_view kName = "Extension";
    static constexpr std::uint16_t kRatchetTree = 2;
    static constexpr std::uint16_t kExternalSenders = 5;
    std::uint16_t type = 0;
    base::Bytes data;

    void encode(Writer& out) const;
    static Extension decode(Reader& in);
    friend bool operator==(const Extension&, const Extension&) = default;
};

enum class LeafNodeSource : std::uint8_t { key_package = 1, update = 2, commit = 3 };

/// §7.2.
struct LeafNode {
    static constexpr std::string_view kName = "LeafNode";
    base::Bytes encryption_key;
    base::Bytes signature_key;
    Credential credential;
    Capabilities capabilities;
    LeafNodeSource source = LeafNodeSource::key_package;
    std::uint64_t not_before = 0;  // source key_package only; DAVE ignores lifetimes
    std::uint64_t not_after = 0;
    base::Bytes parent_hash;  // source commit only
    std::vector<Extension> extensions;
    base::Bytes signature;

    void encode(Writer& out) const;
    static LeafNode decode(Reader& in);
    /// LeafNodeTBS; group and leaf enter it unless the source is a key package.
    base::Bytes to_be_signed(base::ByteView group_id, LeafIndex leaf) const;
    friend bool operator==(const LeafNode&, const LeafNode&) = default;

private:
    void encode_content(Writer& out) const;
};

/// §7.1.
struct ParentNode {
    static constexpr std::string_view kName = "ParentNode";
    base::Bytes encryption_key;
    base::Bytes parent_hash;
    std::vector<std::uint32_t> unmerged_leaves;  // ascending

    void encode(Writer& out) const;
    static ParentNode decode(Reader& in);
    friend bool operator==(const ParentNode&, const ParentNode&) = default;
};

/// §10.
struct KeyPackage {
    static constexpr std::string_view kName = "KeyPackage";
    std::uint16_t version = kVersion;
    std::uint16_t cipher_suite = kCipherSuite;
    base::Bytes init_key;
    LeafNode leaf;
    std::vector<Extension> extensions;
    base::Bytes signature;

    void encode(Writer& out) const;
    static KeyPackage decode(Reader& in);
    base::Bytes to_be_signed() const;
    base::Bytes ref() const;
    friend bool operator==(const KeyPackage&, const KeyPackage&) = default;

private:
    void encode_content(Writer& out) const;
};

/// §8.1.
struct GroupContext {
    static constexpr std::string_view kName = "GroupContext";
    base::Bytes group_id;
    std::uint64_t epoch = 0;
    base::Bytes tree_hash;
    base::Bytes confirmed_transcript_hash;
    std::vector<Extension> extensions;

    void encode(Writer& out) const;
    static GroupContext decode(Reader& in);
    friend bool operator==(const GroupContext&, const GroupContext&) = default;
};

/// §12.1.8.1: who may propose from outside.
struct ExternalSender {
    static constexpr std::string_view kName = "ExternalSender";
    base::Bytes signature_key;
    Credential credential;

    void encode(Writer& out) const;
    static ExternalSender decode(Reader& in);
    friend bool operator==(const ExternalSender&, const ExternalSender&) = default;
};

/// §12.1, add and remove.
struct Add {
    KeyPackage key_package;
    friend bool operator==(const Add&, const Add&) = default;
};
struct Remove {
    LeafIndex removed{};
    friend bool operator==(const Remove&, const Remove&) = default;
};
struct Proposal {
    static constexpr std::string_view kName = "Proposal";
    std::variant<Add, Remove> body;

    void encode(Writer& out) const;
    static Proposal decode(Reader& in);
    friend bool operator==(const Proposal&, const Proposal&) = default;
};

/// §12.4: a proposal by value or its ProposalRef.
struct ProposalOrRef {
    static constexpr std::string_view kName = "ProposalOrRef";
    std::variant<Proposal, base::Bytes> body;

    void encode(Writer& out) const;
    static ProposalOrRef decode(Reader& in);
    friend bool operator==(const ProposalOrRef&, const ProposalOrRef&) = default;
};

/// §7.6.
struct UpdatePathNode {
    base::Bytes encryption_key;
    std::vector<HpkeCiphertext> encrypted_path_secret;

    void encode(Writer& out) const;
    static UpdatePathNode decode(Reader& in);
};
struct UpdatePath {
    static constexpr std::string_view kName = "UpdatePath";
    LeafNode leaf;
    std::vector<UpdatePathNode> nodes;  // the sender's filtered direct path, lowest first

    void encode(Writer& out) const;
    static UpdatePath decode(Reader& in);
};

/// §12.4.
struct Commit {
    static constexpr std::string_view kName = "Commit";
    std::vector<ProposalOrRef> proposals;
    std::optional<UpdatePath> path;

    void encode(Writer& out) const;
    static Commit decode(Reader& in);
};

/// §6.
struct Sender {
    enum class Type : std::uint8_t { member = 1, external = 2 };
    Type type = Type::member;
    std::uint32_t index = 0;  // a leaf, or a place in external_senders

    void encode(Writer& out) const;
    static Sender decode(Reader& in);
    friend bool operator==(const Sender&, const Sender&) = default;
};

struct FramedContent {
    static constexpr std::string_view kName = "FramedContent";
    base::Bytes group_id;
    std::uint64_t epoch = 0;
    Sender sender;
    base::Bytes authenticated_data;
    std::variant<Proposal, Commit> body;

    void encode(Writer& out) const;
    static FramedContent decode(Reader& in);
};

/// §6.2. Handshake messages in the clear; a commit has a confirmation tag, a member's message a membership
/// tag.
struct PublicMessage {
    static constexpr std::string_view kName = "PublicMessage";
    FramedContent content;
    base::Bytes signature;
    base::Bytes confirmation_tag;
    base::Bytes membership_tag;

    bool is_commit() const { return std::holds_alternative<Commit>(content.body); }
    void encode(Writer& out) const;
    static PublicMessage decode(Reader& in);
    /// FramedContentTBS: a member signs over the group context as well (§6.1).
    base::Bytes to_be_signed(const GroupContext& context) const;
    /// AuthenticatedContentTBM: what the membership tag covers (§6.2).
    base::Bytes to_be_tagged(const GroupContext& context) const;
    /// §5.2; of a proposal.
    base::Bytes proposal_ref() const;
    /// ConfirmedTranscriptHashInput; of a commit (§8.2).
    base::Bytes transcript_input() const;

private:
    void encode_auth(Writer& out) const;
};

/// §12.4.3.1.
struct GroupSecrets {
    static constexpr std::string_view kName = "GroupSecrets";
    Secret joiner_secret;
    std::optional<Secret> path_secret;
    base::Bytes psks{};  // PreSharedKeyIDs as they came; DAVE has none, and join() refuses them

    void encode(Writer& out) const;
    static GroupSecrets decode(Reader& in);
};
struct GroupInfo {
    static constexpr std::string_view kName = "GroupInfo";
    GroupContext context;
    std::vector<Extension> extensions;
    base::Bytes confirmation_tag;
    LeafIndex signer{};
    base::Bytes signature;

    void encode(Writer& out) const;
    static GroupInfo decode(Reader& in);
    base::Bytes to_be_signed() const;

private:
    void encode_content(Writer& out) const;
};
struct EncryptedGroupSecrets {
    base::Bytes new_member;  // KeyPackageRef
    HpkeCiphertext secrets;

    void encode(Writer& out) const;
    static EncryptedGroupSecrets decode(Reader& in);
};
struct Welcome {
    static constexpr std::string_view kName = "Welcome";
    std::vector<EncryptedGroupSecrets> secrets;
    base::Bytes encrypted_group_info;

    void encode(Writer& out) const;
    static Welcome decode(Reader& in);
};

/// §6, MLSMessage: version and wire format before one of the messages.
struct MlsMessage {
    static constexpr std::string_view kName = "MLSMessage";
    std::variant<PublicMessage, Welcome, GroupInfo, KeyPackage> body;

    void encode(Writer& out) const;
    static MlsMessage decode(Reader& in);
};

}  // namespace bandstand::mls
