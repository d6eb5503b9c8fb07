#include "dave/session.hpp"

#include <gtest/gtest.h>

#include "dave/frame.hpp"

namespace bandstand::dave {
namespace {

using base::Bytes;
using base::ByteView;

constexpr base::ChannelId kChannel{927310423890473011U};
constexpr base::UserId kAlice{158049329150427136U};
constexpr base::UserId kBob{158533742254751744U};

template <class T>
const T* find(const Actions& actions) {
    for (const auto& action : actions) {
        if (const auto* found = std::get_if<T>(&action)) return found;
    }
    return nullptr;
}

/// As much of the voice gateway as two members need: it proposes, and hands commits and welcomes on.
class Gateway {
public:
    Bytes external_sender() const {
        return mls::encode(mls::ExternalSender{key_.public_key, {{std::byte{0}}}});
    }
    /// Op 27 with one add, signed for the group's epoch.
    Bytes add(ByteView key_package, std::uint64_t epoch) const {
        return append({mls::Add{*mls::decode<mls::KeyPackage>(key_package)}}, epoch);
    }
    Bytes remove(std::uint32_t leaf, std::uint64_t epoch) const {
        return append({mls::Remove{mls::LeafIndex{leaf}}}, epoch);
    }
    /// Op 28 taken apart: the commit, and the welcome glued to it.
    static std::pair<Bytes, Bytes> split(const Bytes& body) {
        mls::Reader in{body};
        const auto message = mls::MlsMessage::decode(in);
        EXPECT_TRUE(in.ok());
        const auto commit = mls::encode(message);
        return {commit, Bytes{body.begin() + static_cast<std::ptrdiff_t>(commit.size()), body.end()}};
    }

private:
    Bytes append(mls::Proposal proposal, std::uint64_t epoch) const {
        Bytes group_id(8);
        base::write_be(kChannel.value(), group_id);
        mls::PublicMessage message{.content = {.group_id = group_id,
                                               .epoch = epoch,
                                               .sender = {mls::Sender::Type::external, 0},
                                               .authenticated_data = {},
                                               .body = std::move(proposal)},
                                   .signature = {},
                                   .confirmation_tag = {},
                                   .membership_tag = {}};
        message.signature =
            *mls::sign_with_label(key_.private_key, "FramedContentTBS", message.to_be_signed({}));
        mls::Writer out;
        out.u8(0);
        out.vector(mls::encode(mls::MlsMessage{message}));
        return std::move(out).take();
    }
    mls::KeyPair key_ = mls::KeyPair::generate();
};

class TwoMembers : public testing::Test {
protected:
    /// Alice commits Bob's add; both have prepared transition 1.
    void join() {
        for (auto* session : {&alice_, &bob_}) {
            packages_.push_back(find<SendKeyPackage>(session->on_session_description(1))->body);
            EXPECT_TRUE(session->on_external_sender(gateway_.external_sender()).empty());
            session->on_clients_connect({kAlice, kBob});
        }
        const auto committed = alice_.on_proposals(gateway_.add(packages_[1], 0));
        const auto* wire = find<SendCommitWelcome>(committed);
        ASSERT_NE(wire, nullptr);
        std::tie(commit_, welcome_) = Gateway::split(wire->body);
        EXPECT_FALSE(alice_.established()) << "an own commit waits for op 29";
        at_alice_ = alice_.on_announce_commit(1, commit_);
        at_bob_ = bob_.on_welcome(1, welcome_);
    }

