#include "dave/codes.hpp"
#include "dave/key_ratchet.hpp"
#include "mls/group.hpp"
#include "vectors.hpp"

// Ten users, ten commits, recorded from libdave, and from libdave with davey: every member whose keys are in
// the file is followed from the step that welcomes it, and must reach the recorded state.

namespace bandstand::dave {
namespace {

mls::OwnKeyPackage own_package(const Json& member) {
    mls::OwnKeyPackage own{
        .identity = {.signature = *mls::KeyPair::from_private(secret(member.at("signature_priv"))),
                     .credential = {}},
        .package = *mls::decode<mls::KeyPackage>(bytes(member.at("key_package"))),
        .init_key = secret(member.at("init_priv")),
        .leaf_key = secret(member.at("encryption_priv"))};
    own.identity.credential = own.package.leaf.credential;
    return own;
}

base::Bytes little_endian(base::UserId id) {
    base::Bytes out(8);
    for (unsigned i = 0; i < 8; ++i) out[i] = static_cast<std::byte>((id.value() >> (8U * i)) & 0xffU);
    return out;
}

void expect_state(const mls::Group& group, const Json& after) {
    EXPECT_EQ(hex(mls::encode(group.context())), after.at("group_context"));
    EXPECT_EQ(hex(group.tree().serialize()), after.at("ratchet_tree"));
    EXPECT_EQ(hex(group.secrets().exporter_secret().view()), after.at("exporter_secret"));
    const auto authenticator = group.secrets().epoch_authenticator().view();
    EXPECT_EQ(hex(authenticator), after.at("epoch_authenticator"));
    EXPECT_EQ(Json(*epoch_code(authenticator)), after.at("epoch_authenticator_code"));
    for (const auto& [id, expected] : after.at("sender_base_secrets").items()) {
        const auto base = group.secrets().export_secret("Discord Secure Frames v0",
                                                        little_endian(user(Json(id))), mls::kKeyBytes);
        EXPECT_EQ(hex(base.view()), expected);
        KeyRatchet ratchet{base};
        for (const auto& [generation, key] : after.at("sender_keys_by_generation").at(id).items()) {
            while (ratchet.generation() < std::stoul(generation)) ratchet.advance();
            EXPECT_EQ(hex(ratchet.key().view()), key);
        }
    }
}

// op 27: 0 appends MLSMessages, 1 revokes refs.
void apply_proposals(mls::Group& group, const base::Bytes& body) {
    mls::Reader in{body};
    const auto operation = in.u8();
    mls::Reader items{in.vector()};
    ASSERT_TRUE(in.done());
    while (items.ok() && !items.empty()) {
        if (operation == 1) {
            group.forget_proposal(items.vector());
            continue;
        }
        const auto message = mls::MlsMessage::decode(items);
        const auto kept = group.receive_proposal(std::get<mls::PublicMessage>(message.body));
        ASSERT_TRUE(kept) << kept.error().describe();
    }
    ASSERT_TRUE(items.ok());
}

void follow(const std::string& file) {
    const auto transcript = load_vectors(file);
    std::map<std::string, mls::Group> members;
    int states = 0;
    for (const auto& step : transcript.at("steps")) {
        const auto commit = mls::decode<mls::MlsMessage>(bytes(step.at("commit")));
        ASSERT_TRUE(commit) << commit.error().describe();
        std::erase_if(members, [&](const auto& entry) {
            return Json(entry.first) == step.at("committer") ||
                   std::ranges::find(step.at("removed"), Json(entry.first)) != step.at("removed").end();
        });
        for (auto& [id, group] : members) {
            for (const auto& body : step.at("op27_bodies")) apply_proposals(group, bytes(body));
            auto next = group.process(std::get<mls::PublicMessage>(commit->body));
            ASSERT_TRUE(next) << next.error().describe();
            group = *std::move(next);
        }
        for (const auto& joined : step.at("welcomed")) {
            const auto& member = transcript.at("members").at(joined.at("member_key").get<std::string>());
            if (!member.contains("signature_priv") || !member.contains("init_priv"))
                continue;  // davey keeps its keys
            auto group =
                mls::Group::join(*mls::decode<mls::Welcome>(bytes(step.at("welcome"))), own_package(member));
            ASSERT_TRUE(group) << group.error().describe();
            members.insert_or_assign(joined.at("user_id").get<std::string>(), *std::move(group));
        }
        for (const auto& [id, group] : members) {
            SCOPED_TRACE("member " + id);
            expect_state(group, step.at("after"));
            ++states;
        }
    }
    std::printf("[ VECTORS  ] %s: %d states compared\n", file.c_str(), states);
    EXPECT_GT(states, 20);
}

TEST(Vectors, GroupTranscriptOfLibdave) {
    follow("group_transcript_libdave");
}
TEST(Vectors, GroupTranscriptOfLibdaveAndDavey) {
    follow("group_transcript_mixed");
}

}  // namespace
}  // namespace bandstand::dave
