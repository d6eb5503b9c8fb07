#include "mls/types.hpp"

namespace bandstand::mls {
namespace {

constexpr std::uint16_t kBasicCredential = 1;

enum class ContentType : std::uint8_t { proposal = 2, commit = 3 };
enum class ProposalType : std::uint16_t { add = 1, remove = 3 };
enum class WireFormat : std::uint16_t {
    public_message = 1,
    private_message = 2,
    welcome = 3,
    group_info = 4,
    key_package = 5
};

void encode_u16s(Writer& out, const std::vector<std::uint16_t>& values) {
    out.vector_of([&values](Writer& inner) {
        for (const auto each : values) inner.u16(each);
    });
}

void expect(Reader& in, bool holds, base::Reason otherwise = kUnsupported) {
    if (!holds) in.fail(otherwise);
}

}  // namespace

void HpkeCiphertext::encode(Writer& out) const {
    out.vector(kem_output);
    out.vector(ciphertext);
}
HpkeCiphertext HpkeCiphertext::decode(Reader& in) {
    HpkeCiphertext value;
    value.kem_output = in.opaque();
    value.ciphertext = in.opaque();
    return value;
}

void Credential::encode(Writer& out) const {
    out.u16(kBasicCredential);
    out.vector(identity);
}
Credential Credential::decode(Reader& in) {
    expect(in, in.u16() == kBasicCredential);
    return {in.opaque()};
}

void Capabilities::encode(Writer& out) const {
    for (const auto* list : {&versions, &cipher_suites, &extensions, &proposals, &credentials})
        encode_u16s(out, *list);
}
Capabilities Capabilities::decode(Reader& in) {
    Capabilities value;
    for (auto* list :
         {&value.versions, &value.cipher_suites, &value.extensions, &value.proposals, &value.credentials}) {
        *list = in.u16_list();
    }
    return value;
}

void Extension::encode(Writer& out) const {
    out.u16(type);
    out.vector(data);
}
Extension Extension::decode(Reader& in) {
    Extension value;
    value.type = in.u16();
    value.data = in.opaque();
    return value;
}

void LeafNode::encode_content(Writer& out) const {
    out.vector(encryption_key);
    out.vector(signature_key);
    credential.encode(out);
    capabilities.encode(out);
    out.u8(static_cast<std::uint8_t>(source));
    switch (source) {
        case LeafNodeSource::key_package:
            out.u64(not_before);
            out.u64(not_after);
            break;
        case LeafNodeSource::update:
            break;
        case LeafNodeSource::commit:
            out.vector(parent_hash);
            break;
    }
    out.list(extensions);
}
void LeafNode::encode(Writer& out) const {
    encode_content(out);
    out.vector(signature);
}
LeafNode LeafNode::decode(Reader& in) {
    LeafNode value;
    value.encryption_key = in.opaque();
    value.signature_key = in.opaque();
    value.credential = Credential::decode(in);
    value.capabilities = Capabilities::decode(in);
    value.source = static_cast<LeafNodeSource>(in.u8());
    switch (value.source) {
        case LeafNodeSource::key_package:
            value.not_before = in.u64();
            value.not_after = in.u64();
            break;
        case LeafNodeSource::update:
            break;
        case LeafNodeSource::commit:
            value.parent_hash = in.opaque();
            break;
        default:
            in.fail();
    }
    value.extensions = in.list<Extension>();
    value.signature = in.opaque();
    return value;
}
base::Bytes LeafNode::to_be_signed(base::ByteView group_id, LeafIndex leaf) const {
    Writer out;
    encode_content(out);
    if (source != LeafNodeSource::key_package) {
        out.vector(group_id);
        out.u32(value(leaf));
    }
    return std::move(out).take();
}

void ParentNode::encode(Writer& out) const {
    out.vector(encryption_key);
    out.vector(parent_hash);
    out.vector_of([this](Writer& inner) {
        for (const auto leaf : unmerged_leaves) inner.u32(leaf);
    });
}
ParentNode ParentNode::decode(Reader& in) {
    ParentNode value;
    value.encryption_key = in.opaque();
    value.parent_hash = in.opaque();
    value.unmerged_leaves = in.u32_list();
    for (std::size_t i = 1; i < value.unmerged_leaves.size(); ++i) {
        expect(in, value.unmerged_leaves[i - 1] < value.unmerged_leaves[i], kMalformed);
    }
    return value;
}

void KeyPackage::encode_content(Writer& out) const {
    out.u16(version);
    out.u16(cipher_suite);
    out.vector(init_key);
    leaf.encode(out);
    out.list(extensions);
}
void KeyPackage::encode(Writer& out) const {
    encode_content(out);
    out.vector(signature);
}
KeyPackage KeyPackage::decode(Reader& in) {
    KeyPackage value;
    value.version = in.u16();
    value.cipher_suite = in.u16();
    value.init_key = in.opaque();
    value.leaf = LeafNode::decode(in);
    value.extensions = in.list<Extension>();
    value.signature = in.opaque();
    return value;
}
base::Bytes KeyPackage::to_be_signed() const {
    Writer out;
    encode_content(out);
    return std::move(out).take();
}
base::Bytes KeyPackage::ref() const {
    return ref_hash("MLS 1.0 KeyPackage Reference", mls::encode(*this));
}

void GroupContext::encode(Writer& out) const {
    out.u16(kVersion);
    out.u16(kCipherSuite);
    out.vector(group_id);
    out.u64(epoch);
    out.vector(tree_hash);
    out.vector(confirmed_transcript_hash);
    out.list(extensions);
}
GroupContext GroupContext::decode(Reader& in) {
    GroupContext value;
    expect(in, in.u16() == kVersion);
    expect(in, in.u16() == kCipherSuite);
    value.group_id = in.opaque();
    value.epoch = in.u64();
    value.tree_hash = in.opaque();
    value.confirmed_transcript_hash = in.opaque();
    value.extensions = in.list<Extension>();
    return value;
}

void ExternalSender::encode(Writer& out) const {
    out.vector(signature_key);
    credential.encode(out);
}
ExternalSender ExternalSender::decode(Reader& in) {
    ExternalSender value;
    value.signature_key = in.opaque();
    value.credential = Credential::decode(in);
    return value;
}

void Proposal::encode(Writer& out) const {
    if (const auto* add = std::get_if<Add>(&body)) {
        out.u16(static_cast<std::uint16_t>(ProposalType::add));
        add->key_package.encode(out);
    } else {
        out.u16(static_cast<std::uint16_t>(ProposalType::remove));
        out.u32(value(std::get<Remove>(body).removed));
    }
}
Proposal Proposal::decode(Reader& in) {
    switch (static_cast<ProposalType>(in.u16())) {
        case ProposalType::add:
            return {Add{KeyPackage::decode(in)}};
        case ProposalType::remove:
            return {Remove{LeafIndex{in.u32()}}};
        default:
            in.fail(kUnsupported);
            return {};
    }
}

void ProposalOrRef::encode(Writer& out) const {
    if (const auto* proposal = std::get_if<Proposal>(&body)) {
        out.u8(1);
        proposal->encode(out);
    } else {
        out.u8(2);
        out.vector(std::get<base::Bytes>(body));
    }
}
ProposalOrRef ProposalOrRef::decode(Reader& in) {
    switch (in.u8()) {
        case 1:
            return {Proposal::decode(in)};
        case 2:
            return {in.opaque()};
        default:
            in.fail();
            return {};
    }
}

void UpdatePathNode::encode(Writer& out) const {
    out.vector(encryption_key);
    out.list(encrypted_path_secret);
}
UpdatePathNode UpdatePathNode::decode(Reader& in) {
    UpdatePathNode value;
    value.encryption_key = in.opaque();
    value.encrypted_path_secret = in.list<HpkeCiphertext>();
    return value;
}

void UpdatePath::encode(Writer& out) const {
    leaf.encode(out);
    out.list(nodes);
}
UpdatePath UpdatePath::decode(Reader& in) {
    UpdatePath value;
    value.leaf = LeafNode::decode(in);
    value.nodes = in.list<UpdatePathNode>();
    return value;
}

void Commit::encode(Writer& out) const {
    out.list(proposals);
    out.u8(path ? 1 : 0);
    if (path) path->encode(out);
}
Commit Commit::decode(Reader& in) {
    Commit value;
    value.proposals = in.list<ProposalOrRef>();
    if (in.present()) value.path = UpdatePath::decode(in);
    return value;
}

void Sender::encode(Writer& out) const {
    out.u8(static_cast<std::uint8_t>(type));
    out.u32(index);
}
Sender Sender::decode(Reader& in) {
    Sender value;
    value.type = static_cast<Type>(in.u8());
    expect(in, value.type == Type::member || value.type == Type::external);
    value.index = in.u32();
    return value;
}

void FramedContent::encode(Writer& out) const {
    out.vector(group_id);
    out.u64(epoch);
    sender.encode(out);
    out.vector(authenticated_data);
    if (const auto* proposal = std::get_if<Proposal>(&body)) {
        out.u8(static_cast<std::uint8_t>(ContentType::proposal));
        proposal->encode(out);
    } else {
        out.u8(static_cast<std::uint8_t>(ContentType::commit));
        std::get<Commit>(body).encode(out);
    }
}
FramedContent FramedContent::decode(Reader& in) {
    FramedContent value;
    value.group_id = in.opaque();
    value.epoch = in.u64();
    value.sender = Sender::decode(in);
    value.authenticated_data = in.opaque();
    switch (static_cast<ContentType>(in.u8())) {
        case ContentType::proposal:
            value.body = Proposal::decode(in);
            break;
        case ContentType::commit:
            value.body = Commit::decode(in);
            break;
        default:
            in.fail(kUnsupported);
    }
    return value;
}

void PublicMessage::encode_auth(Writer& out) const {
    out.vector(signature);
    if (is_commit()) out.vector(confirmation_tag);
}
void PublicMessage::encode(Writer& out) const {
    content.encode(out);
    encode_auth(out);
    if (content.sender.type == Sender::Type::member) out.vector(membership_tag);
}
PublicMessage PublicMessage::decode(Reader& in) {
    PublicMessage value;
    value.content = FramedContent::decode(in);
    value.signature = in.opaque();
    if (value.is_commit()) value.confirmation_tag = in.opaque();
    if (value.content.sender.type == Sender::Type::member) value.membership_tag = in.opaque();
    return value;
}
base::Bytes PublicMessage::to_be_signed(const GroupContext& context) const {
    Writer out;
    out.u16(kVersion);
    out.u16(static_cast<std::uint16_t>(WireFormat::public_message));
    content.encode(out);
    if (content.sender.type == Sender::Type::member) context.encode(out);
    return std::move(out).take();
}
base::Bytes PublicMessage::to_be_tagged(const GroupContext& context) const {
    Writer out;
    out.raw(to_be_signed(context));
    encode_auth(out);
    return std::move(out).take();
}
base::Bytes PublicMessage::proposal_ref() const {
    Writer out;
    out.u16(static_cast<std::uint16_t>(WireFormat::public_message));
    content.encode(out);
    encode_auth(out);
    return ref_hash("MLS 1.0 Proposal Reference", out.bytes());
}
base::Bytes PublicMessage::transcript_input() const {
    Writer out;
    out.u16(static_cast<std::uint16_t>(WireFormat::public_message));
    content.encode(out);
    out.vector(signature);
    return std::move(out).take();
}

void GroupSecrets::encode(Writer& out) const {
    out.vector(joiner_secret.view());
    out.u8(path_secret ? 1 : 0);
    if (path_secret) out.vector(path_secret->view());
    out.vector(psks);
}
GroupSecrets GroupSecrets::decode(Reader& in) {
    GroupSecrets value;
    value.joiner_secret = Secret{in.vector()};
    if (in.present()) value.path_secret = Secret{in.vector()};
    value.psks = in.opaque();
    return value;
}

void GroupInfo::encode_content(Writer& out) const {
    context.encode(out);
    out.list(extensions);
    out.vector(confirmation_tag);
    out.u32(value(signer));
}
void GroupInfo::encode(Writer& out) const {
    encode_content(out);
    out.vector(signature);
}
GroupInfo GroupInfo::decode(Reader& in) {
    GroupInfo value;
    value.context = GroupContext::decode(in);
    value.extensions = in.list<Extension>();
    value.confirmation_tag = in.opaque();
    value.signer = LeafIndex{in.u32()};
    value.signature = in.opaque();
    return value;
}
base::Bytes GroupInfo::to_be_signed() const {
    Writer out;
    encode_content(out);
    return std::move(out).take();
}

void EncryptedGroupSecrets::encode(Writer& out) const {
    out.vector(new_member);
    secrets.encode(out);
}
EncryptedGroupSecrets EncryptedGroupSecrets::decode(Reader& in) {
    EncryptedGroupSecrets value;
    value.new_member = in.opaque();
    value.secrets = HpkeCiphertext::decode(in);
    return value;
}

void Welcome::encode(Writer& out) const {
    out.u16(kCipherSuite);
    out.list(secrets);
    out.vector(encrypted_group_info);
}
Welcome Welcome::decode(Reader& in) {
    Welcome value;
    expect(in, in.u16() == kCipherSuite);
    value.secrets = in.list<EncryptedGroupSecrets>();
    value.encrypted_group_info = in.opaque();
    return value;
}

void MlsMessage::encode(Writer& out) const {
    static constexpr WireFormat kFormats[] = {WireFormat::public_message, WireFormat::welcome,
                                              WireFormat::group_info, WireFormat::key_package};
    out.u16(kVersion);
    out.u16(static_cast<std::uint16_t>(kFormats[body.index()]));
    std::visit([&out](const auto& message) { message.encode(out); }, body);
}
MlsMessage MlsMessage::decode(Reader& in) {
    expect(in, in.u16() == kVersion);
    switch (static_cast<WireFormat>(in.u16())) {
        case WireFormat::public_message:
            return {PublicMessage::decode(in)};
        case WireFormat::welcome:
            return {Welcome::decode(in)};
        case WireFormat::group_info:
            return {GroupInfo::decode(in)};
        case WireFormat::key_package:
            return {KeyPackage::decode(in)};
        case WireFormat::private_message:
            in.fail(kUnsupported);
            return {};
    }
    in.fail();
    return {};
}

}  // namespace bandstand::mls