    Gateway gateway_;
    Session alice_{kAlice, kChannel, mls::KeyPair::generate()};
    Session bob_{kBob, kChannel, mls::KeyPair::generate()};
    std::vector<Bytes> packages_;
    Bytes commit_;
    Bytes welcome_;
    Actions at_alice_;
    Actions at_bob_;
};

TEST_F(TwoMembers, ShareAnEpochAndSealForEachOther) {
    join();
    EXPECT_EQ(find<SendTransitionReady>(at_alice_)->transition_id, 1);
    EXPECT_EQ(find<SendTransitionReady>(at_bob_)->transition_id, 1);
    EXPECT_EQ(find<UseSenderSecret>(at_alice_), nullptr) << "the sender changes when op 22 comes";
    EXPECT_EQ(alice_.epoch(), 1U);
    EXPECT_EQ(alice_.roster(), (std::vector{kAlice, kBob}));
    EXPECT_EQ(alice_.group()->secrets().epoch_authenticator(), bob_.group()->secrets().epoch_authenticator());
    const auto alice_sends = alice_.on_execute_transition(1);
    const auto* heard = find<AddReceiverSecret>(at_bob_);
    ASSERT_NE(heard, nullptr);
    EXPECT_EQ(heard->user, kAlice);
    EXPECT_EQ(*find<UseSenderSecret>(alice_sends)->base_secret, heard->base_secret);
    EXPECT_TRUE(alice_.on_execute_transition(1).empty()) << "an unknown transition is nobody's";
}

TEST_F(TwoMembers, ACommitThatRemovesAMemberGivesTheRestANewSecret) {
    join();
    const auto before = *find<UseSenderSecret>(alice_.on_execute_transition(1))->base_secret;
    alice_.on_client_disconnect(kBob);
    const auto committed = alice_.on_proposals(gateway_.remove(1, 1));
    ASSERT_NE(find<SendCommitWelcome>(committed), nullptr);
    const auto [commit, welcome] = Gateway::split(find<SendCommitWelcome>(committed)->body);
    EXPECT_TRUE(welcome.empty());
    const auto prepared = alice_.on_announce_commit(0, commit);
    EXPECT_EQ(find<SendTransitionReady>(prepared), nullptr) << "transition 0 is executed at once";
    EXPECT_FALSE(*find<UseSenderSecret>(prepared)->base_secret == before);
    EXPECT_EQ(alice_.roster(), std::vector{kAlice});
}

TEST_F(TwoMembers, RefuseAForgedSenderAndAUserWhoIsNotInTheChannel) {
    join();
    const Gateway forger;
    auto other = Session{base::UserId{7}, kChannel, mls::KeyPair::generate()};
    const auto package = find<SendKeyPackage>(other.on_session_description(1))->body;
    EXPECT_EQ(find<Refused>(alice_.on_proposals(forger.add(package, 1)))->error.reason(), kWrongRoster);
    alice_.on_clients_connect({base::UserId{7}});
    EXPECT_EQ(find<Refused>(alice_.on_proposals(forger.add(package, 1)))->error.reason(), mls::kBadSignature);
    EXPECT_NE(find<SendCommitWelcome>(alice_.on_proposals(gateway_.add(package, 1))), nullptr);
}

TEST_F(TwoMembers, RecoverFromACommitTheyCannotProcess) {
    join();
    auto broken = commit_;
    broken.back() ^= std::byte{1};
    const auto recovered = bob_.on_announce_commit(9, broken);
    EXPECT_EQ(find<SendInvalidCommitWelcome>(recovered)->transition_id, 9);
    ASSERT_NE(find<SendKeyPackage>(recovered), nullptr);
    EXPECT_NE(find<SendKeyPackage>(recovered)->body, packages_[1]) << "a key package is never used twice";
    EXPECT_FALSE(bob_.established());
    EXPECT_EQ(find<UseSenderSecret>(recovered), nullptr) << "the keys in use go on until they are replaced";
}

TEST(Session, AWelcomeForAnotherKeyPackageStartsARecovery) {
    Gateway gateway;
    Session carol{base::UserId{3}, kChannel, mls::KeyPair::generate()};
    EXPECT_TRUE(carol.on_welcome(4, {}).empty()) << "nothing was negotiated yet";
    carol.on_session_description(1);
    carol.on_external_sender(gateway.external_sender());
    const auto refused = carol.on_welcome(4, Bytes(40));
    EXPECT_EQ(find<SendInvalidCommitWelcome>(refused)->transition_id, 4);
}

TEST(Session, Version0SendsAsItIs) {
    Session session{kAlice, kChannel, mls::KeyPair::generate()};
    const auto actions = session.on_session_description(0);
    EXPECT_FALSE(find<UseSenderSecret>(actions)->base_secret);
    EXPECT_TRUE(find<AllowPassthrough>(actions)->allowed);
    EXPECT_EQ(find<SendKeyPackage>(actions), nullptr);
}

}  // namespace
}  // namespace bandstand::dave
