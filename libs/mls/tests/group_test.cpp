#include "mls/group.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace bandstand::mls {
namespace {

OwnKeyPackage newcomer(std::string_view name) {
    const auto text = base::as_bytes(name);
    return *OwnKeyPackage::make(
        {.signature = KeyPair::generate(), .credential = {{text.begin(), text.end()}}});
}

/// The server's role: proposes from outside, as DAVE's voice gateway does.
class Outside {
public:
    std::vector<Extension> extensions() const {
        Writer out;
        out.list(std::vector<ExternalSender>{{key_.public_key, {{std::byte{9}}}}});
        return {{Extension::kExternalSenders, std::move(out).take()}};
    }
    PublicMessage propose(const Group& group, Proposal proposal) const {
        PublicMessage message{.content = {.group_id = group.context().group_id,
                                          .epoch = group.epoch(),
                                          .sender = {Sender::Type::external, 0},
                                          .authenticated_data = {},
                                          .body = std::move(proposal)},
                              .signature = {},
                              .confirmation_tag = {},
                              .membership_tag = {}};
        message.signature =
            *sign_with_label(key_.private_key, "FramedContentTBS", message.to_be_signed(group.context()));
        return message;
    }

private:
    KeyPair key_ = KeyPair::generate();
};

base::Bytes group_id() {
    return {std::byte{1}, std::byte{2}};
}

void expect_agreement(const std::vector<Group>& groups) {
    for (const auto& group : groups) {
        EXPECT_EQ(group.context(), groups.front().context());
        EXPECT_EQ(group.tree(), groups.front().tree());
        EXPECT_EQ(group.secrets().exporter_secret(), groups.front().secrets().exporter_secret());
    }
}

TEST(Group, MembersAgreeThroughSeededJoinsAndLeaves) {
    const auto seed = base::random_seed();
    SCOPED_TRACE("seed " + std::to_string(seed));
    base::Random random{seed};
    const Outside outside;
    const auto first = newcomer("0");
    std::vector<Group> groups{*Group::create(first, group_id(), outside.extensions())};
    for (int round = 1; round < 40; ++round) {
        std::vector<OwnKeyPackage> joining;
        std::vector<PublicMessage> proposals;
        if (groups.size() > 3 && random.below(2) == 0) {
            const auto leaving = 1 + random.below(groups.size() - 1);
            proposals.push_back(outside.propose(groups.front(), {Remove{groups[leaving].own_leaf()}}));
            groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(leaving));
        }
        for (auto count = random.below(3); count > 0 || proposals.empty(); count -= count > 0 ? 1 : 0) {
            joining.push_back(newcomer(std::to_string(round) + "-" + std::to_string(joining.size())));
            proposals.push_back(outside.propose(groups.front(), {Add{joining.back().package}}));
        }
        for (auto& group : groups) {
            for (const auto& proposal : proposals) ASSERT_TRUE(group.receive_proposal(proposal));
        }
        const auto committer = random.below(groups.size());
        auto committed = groups[committer].commit();
        ASSERT_TRUE(committed) << committed.error().describe();
        const auto wire = decode<PublicMessage>(encode(committed->message));
        ASSERT_TRUE(wire);
        for (std::size_t i = 0; i < groups.size(); ++i) {
            auto next = i == committer ? base::Result<Group>{committed->next} : groups[i].process(*wire);
            ASSERT_TRUE(next) << next.error().describe();
            groups[i] = *std::move(next);
        }
        for (const auto& own : joining) {
            auto joined = Group::join(*decode<Welcome>(encode(*committed->welcome)), own);
            ASSERT_TRUE(joined) << joined.error().describe();
            groups.push_back(*std::move(joined));
        }
        expect_agreement(groups);
    }
}

class GroupOfTwo : public testing::Test {
protected:
    GroupOfTwo() {
        const auto proposal = outside_.propose(alice_, {Add{bob_package_.package}});
        EXPECT_TRUE(alice_.receive_proposal(proposal));
        auto committed = *alice_.commit();
        welcome_ = *committed.welcome;
        alice_ = committed.next;
        bob_ = *Group::join(welcome_, bob_package_);
    }

    Outside outside_;
    OwnKeyPackage bob_package_ = newcomer("bob");
    Group alice_ = *Group::create(newcomer("alice"), group_id(), outside_.extensions());
    Group bob_ = alice_;
    Welcome welcome_;
};

