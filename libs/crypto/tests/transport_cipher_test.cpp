#include "crypto/transport_cipher.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "config/environment.hpp"
#include "testing/seeded.hpp"

namespace bandstand::crypto {
namespace {

constexpr auto kGcm = TransportMode::aes256_gcm_rtpsize;
constexpr auto kXChaCha = TransportMode::xchacha20_poly1305_rtpsize;

base::Bytes unhex(const std::string& text) {
    return base::from_hex(text).value();
}

TransportKey some_key(int first = 1) {
    base::Bytes bytes(kTransportKeyBytes);
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::byte>(first + static_cast<int>(i));
    return TransportKey::from(bytes).value();
}

TransportCipher cipher(TransportMode mode, std::uint32_t first_nonce = 0) {
    return TransportCipher::create(mode, some_key(), first_nonce).value();
}

nlohmann::json vectors() {
    const auto root = config::Environment::of_process().get("BANDSTAND_SOURCE_DIR");
    std::ifstream file{root.value_or(".") + "/libs/crypto/tests/data/transport_rtpsize.json"};
    return nlohmann::json::parse(file);
}

class BothModes : public ::testing::TestWithParam<TransportMode> {
protected:
    base::Bytes sealed_packet() {
        base::Bytes out(64);
        out.resize(sender.seal(header, payload, out).value());
        return out;
    }

