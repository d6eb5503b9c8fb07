#include "mls/codec.hpp"
#include "mls/key_schedule.hpp"
#include "vectors.hpp"

namespace bandstand::mls {
namespace {

TEST(Vectors, Deserialization) {
    Tally tally{"deserialization"};
    for (const auto& entry : load_vectors("deserialization")) {
        auto header = bytes(entry.at("vlbytes_header"));
        const auto length = entry.at("length").get<std::size_t>();
        header.resize(header.size() + length);
        Reader in{header};
        EXPECT_EQ(in.vector().size(), length);
        EXPECT_TRUE(in.done());
        tally.ran();
    }
}

TEST(Codec, RefusesLengthsThatAreNotInTheirShortestFormOrLongerThanTheInput) {
    for (const auto* bad : {"4001ff", "80000001ff", "c0", "02ff", "7fff", "bfffffff", ""}) {
        const auto raw = *base::from_hex(bad);
        Reader in{raw};
        static_cast<void>(in.vector());
        EXPECT_FALSE(in.ok()) << bad;
    }
}

TEST(Vectors, CryptoBasics) {
    for_suite_2("crypto-basics", [](const Json& entry) {
        const auto text = [](const Json& value) { return value.get<std::string>(); };
        const auto& ref = entry.at("ref_hash");
        EXPECT_EQ(hex(ref_hash(text(ref.at("label")), bytes(ref.at("value")))), ref.at("out"));
        const auto& expand = entry.at("expand_with_label");
        EXPECT_EQ(hex(expand_with_label(secret(expand.at("secret")), text(expand.at("label")),
                                        bytes(expand.at("context")), expand.at("length"))),
                  expand.at("out"));
        const auto& derive = entry.at("derive_secret");
        EXPECT_EQ(hex(derive_secret(secret(derive.at("secret")), text(derive.at("label")))),
                  derive.at("out"));
        const auto& tree = entry.at("derive_tree_secret");
        EXPECT_EQ(hex(derive_tree_secret(secret(tree.at("secret")), text(tree.at("label")),
                                         tree.at("generation"), tree.at("length"))),
                  tree.at("out"));
        const auto& sign = entry.at("sign_with_label");
        const auto content = bytes(sign.at("content"));
        EXPECT_TRUE(verify_with_label(bytes(sign.at("pub")), text(sign.at("label")), content,
                                      bytes(sign.at("signature"))));
        const auto own = sign_with_label(secret(sign.at("priv")), text(sign.at("label")), content);
        ASSERT_TRUE(own);
        EXPECT_TRUE(verify_with_label(bytes(sign.at("pub")), text(sign.at("label")), content, *own));
        EXPECT_FALSE(verify_with_label(bytes(sign.at("pub")), "another label", content, *own));
        const auto& sealed = entry.at("encrypt_with_label");
        const auto context = bytes(sealed.at("context"));
        const auto label = text(sealed.at("label"));
        const auto opened =
            decrypt_with_label(secret(sealed.at("priv")), label, context,
                               {bytes(sealed.at("kem_output")), bytes(sealed.at("ciphertext"))});
        ASSERT_TRUE(opened);
        EXPECT_EQ(hex(*opened), sealed.at("plaintext"));
        auto again =
            encrypt_with_label(bytes(sealed.at("pub")), label, context, bytes(sealed.at("plaintext")));
        ASSERT_TRUE(again);
        EXPECT_EQ(hex(*decrypt_with_label(secret(sealed.at("priv")), label, context, *again)),
                  sealed.at("plaintext"));
        again->ciphertext[0] ^= std::byte{1};
        EXPECT_FALSE(decrypt_with_label(secret(sealed.at("priv")), label, context, *again));
    });
}

TEST(Crypto, RefusesKeysOffTheCurveAndScalarsOutOfRange) {
    EXPECT_FALSE(check_public_key(base::Bytes(kPublicKeyBytes)));
    base::Bytes off(kPublicKeyBytes, std::byte{1});
    off[0] = std::byte{4};
    EXPECT_FALSE(check_public_key(off));
    EXPECT_FALSE(check_public_key({}));
    EXPECT_FALSE(KeyPair::from_private(Secret::zeros(32)));
    EXPECT_FALSE(KeyPair::from_private(Secret{base::Bytes(32, std::byte{0xff})}));
    EXPECT_FALSE(KeyPair::from_private(Secret::zeros(31)));
}

TEST(Vectors, KeySchedule) {
    for_suite_2("key-schedule", [](const Json& entry) {
        auto init = secret(entry.at("initial_init_secret"));
        std::uint64_t epoch = 0;
        for (const auto& step : entry.at("epochs")) {
            const GroupContext context{
                .group_id = bytes(entry.at("group_id")),
                .epoch = epoch++,
                .tree_hash = bytes(step.at("tree_hash")),
                .confirmed_transcript_hash = bytes(step.at("confirmed_transcript_hash")),
                .extensions = {}};
            EXPECT_EQ(hex(encode(context)), step.at("group_context"));
            const auto joiner = EpochSecrets::joiner_secret(init, secret(step.at("commit_secret")), context);
            EXPECT_EQ(hex(joiner), step.at("joiner_secret"));
            const auto psk = secret(step.at("psk_secret"));
            const auto welcome = secret(step.at("welcome_secret"));
            EXPECT_EQ(EpochSecrets::welcome_key(joiner, psk),
                      expand_with_label(welcome, "key", {}, kKeyBytes));
            EXPECT_EQ(EpochSecrets::welcome_nonce(joiner, psk),
                      expand_with_label(welcome, "nonce", {}, kNonceBytes));
            const auto secrets = EpochSecrets::from_joiner(joiner, context, psk);
            EXPECT_EQ(hex(secrets.init_secret()), step.at("init_secret"));
            EXPECT_EQ(hex(secrets.encryption_secret()), step.at("encryption_secret"));
            EXPECT_EQ(hex(secrets.exporter_secret()), step.at("exporter_secret"));
            EXPECT_EQ(hex(secrets.epoch_authenticator()), step.at("epoch_authenticator"));
            EXPECT_EQ(hex(secrets.membership_key()), step.at("membership_key"));
            EXPECT_EQ(hex(secrets.external_secret()), step.at("external_secret"));
            EXPECT_EQ(hex(KeyPair::derive(secrets.external_secret())->public_key), step.at("external_pub"));
            EXPECT_EQ(secrets.confirmation_tag(context.confirmed_transcript_hash),
                      hmac(bytes(step.at("confirmation_key")), context.confirmed_transcript_hash));
            const auto& exporter = step.at("exporter");
            EXPECT_EQ(hex(secrets.export_secret(exporter.at("label").get<std::string>(),
                                                bytes(exporter.at("context")), exporter.at("length"))),
                      exporter.at("secret"));
            init = secrets.init_secret();
        }
    });
}

TEST(Vectors, TranscriptHashes) {
    for_suite_2("transcript-hashes", [](const Json& entry) {
        const auto raw = bytes(entry.at("authenticated_content"));
        Reader in{raw};
        ASSERT_EQ(in.u16(), 1);  // wire format public_message
        PublicMessage commit{.content = FramedContent::decode(in),
                             .signature = {},
                             .confirmation_tag = {},
                             .membership_tag = {}};
        commit.signature = in.opaque();
        commit.confirmation_tag = in.opaque();
        ASSERT_TRUE(in.done());
        const auto confirmed = confirmed_transcript_hash(bytes(entry.at("interim_transcript_hash_before")),
                                                         commit.transcript_input());
        EXPECT_EQ(hex(confirmed), entry.at("confirmed_transcript_hash_after"));
        EXPECT_EQ(hex(hmac(bytes(entry.at("confirmation_key")), confirmed)), hex(commit.confirmation_tag));
        EXPECT_EQ(hex(interim_transcript_hash(confirmed, commit.confirmation_tag)),
                  entry.at("interim_transcript_hash_after"));
    });
}

TEST(Vectors, MessageProtection) {
    for_suite_2("message-protection", [](const Json& entry) {
        const GroupContext context{.group_id = bytes(entry.at("group_id")),
                                   .epoch = entry.at("epoch"),
                                   .tree_hash = bytes(entry.at("tree_hash")),
                                   .confirmed_transcript_hash = bytes(entry.at("confirmed_transcript_hash")),
                                   .extensions = {}};
        const auto message = decode<MlsMessage>(bytes(entry.at("proposal_pub")));
        ASSERT_TRUE(message) << message.error().describe();
        const auto& proposal = std::get<PublicMessage>(message->body);
        EXPECT_TRUE(verify_with_label(bytes(entry.at("signature_pub")), "FramedContentTBS",
                                      proposal.to_be_signed(context), proposal.signature));
        EXPECT_EQ(hmac(bytes(entry.at("membership_key")), proposal.to_be_tagged(context)),
                  proposal.membership_tag);
        EXPECT_EQ(hex(encode(*message)), entry.at("proposal_pub"));
        EXPECT_EQ(hex(encode(std::get<Proposal>(proposal.content.body))), entry.at("proposal"));
        // The commit of this entry carries a PSK proposal by value; commits are proven by the passive
        // clients.
        EXPECT_EQ(decode<MlsMessage>(bytes(entry.at("commit_pub"))).error().reason(), kUnsupported);
        for (const auto* name : {"proposal_priv", "commit_priv", "application_priv"}) {
            EXPECT_EQ(decode<MlsMessage>(bytes(entry.at(name))).error().reason(), kUnsupported);
        }
    });
}

// RFC 9420 §9: the path from the encryption secret to a leaf, then its application ratchet.
Secret leaf_secret(Secret encryption_secret, LeafIndex leaf, std::uint32_t leaves) {
    auto at = root(leaves);
    while (!is_leaf(at)) {
        const bool goes_left = is_in_subtree(node_of(leaf), left(at));
        encryption_secret = expand_with_label(encryption_secret, "tree",
                                              base::as_bytes(goes_left ? "left" : "right"), kHashBytes);
        at = goes_left ? left(at) : right(at);
    }
    return encryption_secret;
}

TEST(Vectors, SecretTree) {
    for_suite_2("secret-tree", [](const Json& entry) {
        const auto& leaves = entry.at("leaves");
        for (std::uint32_t i = 0; i < leaves.size(); ++i) {
            const auto leaf = leaf_secret(secret(entry.at("encryption_secret")), LeafIndex{i},
                                          static_cast<std::uint32_t>(leaves.size()));
            auto ratchet = expand_with_label(leaf, "application", {}, kHashBytes);
            std::uint32_t generation = 0;
            for (const auto& step : leaves[i]) {
                for (; generation < step.at("generation"); ++generation) {
                    ratchet = derive_tree_secret(ratchet, "secret", generation, kHashBytes);
                }
                EXPECT_EQ(hex(derive_tree_secret(ratchet, "key", generation, kKeyBytes)),
                          step.at("application_key"));
                EXPECT_EQ(hex(derive_tree_secret(ratchet, "nonce", generation, kNonceBytes)),
                          step.at("application_nonce"));
            }
        }
    });
}

}  // namespace
}  // namespace bandstand::mls