TEST_F(GroupOfTwo, RefusesAForgedExternalSender) {
    const Outside forger;
    const auto forged = forger.propose(alice_, {Add{newcomer("eve").package}});
    EXPECT_EQ(alice_.receive_proposal(forged).error().reason(), kBadSignature);
    auto wrong_index = outside_.propose(alice_, {Add{newcomer("eve").package}});
    wrong_index.content.sender.index = 1;
    EXPECT_EQ(alice_.receive_proposal(wrong_index).error().reason(), kUnknownSender);
}

TEST_F(GroupOfTwo, RefusesMessagesOfAnotherEpochOrGroup) {
    const auto old = outside_.propose(alice_, {Add{newcomer("carol").package}});
    ASSERT_TRUE(alice_.receive_proposal(old));
    ASSERT_TRUE(bob_.receive_proposal(old));
    const auto commit = *alice_.commit();
    bob_ = *bob_.process(commit.message);
    EXPECT_EQ(bob_.process(commit.message).error().reason(), kWrongEpoch) << "a replayed commit";
    EXPECT_EQ(bob_.receive_proposal(old).error().reason(), kWrongEpoch);
    const auto other = *Group::create(newcomer("x"), {std::byte{7}}, outside_.extensions());
    EXPECT_EQ(bob_.receive_proposal(outside_.propose(other, {Remove{LeafIndex{0}}})).error().reason(),
              kWrongGroup);
}

TEST_F(GroupOfTwo, RefusesAWelcomeForAnotherKeyPackageAndATamperedOne) {
    EXPECT_EQ(Group::join(welcome_, newcomer("bob")).error().reason(), kBadWelcome);
    auto tampered = welcome_;
    tampered.encrypted_group_info[5] ^= std::byte{1};
    EXPECT_FALSE(Group::join(tampered, bob_package_));
}

TEST_F(GroupOfTwo, RefusesACommitWithATamperedTagOrSignature) {
    const auto proposal = outside_.propose(alice_, {Add{newcomer("carol").package}});
    ASSERT_TRUE(alice_.receive_proposal(proposal));
    ASSERT_TRUE(bob_.receive_proposal(proposal));
    const auto commit = *alice_.commit();
    for (const auto field :
         {&PublicMessage::membership_tag, &PublicMessage::confirmation_tag, &PublicMessage::signature}) {
        auto tampered = commit.message;
        (tampered.*field).back() ^= std::byte{1};
        EXPECT_FALSE(bob_.process(tampered));
    }
    EXPECT_TRUE(bob_.process(commit.message));
}

TEST_F(GroupOfTwo, RefusesACommitThatRefersToAProposalItNeverSaw) {
    ASSERT_TRUE(alice_.receive_proposal(outside_.propose(alice_, {Add{newcomer("carol").package}})));
    EXPECT_EQ(bob_.process(alice_.commit()->message).error().reason(), kUnknownProposal);
}

TEST_F(GroupOfTwo, SaysWhenItIsRemovedAndRefusesTheCommitOfARemovedMember) {
    const auto proposal = outside_.propose(alice_, {Remove{bob_.own_leaf()}});
    ASSERT_TRUE(alice_.receive_proposal(proposal));
    ASSERT_TRUE(bob_.receive_proposal(proposal));
    const auto commit = *alice_.commit();
    EXPECT_EQ(bob_.process(commit.message).error().reason(), kRemoved);
    auto stale = bob_;
    const auto theirs = stale.commit();
    EXPECT_EQ(theirs.error().reason(), kBadProposal) << "nobody commits their own removal";
    bob_.forget_proposal(proposal.proposal_ref());
    const auto by_removed = bob_.commit();
    ASSERT_TRUE(by_removed);
    EXPECT_EQ(commit.next.process(by_removed->message).error().reason(), kWrongEpoch);
}

TEST_F(GroupOfTwo, RefusesToAddSomebodyTwice) {
    ASSERT_TRUE(alice_.receive_proposal(outside_.propose(alice_, {Add{newcomer("bob").package}})));
    EXPECT_EQ(alice_.commit().error().reason(), kBadProposal);
}

}  // namespace
}  // namespace bandstand::mls