    base::Bytes header = unhex("80780001000003c000001234");
    base::Bytes payload = unhex("78deadbeef");
    TransportCipher sender = cipher(GetParam());
    TransportCipher receiver = cipher(GetParam());
};

INSTANTIATE_TEST_SUITE_P(TransportCipher, BothModes, ::testing::Values(kGcm, kXChaCha),
                         [](const auto& mode) { return mode.param == kGcm ? "gcm" : "xchacha"; });

TEST_P(BothModes, SealsAndOpensTheWorkedPackets) {
    const auto file = vectors();
    const auto key = TransportKey::from(unhex(file.at("secret_key"))).value();
    const char* field = GetParam() == kGcm ? "packet_aes256_gcm" : "packet_xchacha20_poly1305";
    ASSERT_EQ(file.at("packets").size(), 5U);
    for (const auto& packet : file.at("packets")) {
        SCOPED_TRACE(packet.at("note").get<std::string>());
        const auto clear = unhex(packet.at("clear_header_aad"));
        auto plaintext = unhex(packet.at("encrypted_extension_body"));
        const auto body = unhex(packet.at("rtp_payload"));
        plaintext.insert(plaintext.end(), body.begin(), body.end());

        auto worked =
            TransportCipher::create(GetParam(), key, packet.at("counter").get<std::uint32_t>()).value();
        base::Bytes sealed(256);
        sealed.resize(worked.seal(clear, plaintext, sealed).value());
        EXPECT_EQ(base::to_hex(sealed), packet.at(field).get<std::string>());

        base::Bytes opened(256);
        opened.resize(worked.open(sealed, clear.size(), opened).value());
        EXPECT_EQ(opened, plaintext);
    }
}

TEST_P(BothModes, SealsInPlace) {
    base::Bytes buffer = header;
    buffer.insert(buffer.end(), payload.begin(), payload.end());
    buffer.resize(buffer.size() + kTransportOverheadBytes);
    const base::MutableBytes all{buffer};
    const auto size = sender.seal(all.first(header.size()), all.subspan(header.size(), payload.size()), all);
    ASSERT_TRUE(size) << size.error().describe();
    EXPECT_EQ(*size, 37U);  // as seen on Discord's wire with five bytes of Opus
    sender = cipher(GetParam());
    EXPECT_EQ(buffer, sealed_packet());
}

TEST_P(BothModes, OpensInPlace) {
    auto packet = sealed_packet();
    const auto size = receiver.open(packet, header.size(), base::MutableBytes{packet}.subspan(header.size()));
    ASSERT_TRUE(size) << size.error().describe();
    EXPECT_TRUE(std::equal(payload.begin(), payload.end(), packet.begin() + 12));
}

TEST_P(BothModes, RefusesAPacketWithAnyBitChanged) {
    const auto packet = sealed_packet();
    base::Bytes out(64);
    ASSERT_TRUE(receiver.open(packet, header.size(), out));
    for (std::size_t bit = 0; bit < packet.size() * 8; ++bit) {
        auto tampered = packet;
        tampered[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
        const auto opened = receiver.open(tampered, header.size(), out);
        ASSERT_FALSE(opened) << "bit " << bit;
        EXPECT_EQ(opened.error().reason(), kNotAuthentic);
    }
    EXPECT_TRUE(receiver.open(packet, header.size(), out)) << "a refused packet must not spoil the next one";
}

TEST_P(BothModes, LeavesNothingOfAForgedPlaintextBehind) {
    auto packet = sealed_packet();
    packet.back() ^= std::byte{1};
    base::Bytes out(payload.size(), std::byte{0xaa});
    ASSERT_FALSE(receiver.open(packet, header.size(), out));
    EXPECT_EQ(out, base::Bytes(payload.size()));
}

TEST_P(BothModes, RefusesAnotherKey) {
    auto stranger = TransportCipher::create(GetParam(), some_key(2)).value();
    base::Bytes out(64);
    EXPECT_FALSE(stranger.open(sealed_packet(), header.size(), out));
}

TEST_P(BothModes, NeverUsesANonceTwice) {
    sender = cipher(GetParam(), 0xfffffffe);
    EXPECT_EQ(base::to_hex(base::ByteView{sealed_packet()}.last(4)), "fffffffe");
    EXPECT_EQ(base::to_hex(base::ByteView{sealed_packet()}.last(4)), "ffffffff");
    EXPECT_EQ(sender.next_nonce(), std::nullopt);
    base::Bytes out(64);
    const auto wrapped = sender.seal(header, payload, out);
    ASSERT_FALSE(wrapped);
    EXPECT_EQ(wrapped.error().reason(), kNonceExhausted);
}

TEST_P(BothModes, CarriesAnEmptyPayload) {
    base::Bytes out(32);
    ASSERT_EQ(sender.seal(header, {}, out).value(), 32U);
    EXPECT_EQ(receiver.open(out, header.size(), {}).value(), 0U);
}

TEST_P(BothModes, RefusesABufferThatIsOneByteShort) {
    base::Bytes out(36);
    EXPECT_EQ(sender.seal(header, payload, out).error().reason(), kBufferTooSmall);
    EXPECT_EQ(sender.next_nonce(), 0U) << "nothing was sealed";
    const auto packet = sealed_packet();
    EXPECT_EQ(receiver.open(packet, header.size(), base::MutableBytes{out}.first(4)).error().reason(),
              kBufferTooSmall);
}

TEST_P(BothModes, RefusesAPacketShorterThanItsParts) {
    const auto packet = sealed_packet();
    base::Bytes out(64);
    for (std::size_t size = 0; size < 32; ++size) {
        const auto opened = receiver.open(base::ByteView{packet}.first(size), 12, out);
        ASSERT_FALSE(opened);
        EXPECT_EQ(opened.error().reason(), kMalformedPacket) << size;
    }
    EXPECT_EQ(receiver.open(packet, packet.size() + 1, out).error().reason(), kMalformedPacket);
}

class RandomPackets : public testing::SeededTest {};

TEST_F(RandomPackets, OfEverySizeComeBackAsTheyWere) {
    const base::Bytes header(12, std::byte{0x80});
    base::Bytes out(2048);
    base::Bytes opened(2048);
    for (const auto mode : {kGcm, kXChaCha}) {
        auto sender = cipher(mode);
        auto receiver = cipher(mode);
        for (std::size_t size = 0; size < 1400; size += 1 + random_.below(9)) {
            base::Bytes plaintext(size);
            for (auto& byte : plaintext) byte = static_cast<std::byte>(random_.below(256));
            const auto total = sender.seal(header, plaintext, out).value();
            const auto length = receiver.open(base::ByteView{out}.first(total), header.size(), opened);
            ASSERT_TRUE(length) << length.error().describe();
            EXPECT_TRUE(std::equal(plaintext.begin(), plaintext.end(), opened.begin(),
                                   opened.begin() + static_cast<std::ptrdiff_t>(*length)));
        }
    }
}

TEST(TransportKey, HasThirtyTwoBytes) {
    EXPECT_EQ(TransportKey::from(base::Bytes(31)).error().reason(), kBadTransportKey);
    EXPECT_EQ(TransportKey::from(base::Bytes(33)).error().reason(), kBadTransportKey);
    EXPECT_TRUE(some_key() == some_key());
    EXPECT_FALSE(some_key(1) == some_key(2));
}

TEST(TransportMode, IsSpelledAsDiscordSpellsIt) {
    EXPECT_EQ(parse_transport_mode("aead_aes256_gcm_rtpsize"), kGcm);
    EXPECT_EQ(parse_transport_mode("aead_xchacha20_poly1305_rtpsize"), kXChaCha);
    EXPECT_EQ(parse_transport_mode("xsalsa20_poly1305"), std::nullopt);
}

}  // namespace
}  // namespace bandstand::crypto
