#include "crypto/transport_cipher.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace bandstand::crypto {
namespace {

using base::ErrorKind;

constexpr std::size_t kGcmNonceBytes = 12;
constexpr std::uint64_t kNonceEnd = std::uint64_t{1} << 32U;

struct FreeContext {
    void operator()(EVP_CIPHER_CTX* context) const {
        EVP_CIPHER_CTX_free(context);
    }  // wipes the key schedule
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const unsigned char* raw(base::ByteView bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* raw(base::MutableBytes bytes) {
    return reinterpret_cast<unsigned char*>(bytes.data());
}
int length(base::ByteView bytes) {
    return static_cast<int>(bytes.size());
}  // at most kMaxTransportPacketBytes

// The suffix stands first in the nonce, zeros fill it up.
template <std::size_t Size>
std::array<unsigned char, Size> nonce_of(base::ByteView suffix) {
    std::array<unsigned char, Size> nonce{};
    std::memcpy(nonce.data(), suffix.data(), kTransportSuffixBytes);
    return nonce;
}

// AES-256-GCM on two contexts that keep the key schedule: only the nonce is set anew for each packet.
class Gcm {
public:
    static std::optional<Gcm> create(const TransportKey& key) {
        Gcm gcm;
        gcm.sealing_.reset(EVP_CIPHER_CTX_new());
        gcm.opening_.reset(EVP_CIPHER_CTX_new());
        const auto* bytes = raw(base::ByteView{key.reveal()});
        if (!gcm.sealing_ || !gcm.opening_) return std::nullopt;
        if (EVP_EncryptInit_ex(gcm.sealing_.get(), EVP_aes_256_gcm(), nullptr, bytes, nullptr) != 1 ||
            EVP_DecryptInit_ex(gcm.opening_.get(), EVP_aes_256_gcm(), nullptr, bytes, nullptr) != 1) {
            return std::nullopt;
        }
        return gcm;
    }

    bool seal(base::ByteView header, base::ByteView plaintext, base::ByteView suffix,
              base::MutableBytes ciphertext, base::MutableBytes tag) {
        auto* context = sealing_.get();
        const auto nonce = nonce_of<kGcmNonceBytes>(suffix);
        int written = 0;
        return EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, nonce.data()) == 1 &&
               EVP_EncryptUpdate(context, nullptr, &written, raw(header), length(header)) == 1 &&
               EVP_EncryptUpdate(context, raw(ciphertext), &written, raw(plaintext), length(plaintext)) ==
                   1 &&
               EVP_EncryptFinal_ex(context, raw(tag), &written) == 1 &&
               EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTransportTagBytes, tag.data()) == 1;
    }

    bool open(base::ByteView header, base::ByteView ciphertext, base::ByteView tag, base::ByteView suffix,
              base::MutableBytes plaintext) {
        auto* context = opening_.get();
        const auto nonce = nonce_of<kGcmNonceBytes>(suffix);
        std::array<unsigned char, kTransportTagBytes> expected{};
        std::memcpy(expected.data(), tag.data(), expected.size());
        int written = 0;
        return EVP_DecryptInit_ex(context, nullptr, nullptr, nullptr, nonce.data()) == 1 &&
               EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTransportTagBytes, expected.data()) ==
                   1 &&
               EVP_DecryptUpdate(context, nullptr, &written, raw(header), length(header)) == 1 &&
               EVP_DecryptUpdate(context, raw(plaintext), &written, raw(ciphertext), length(ciphertext)) ==
                   1 &&
               EVP_DecryptFinal_ex(context, expected.data(), &written) == 1;
    }

private:
    Context sealing_;
    Context opening_;
};

// XChaCha20-Poly1305 needs no state but the key.
class XChaCha {
public:
    explicit XChaCha(const TransportKey& key) : key_{key} {}

    bool seal(base::ByteView header, base::ByteView plaintext, base::ByteView suffix,
              base::MutableBytes ciphertext, base::MutableBytes tag) const {
        const auto nonce = nonce_of<crypto_aead_xchacha20poly1305_ietf_NPUBBYTES>(suffix);
        return crypto_aead_xchacha20poly1305_ietf_encrypt_detached(
                   raw(ciphertext), raw(tag), nullptr, raw(plaintext), plaintext.size(), raw(header),
                   header.size(), nullptr, nonce.data(), raw(base::ByteView{key_.reveal()})) == 0;
    }

    bool open(base::ByteView header, base::ByteView ciphertext, base::ByteView tag, base::ByteView suffix,
              base::MutableBytes plaintext) const {
        const auto nonce = nonce_of<crypto_aead_xchacha20poly1305_ietf_NPUBBYTES>(suffix);
        return crypto_aead_xchacha20poly1305_ietf_decrypt_detached(
                   raw(plaintext), nullptr, raw(ciphertext), ciphertext.size(), raw(tag), raw(header),
                   header.size(), nonce.data(), raw(base::ByteView{key_.reveal()})) == 0;
    }

private:
    TransportKey key_;
};

}  // namespace

std::string_view name(TransportMode mode) {
    switch (mode) {
        case TransportMode::aes256_gcm_rtpsize:
            return "aead_aes256_gcm_rtpsize";
        case TransportMode::xchacha20_poly1305_rtpsize:
            return "aead_xchacha20_poly1305_rtpsize";
    }
    std::unreachable();
}

std::optional<TransportMode> parse_transport_mode(std::string_view text) {
    for (const auto mode : {TransportMode::aes256_gcm_rtpsize, TransportMode::xchacha20_poly1305_rtpsize}) {
        if (text == name(mode)) return mode;
    }
    return std::nullopt;
}

