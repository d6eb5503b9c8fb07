#include "mls/group.hpp"
#include "vectors.hpp"

namespace bandstand::mls {
namespace {

template <class T>
T unwrap(const Json& hex_text) {
    auto message = decode<MlsMessage>(bytes(hex_text));
    EXPECT_TRUE(message) << message.error().describe();
    return std::get<T>(std::move(message)->body);
}

TEST(Vectors, Welcome) {
    for_suite_2("welcome", [](const Json& entry) {
        const auto welcome = unwrap<Welcome>(entry.at("welcome"));
        const auto package = unwrap<KeyPackage>(entry.at("key_package"));
        const auto mine =
            std::ranges::find(welcome.secrets, package.ref(), &EncryptedGroupSecrets::new_member);
        ASSERT_NE(mine, welcome.secrets.end());
        const auto plain = decrypt_with_label(secret(entry.at("init_priv")), "Welcome",
                                              welcome.encrypted_group_info, mine->secrets);
        ASSERT_TRUE(plain);
        const auto secrets = decode<GroupSecrets>(plain->view());
        ASSERT_TRUE(secrets);
        const auto raw = aead_open(EpochSecrets::welcome_key(secrets->joiner_secret),
                                   EpochSecrets::welcome_nonce(secrets->joiner_secret).view(),
                                   welcome.encrypted_group_info);
        ASSERT_TRUE(raw);
        const auto info = decode<GroupInfo>(raw->view());
        ASSERT_TRUE(info);
        EXPECT_TRUE(verify_with_label(bytes(entry.at("signer_pub")), "GroupInfoTBS", info->to_be_signed(),
                                      info->signature));
        const auto epoch = EpochSecrets::from_joiner(secrets->joiner_secret, info->context);
        EXPECT_EQ(epoch.confirmation_tag(info->context.confirmed_transcript_hash), info->confirmation_tag);
    });
}

// RFC 9420 §8.4, for the files whose groups use external PSKs. DAVE has none, so the library has none.
Secret psk_secret(const Json& psks, base::ByteView ids) {
    Reader in{ids};
    auto result = Secret::zeros(kHashBytes);
    std::uint16_t index = 0;
    struct Psk {
        base::Bytes id_struct;
        base::Bytes id;
    };
    std::vector<Psk> found;
    while (in.ok() && !in.empty()) {
        EXPECT_EQ(in.u8(), 1) << "only external PSKs are known here";
        const auto id = in.opaque();
        const auto nonce = in.opaque();
        Writer out;
        out.u8(1);
        out.vector(id);
        out.vector(nonce);
        found.push_back({std::move(out).take(), id});
    }
    for (const auto& psk : found) {
        const auto known =
            std::ranges::find_if(psks, [&](const Json& each) { return bytes(each.at("psk_id")) == psk.id; });
        EXPECT_NE(known, psks.end());
        Writer label;
        label.raw(psk.id_struct);
        label.u16(index++);
        label.u16(static_cast<std::uint16_t>(found.size()));
        const auto extracted = hkdf_extract(Secret::zeros(kHashBytes).view(), bytes(known->at("psk")));
        const auto input = expand_with_label(extracted, "derived psk", label.bytes(), kHashBytes);
        result = hkdf_extract(input.view(), result.view());
    }
    return result;
}

OwnKeyPackage own_package(const Json& entry) {
    const auto signature = secret(entry.at("signature_priv"));
    OwnKeyPackage own{.identity = {.signature = *KeyPair::from_private(signature), .credential = {}},
                      .package = unwrap<KeyPackage>(entry.at("key_package")),
                      .init_key = secret(entry.at("init_priv")),
                      .leaf_key = secret(entry.at("encryption_priv"))};
    own.identity.credential = own.package.leaf.credential;
    return own;
}

base::Result<Group> join(const Json& entry) {
    const auto own = own_package(entry);
    const auto welcome = unwrap<Welcome>(entry.at("welcome"));
    Group::JoinOptions options;
    if (!entry.at("ratchet_tree").is_null()) options.ratchet_tree = bytes(entry.at("ratchet_tree"));
    const auto mine =
        std::ranges::find(welcome.secrets, own.package.ref(), &EncryptedGroupSecrets::new_member);
    const auto plain =
        decrypt_with_label(own.init_key, "Welcome", welcome.encrypted_group_info, mine->secrets);
    const auto secrets = decode<GroupSecrets>(plain->view());
    if (!secrets->psks.empty()) {
        EXPECT_EQ(Group::join(welcome, own, options).error().reason(), kUnsupported);
        options.psk_secret = psk_secret(entry.at("external_psks"), secrets->psks);
    }
    return Group::join(welcome, own, std::move(options));
}

// Follows the entry's epochs as far as they stay inside the subset; says what lay outside.
std::optional<std::string> follow(const Json& entry) {
    auto group = join(entry);
    EXPECT_TRUE(group) << group.error().describe();
    if (!group) return std::nullopt;
    EXPECT_EQ(hex(group->secrets().epoch_authenticator()), entry.at("initial_epoch_authenticator"));
    for (const auto& step : entry.at("epochs")) {
        for (const auto& raw : step.at("proposals")) {
            const auto proposal = decode<MlsMessage>(bytes(raw));
            if (!proposal) {
                EXPECT_EQ(proposal.error().reason(), kUnsupported);
                return "PSK, update or other proposals";
            }
            const auto kept = group->receive_proposal(std::get<PublicMessage>(proposal->body));
            EXPECT_TRUE(kept) << kept.error().describe();
        }
        const auto commit = decode<MlsMessage>(bytes(step.at("commit")));
        if (!commit) {
            EXPECT_EQ(commit.error().reason(), kUnsupported);
            return "PSK, update or other proposals";
        }
        group = group->process(std::get<PublicMessage>(commit->body));
        EXPECT_TRUE(group) << group.error().describe();
        if (!group) return std::nullopt;
        EXPECT_EQ(hex(group->secrets().epoch_authenticator()), step.at("epoch_authenticator"));
    }
    return std::nullopt;
}

void run_passive(const std::string& file) {
    Tally tally{file};
    for (const auto& entry : load_vectors(file)) {
        if (const auto outside = follow(entry)) {
            tally.skipped(*outside);
        } else {
            tally.ran();
        }
    }
}

TEST(Vectors, PassiveClientWelcome) {
    run_passive("passive-client-welcome");
}
TEST(Vectors, PassiveClientHandlingCommit) {
    run_passive("passive-client-handling-commit");
}

template <class T>
bool re_encodes(const Json& hex_text) {
    const auto raw = bytes(hex_text);
    const auto value = decode<T>(raw);
    if (!value) {
        EXPECT_EQ(value.error().reason(), kUnsupported) << T::kName << ": " << value.error().describe();
        return false;
    }
    EXPECT_EQ(hex(encode(*value)), hex(raw)) << T::kName;
    return true;
}

TEST(Vectors, Messages) {
    std::map<std::string, int> counts;
    Tally tally{"messages"};
    for (const auto& entry : load_vectors("messages")) {
        for (const auto* name : {"mls_welcome", "mls_group_info", "mls_key_package",
                                 "public_message_proposal", "public_message_commit"}) {
            re_encodes<MlsMessage>(entry.at(name)) ? tally.ran()
                                                   : tally.skipped("structures of other suites and types");
        }
        for (const auto* name : {"public_message_application", "private_message"}) {
            EXPECT_EQ(decode<MlsMessage>(bytes(entry.at(name))).error().reason(), kUnsupported);
        }
        re_encodes<GroupSecrets>(entry.at("group_secrets"));
        re_encodes<Commit>(entry.at("commit"));
        Proposal add{Add{*decode<KeyPackage>(bytes(entry.at("add_proposal")))}};
        EXPECT_EQ(hex(encode(std::get<Add>(add.body).key_package)), entry.at("add_proposal"));
        const auto tree = RatchetTree::parse(bytes(entry.at("ratchet_tree")), 1U << 16);
        ASSERT_TRUE(tree) << tree.error().describe();
        EXPECT_EQ(hex(tree->serialize()), entry.at("ratchet_tree"));
    }
}

}  // namespace
}  // namespace bandstand::mls
