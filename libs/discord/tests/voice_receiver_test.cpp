#include "discord/voice_receiver.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace bandstand::discord {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kOwn = 1;
constexpr std::uint32_t kTheirs = 77;
constexpr base::UserId kAlice{20};

crypto::TransportKey key(int first = 1) {
    return crypto::TransportKey::from(base::Bytes(crypto::kTransportKeyBytes, static_cast<std::byte>(first)))
        .value();
}
crypto::TransportCipher cipher(int first = 1) {
    return crypto::TransportCipher::create(crypto::TransportMode::aes256_gcm_rtpsize, key(first)).value();
}
base::Bytes bytes(const std::string& hex) {
    return base::from_hex(hex).value();
}

class VoiceReceiverTest : public ::testing::Test {
protected:
    base::Bytes seal(const std::string& header, const std::string& plaintext) {
        base::Bytes packet(6000);
        packet.resize(sender_.seal(bytes(header), bytes(plaintext), packet).value());
        return packet;
    }
    /// A plain packet: sequence 7, timestamp 960.
    base::Bytes packet(std::uint32_t ssrc = kTheirs, const std::string& opus = "78deadbeef") {
        base::Bytes number(4);
        base::write_be(ssrc, base::MutableBytes{number});
        return seal("80780007000003c0" + base::to_hex(number), opus);
    }
    std::optional<VoicePacket> receive(const base::Bytes& datagram) {
        return receiver_.receive(datagram, now_);
    }

    base::Instant now_{1h};
    crypto::TransportCipher sender_ = cipher();
    VoiceReceiver receiver_{cipher(), {.own_ssrc = kOwn}};
};

TEST_F(VoiceReceiverTest, DeliversAPacketOfAKnownUser) {
    receiver_.on_speaking(kAlice, kTheirs, now_);
    const auto got = receive(packet());
    ASSERT_TRUE(got);
    EXPECT_EQ(got->user, kAlice);
    EXPECT_EQ(got->ssrc, kTheirs);
    EXPECT_EQ(got->sequence, 7);
    EXPECT_EQ(got->timestamp, 960U);
    EXPECT_EQ(got->arrived, now_);
    EXPECT_EQ(base::to_hex(got->opus), "78deadbeef");
    EXPECT_FALSE(got->is_silence());
}

TEST_F(VoiceReceiverTest, StripsExtensionCsrcsAndPadding) {
    receiver_.on_speaking(kAlice, 0x4d, now_);
    // 0xb2: version 2, padding, extension, two CSRCs; the marker bit is set.
    const auto got = receive(seal("b2f80009000021c00000004d0000000100000002bede0001",
                                  "90020000"
                                  "7801"
                                  "00000004"));
    ASSERT_TRUE(got);
    EXPECT_EQ(base::to_hex(got->opus), "7801");
}

TEST_F(VoiceReceiverTest, KnowsSilence) {
    receiver_.on_speaking(kAlice, kTheirs, now_);
    EXPECT_TRUE(receive(packet(kTheirs, "f8fffe"))->is_silence());
}

TEST_F(VoiceReceiverTest, DropsWhatIsNoVoice) {
    receiver_.on_speaking(kAlice, kTheirs, now_);
    const auto drops = [this](const base::Bytes& datagram, VoiceDrop why) {
        const auto before = receiver_.dropped(why);
        return !receive(datagram) && receiver_.dropped(why) == before + 1;
    };
    EXPECT_TRUE(drops({}, VoiceDrop::too_short));
    EXPECT_TRUE(drops(base::Bytes(8), VoiceDrop::too_short)) << "keepalive";
    EXPECT_TRUE(drops(base::Bytes(31, std::byte{0x80}), VoiceDrop::too_short));
    EXPECT_TRUE(drops(base::Bytes(74), VoiceDrop::not_rtp)) << "answer to IP discovery";
    EXPECT_TRUE(drops(seal("407800070000"
                           "03c00000004d",
                           "7801"),
                      VoiceDrop::not_rtp));
    EXPECT_TRUE(drops(seal("80c8000700000"
                           "3c00000004d",
                           "7801"),
                      VoiceDrop::rtcp));
    EXPECT_TRUE(drops(seal("80ce000700000"
                           "3c00000004d",
                           "7801"),
                      VoiceDrop::rtcp));
    EXPECT_TRUE(drops(seal("8060000700000"
                           "3c00000004d",
                           "7801"),
                      VoiceDrop::payload_type))
        << "video";
    EXPECT_TRUE(drops(packet(kOwn), VoiceDrop::own));
}