base::Result<TransportKey> TransportKey::from(base::ByteView bytes) {
    if (bytes.size() != kTransportKeyBytes) {
        return base::fail(ErrorKind::invalid_argument, kBadTransportKey, "a key has", kTransportKeyBytes,
                          "bytes, not", bytes.size());
    }
    TransportKey key;
    std::copy(bytes.begin(), bytes.end(), key.bytes_.begin());
    return key;
}

TransportKey::~TransportKey() {
    OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

bool operator==(const TransportKey& a, const TransportKey& b) {
    return CRYPTO_memcmp(a.bytes_.data(), b.bytes_.data(), kTransportKeyBytes) == 0;
}

struct TransportCipher::State {
    TransportMode mode;
    std::uint64_t next_nonce;  // kNonceEnd: all used
    std::optional<Gcm> gcm;
    std::optional<XChaCha> xchacha;

    bool seal(base::ByteView header, base::ByteView plaintext, base::ByteView suffix,
              base::MutableBytes ciphertext, base::MutableBytes tag) {
        return gcm ? gcm->seal(header, plaintext, suffix, ciphertext, tag)
                   : xchacha->seal(header, plaintext, suffix, ciphertext, tag);
    }
    bool open(base::ByteView header, base::ByteView ciphertext, base::ByteView tag, base::ByteView suffix,
              base::MutableBytes plaintext) {
        return gcm ? gcm->open(header, ciphertext, tag, suffix, plaintext)
                   : xchacha->open(header, ciphertext, tag, suffix, plaintext);
    }
};

TransportCipher::TransportCipher(std::unique_ptr<State> state) : state_{std::move(state)} {}
TransportCipher::TransportCipher(TransportCipher&&) noexcept = default;
TransportCipher& TransportCipher::operator=(TransportCipher&&) noexcept = default;
TransportCipher::~TransportCipher() = default;

base::Result<TransportCipher> TransportCipher::create(TransportMode mode, const TransportKey& key,
                                                      std::uint32_t first_nonce) {
    auto state = std::make_unique<State>(State{mode, first_nonce, std::nullopt, std::nullopt});
    if (mode == TransportMode::aes256_gcm_rtpsize) {
        state->gcm = Gcm::create(key);
        if (!state->gcm)
            return base::fail(ErrorKind::internal, kCipherFailed, "OpenSSL offers no AES-256-GCM");
    } else {
        if (sodium_init() < 0)
            return base::fail(ErrorKind::internal, kCipherFailed, "libsodium does not start");
        state->xchacha.emplace(key);
    }
    return TransportCipher{std::move(state)};
}

base::Result<std::size_t> TransportCipher::seal(base::ByteView header, base::ByteView plaintext,
                                                base::MutableBytes out) {
    const auto total = header.size() + plaintext.size() + kTransportOverheadBytes;
    if (out.size() < total || total > kMaxTransportPacketBytes) {
        return base::fail(ErrorKind::invalid_argument, kBufferTooSmall, "a packet of", total, "bytes into",
                          out.size());
    }
    if (state_->next_nonce == kNonceEnd) {
        return base::fail(ErrorKind::failed_precondition, kNonceExhausted,
                          "2^32 packets sealed with one key");
    }
    if (header.data() != out.data()) std::copy(header.begin(), header.end(), out.begin());
    const auto ciphertext = out.subspan(header.size(), plaintext.size());
    const auto tag = out.subspan(header.size() + plaintext.size(), kTransportTagBytes);
    const auto suffix = out.subspan(total - kTransportSuffixBytes, kTransportSuffixBytes);
    base::write_be(static_cast<std::uint32_t>(state_->next_nonce++), suffix);
    if (!state_->seal(out.first(header.size()), plaintext, suffix, ciphertext, tag)) {
        return base::fail(ErrorKind::internal, kCipherFailed, "cannot seal", plaintext.size(), "bytes");
    }
    return total;
}

base::Result<std::size_t> TransportCipher::open(base::ByteView packet, std::size_t header_bytes,
                                                base::MutableBytes out) {
    if (packet.size() > kMaxTransportPacketBytes || packet.size() < kTransportOverheadBytes ||
        packet.size() - kTransportOverheadBytes < header_bytes) {
        return base::fail(ErrorKind::invalid_argument, kMalformedPacket, "a packet of", packet.size(),
                          "bytes with a header of", header_bytes);
    }
    const auto size = packet.size() - header_bytes - kTransportOverheadBytes;
    if (out.size() < size) {
        return base::fail(ErrorKind::invalid_argument, kBufferTooSmall, "plaintext of", size, "bytes into",
                          out.size());
    }
    const auto plaintext = out.first(size);
    const auto tag = packet.subspan(header_bytes + size, kTransportTagBytes);
    if (!state_->open(packet.first(header_bytes), packet.subspan(header_bytes, size), tag,
                      packet.last(kTransportSuffixBytes), plaintext)) {
        if (size > 0) OPENSSL_cleanse(plaintext.data(), plaintext.size());  // GCM decrypts before it checks
        return base::fail(ErrorKind::unauthenticated, kNotAuthentic, "a packet of", packet.size(),
                          "bytes was changed or belongs to another key");
    }
    return size;
}

TransportMode TransportCipher::mode() const {
    return state_->mode;
}

std::optional<std::uint32_t> TransportCipher::next_nonce() const {
    if (state_->next_nonce == kNonceEnd) return std::nullopt;
    return static_cast<std::uint32_t>(state_->next_nonce);
}

}  // namespace bandstand::crypto
