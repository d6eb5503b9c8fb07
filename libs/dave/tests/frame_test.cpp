#include "dave/frame.hpp"

#include "dave/frame_opener.hpp"
#include "vectors.hpp"

namespace bandstand::dave {
namespace {

using namespace std::chrono_literals;
constexpr base::Instant kStart{100h};

mls::Secret base_secret(unsigned char filled) {
    return mls::Secret{base::Bytes(16, static_cast<std::byte>(filled))};
}

base::Bytes sealed(FrameSealer& sealer, base::Bytes frame) {
    const auto size = frame.size();
    frame.resize(size + kMaxOverheadBytes);
    frame.resize(*sealer.seal(frame, size));
    return frame;
}

base::Result<base::Bytes> opened(FrameOpener& opener, const base::Bytes& frame, base::Instant now = kStart) {
    base::Bytes out(frame.size());
    auto size = opener.open(frame, out, now);
    if (!size) return std::unexpected(std::move(size).error());
    out.resize(*size);
    return out;
}

TEST(Vectors, KeyRatchet) {
    for (const auto& entry : load_vectors("key_ratchet").at("vectors")) {
        for (const auto& [generation, key] : entry.at("keys").items()) {
            KeyRatchet ratchet{secret(entry.at("base_secret"))};
            while (ratchet.generation() < std::stoul(generation)) ratchet.advance();
            EXPECT_EQ(hex(ratchet.key().view()), key) << generation;
        }
    }
}

TEST(Vectors, FrameCheck) {
    for (const auto& entry : load_vectors("frame_check").at("vectors")) {
        EXPECT_EQ(ProtocolFrame::parse(bytes(entry.at("frame"))).has_value(), entry.at("is_protocol_frame"))
            << entry.at("note");
    }
}

TEST(Vectors, FramesOfLibdaveAreSealedAndOpenedAlike) {
    const auto vectors = load_vectors("frames");
    for (const auto& entry : vectors.at("frames")) {
        const auto from =
            secret(entry.contains("base_secret") ? entry.at("base_secret") : vectors.at("base_secret"));
        const std::uint32_t truncated = entry.at("truncated_nonce");
        const std::uint32_t generation = entry.at("generation");
        const auto nonce = big_nonce(generation, truncated);
        const auto frame = bytes(entry.at("frame"));
        const auto parsed = ProtocolFrame::parse(frame);
        ASSERT_TRUE(parsed);
        EXPECT_EQ(parsed->nonce, truncated);
        KeyRatchet ratchet{from};
        while (ratchet.generation() < generation) ratchet.advance();
        FrameCipher cipher{ratchet.key()};
        base::Bytes plain(parsed->media.size());
        ASSERT_TRUE(cipher.open(*parsed, plain));
        EXPECT_EQ(hex(plain), entry.at("plaintext"));
        if (entry.at("media") != "opus") continue;
        FrameSealer sealer{from, nonce - 1};
        EXPECT_EQ(hex(sealed(sealer, plain)), entry.at("frame"));
    }
}

TEST(Vectors, ReplayWindow) {
    const auto vectors = load_vectors("replay_window");
    for (const auto& entry : vectors.at("wrapped_generation")) {
        EXPECT_EQ(unwrap_generation(entry.at("oldest_generation"), entry.at("nonce_top_byte")),
                  entry.at("generation"));
    }
    for (const auto& entry : vectors.at("wrapped_nonce")) {
        EXPECT_EQ(big_nonce(entry.at("generation"), entry.at("truncated_nonce")), entry.at("big_nonce"));
    }
    ReplayWindow window;
    for (const auto& op : vectors.at("replay_script").at("ops")) {
        if (op.contains("done")) {
            window.record(op.at("done"));
            continue;
        }
        for (const auto& [nonce, answer] : op.at("accept").items())
            EXPECT_EQ(window.accepts(std::stoull(nonce)), answer);
    }
}

TEST(FrameOpener, OpensEachFrameOnceAndRefusesTamperedOnes) {
    FrameSealer sealer{base_secret(1)};
    FrameOpener opener;
    opener.add_epoch(base_secret(1), kStart);
    const base::Bytes plain{std::byte{0xfc}, std::byte{1}, std::byte{2}};
    const auto first = sealed(sealer, plain);
    auto second = sealed(sealer, plain);
    EXPECT_EQ(*opened(opener, first), plain);
    EXPECT_EQ(opened(opener, first).error().reason(), kReplayed);
    second[0] ^= std::byte{1};
    EXPECT_EQ(opened(opener, second).error().reason(), kUnopened);
    second[0] ^= std::byte{1};
    EXPECT_EQ(*opened(opener, second), plain) << "a tampered copy does not use the nonce up";
    EXPECT_EQ(opened(opener, plain).error().reason(), kNotSealed);
}

TEST(FrameOpener, LetsSilenceThroughAndUnsealedFramesOnlyInTheWindow) {
    FrameOpener opener;
    const base::Bytes silence{std::byte{0xf8}, std::byte{0xff}, std::byte{0xfe}};
    const base::Bytes plain{std::byte{0xfc}};
    EXPECT_EQ(*opened(opener, silence), silence);
    EXPECT_FALSE(opened(opener, plain));
    opener.allow_passthrough(true, kStart);
    EXPECT_TRUE(opened(opener, plain));
    opener.allow_passthrough(false, kStart);
    EXPECT_TRUE(opened(opener, plain, kStart + 9s));
    EXPECT_FALSE(opened(opener, plain, kStart + 10s));
    FrameSealer stranger{base_secret(9)};
    opener.allow_passthrough(true, kStart);
    EXPECT_FALSE(opened(opener, sealed(stranger, plain))) << "a sealed frame is never passed through";
}

TEST(FrameOpener, KeepsTheKeysOfAReplacedEpochForTenSeconds) {
    FrameSealer old_sealer{base_secret(1)};
    FrameSealer new_sealer{base_secret(2)};
    FrameOpener opener;
    opener.add_epoch(base_secret(1), kStart);
    opener.add_epoch(base_secret(2), kStart + 1s);
    const base::Bytes plain{std::byte{7}};
    EXPECT_TRUE(opened(opener, sealed(old_sealer, plain), kStart + 10s));
    EXPECT_FALSE(opened(opener, sealed(old_sealer, plain), kStart + 11s));
    EXPECT_TRUE(opened(opener, sealed(new_sealer, plain), kStart + 11s));
}

TEST(FrameOpener, AForgedNonceCannotDriveTheRatchet) {
    FrameSealer far{base_secret(1), big_nonce(1, 5)};
    FrameOpener opener;
    opener.add_epoch(base_secret(1), kStart);
    const auto frame = sealed(far, {std::byte{7}});
    EXPECT_FALSE(opened(opener, frame, kStart + 27h));
    EXPECT_TRUE(opened(opener, frame, kStart + 28h));
}

TEST(FrameSealer, RefusesABufferWithoutRoom) {
    FrameSealer sealer{base_secret(1)};
    base::Bytes buffer(20);
    EXPECT_EQ(sealer.seal(buffer, 5).error().reason(), kFrameTooBig);
    EXPECT_EQ(*sealer.seal(buffer, 4), 16U);
}

}  // namespace
}  // namespace bandstand::dave