TEST_F(VoiceReceiverTest, DropsForgedPackets) {
    receiver_.on_speaking(kAlice, kTheirs, now_);
    auto forged = packet();
    forged[5] ^= std::byte{1};
    EXPECT_FALSE(receive(forged));
    EXPECT_EQ(receiver_.dropped(VoiceDrop::not_authentic), 1U);
    EXPECT_TRUE(receive(packet()));
}

TEST_F(VoiceReceiverTest, DropsLengthsThatLie) {
    receiver_.on_speaking(kAlice, 0x4d, now_);
    const std::string extended = "90780007000003c00000004dbede";
    EXPECT_FALSE(receive(seal(extended + "ffff", "7801"))) << "extension longer than the packet";
    EXPECT_FALSE(receive(seal(extended + "0001", "900200")));
    EXPECT_FALSE(receive(seal(extended + "0001", "90020000"))) << "nothing behind the extension";
    EXPECT_FALSE(receive(seal("8f780007000003c00000004d", "7801"))) << "15 CSRCs that are not there";
    EXPECT_FALSE(receive(seal("a0780007000003c00000004d", "780103"))) << "all is padding";
    EXPECT_FALSE(receive(seal("a0780007000003c00000004d", "7801ff")));
    EXPECT_FALSE(receive(seal("a0780007000003c00000004d", "780100")));
    EXPECT_FALSE(receive(seal("80780007000003c00000004d", "")));
    EXPECT_FALSE(receive(seal("80780007000003c00000004d", std::string(2 * 4097, '7'))))
        << "no Opus packet is so long";
    EXPECT_EQ(receiver_.dropped(VoiceDrop::malformed), 9U);
}

TEST_F(VoiceReceiverTest, HoldsPacketsUntilTheirUserIsKnown) {
    EXPECT_FALSE(receive(packet(kTheirs, "7801")));
    EXPECT_FALSE(receive(packet(kTheirs, "7802")));
    EXPECT_FALSE(receive(packet(kTheirs + 1, "7803")));
    const auto released = receiver_.on_speaking(kAlice, kTheirs, now_ + 1s);
    ASSERT_EQ(released.size(), 2U);
    EXPECT_EQ(base::to_hex(released[0].opus), "7801");
    EXPECT_EQ(base::to_hex(released[1].opus), "7802");
    EXPECT_EQ(released[1].user, kAlice);
    EXPECT_EQ(released[1].arrived, now_);
    EXPECT_TRUE(receive(packet()));
    EXPECT_EQ(receiver_.dropped(VoiceDrop::held), 0U);
}

TEST_F(VoiceReceiverTest, HoldsThemForAMomentOnly) {
    receive(packet());
    EXPECT_TRUE(receiver_.on_speaking(kAlice, kTheirs, now_ + 3s).empty());
    EXPECT_EQ(receiver_.dropped(VoiceDrop::held), 1U);
}

TEST_F(VoiceReceiverTest, HoldsAFewOnly) {
    for (int i = 0; i < 30; ++i) receive(packet());
    for (std::uint32_t ssrc = 1000; ssrc < 1100; ++ssrc) receive(packet(ssrc));
    EXPECT_EQ(receiver_.on_speaking(kAlice, kTheirs, now_).size(), 25U);
    EXPECT_EQ(receiver_.dropped(VoiceDrop::held), 5U + 37U) << "the oldest of one, and SSRCs beyond 64";
}

TEST_F(VoiceReceiverTest, DeliversUnknownsIfAsked) {
    VoiceReceiver open{cipher(), {.own_ssrc = kOwn, .deliver_unknown = true}};
    const auto got = open.receive(packet(), now_);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->user, base::UserId{});
}

TEST_F(VoiceReceiverTest, ForgetsAUserWhoLeft) {
    receiver_.on_speaking(kAlice, kTheirs, now_);
    receiver_.on_user_left(kAlice);
    EXPECT_FALSE(receive(packet()));
}

TEST_F(VoiceReceiverTest, GoesOnUnderANewKey) {
    receiver_.on_speaking(kAlice, kTheirs, now_);
    sender_ = cipher(2);
    EXPECT_FALSE(receive(packet()));
    receiver_.rekey(cipher(2));
    EXPECT_TRUE(receive(packet()));
}

}  // namespace
}  // namespace bandstand::discord
