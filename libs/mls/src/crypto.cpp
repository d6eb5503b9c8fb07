#include "mls/crypto.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/sha.h>

#include <memory>

#include "base/assert.hpp"
#include "base/random.hpp"
#include "mls/codec.hpp"

namespace bandstand::mls {
namespace {

using base::Bytes;
using base::ByteView;
using base::ErrorKind;

template <auto Free>
struct Deleter {
    template <class T>
    void operator()(T* object) const {
        Free(object);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Deleter<EVP_CIPHER_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, Deleter<BN_clear_free>>;
using NumberContext = std::unique_ptr<BN_CTX, Deleter<BN_CTX_free>>;
using Point = std::unique_ptr<EC_POINT, Deleter<EC_POINT_clear_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM_free>>;
using ParamsBuilder = std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD_free>>;

constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kScalarBytes = 32;

const unsigned char* raw(ByteView bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* into(base::MutableBytes bytes) {
    return reinterpret_cast<unsigned char*>(bytes.data());
}

const EC_GROUP* p256() {
    static const auto group =
        std::unique_ptr<EC_GROUP, Deleter<EC_GROUP_free>>{EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1)};
    return group.get();
}

Bytes concat(std::initializer_list<ByteView> parts) {
    Bytes out;
    for (const auto part : parts) out.insert(out.end(), part.begin(), part.end());
    return out;
}

Bytes be16(std::uint16_t value) {
    Bytes out(2);
    base::write_be(value, out);
    return out;
}

// The struct that RFC 9420 §5.1.2, §5.1.3 and §8 share: label and content as vectors.
Bytes labelled(std::string_view label, ByteView content) {
    Writer writer;
    writer.vector(concat({base::as_bytes("MLS 1.0 "), base::as_bytes(label)}));
    writer.vector(content);
    return std::move(writer).take();
}

base::Result<Key> make_key(ByteView public_key, const Secret* private_key) {
    ParamsBuilder builder{OSSL_PARAM_BLD_new()};
    OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
    OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, public_key.data(),
                                     public_key.size());
    Number scalar;
    if (private_key != nullptr) {
        scalar.reset(BN_secure_new());
        BN_bin2bn(raw(private_key->view()), static_cast<int>(private_key->size()), scalar.get());
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, scalar.get());
    }
    const Params params{OSSL_PARAM_BLD_to_param(builder.get())};
    const KeyContext context{EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr)};
    EVP_PKEY* made = nullptr;
    const int selection = private_key != nullptr ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
    if (params == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &made, selection, params.get()) != 1) {
        return base::fail(ErrorKind::invalid_argument, kBadKey);
    }
    return Key{made};
}

// The x coordinate of private·public (RFC 9180 §4.1, DH of P-256).
base::Result<Secret> diffie_hellman(const Secret& private_key, ByteView public_key) {
    auto own = KeyPair::from_private(private_key);
    if (!own) return std::unexpected(std::move(own).error());
    if (auto fine = check_public_key(public_key); !fine) return std::unexpected(std::move(fine).error());
    const auto mine = make_key(own->public_key, &private_key);
    const auto theirs = make_key(public_key, nullptr);
    if (!mine || !theirs) return base::fail(ErrorKind::invalid_argument, kBadKey);
    const KeyContext context{EVP_PKEY_CTX_new(mine->get(), nullptr)};
    Bytes shared(kScalarBytes);
    std::size_t size = shared.size();
    if (EVP_PKEY_derive_init(context.get()) != 1 ||
        EVP_PKEY_derive_set_peer(context.get(), theirs->get()) != 1 ||
        EVP_PKEY_derive(context.get(), into(shared), &size) != 1 || size != kScalarBytes) {
        return base::fail(ErrorKind::invalid_argument, kBadKey);
    }
    return Secret{std::move(shared)};
}

// HPKE identifiers: DHKEM(P-256, HKDF-SHA256) 0x0010, HKDF-SHA256 0x0001, AES-128-GCM 0x0001 (RFC 9180 §7).
Bytes kem_id() {
    return concat({base::as_bytes("KEM"), be16(0x0010)});
}
Bytes hpke_id() {
    return concat({base::as_bytes("HPKE"), be16(0x0010), be16(0x0001), be16(0x0001)});
}

// RFC 9180 §4, LabeledExtract and LabeledExpand.
Secret labeled_extract(ByteView id, ByteView salt, std::string_view label, ByteView ikm) {
    return hkdf_extract(salt, concat({base::as_bytes("HPKE-v1"), id, base::as_bytes(label), ikm}));
}
Secret labeled_expand(ByteView id, const Secret& prk, std::string_view label, ByteView info,
                      std::size_t count) {
    return hkdf_expand(prk.view(),
                       concat({be16(static_cast<std::uint16_t>(count)), base::as_bytes("HPKE-v1"), id,
                               base::as_bytes(label), info}),
                       count);
}

struct HpkeContext {
    Secret key;
    Secret nonce;
};

// RFC 9180 §5.1, KeySchedule in base mode: psk and psk_id are empty.
HpkeContext hpke_context(const Secret& shared, ByteView info) {
    const auto id = hpke_id();
    const auto psk_id_hash = labeled_extract(id, {}, "psk_id_hash", {});
    const auto info_hash = labeled_extract(id, {}, "info_hash", info);
    const std::byte base_mode{0};
    const auto context = concat({ByteView{&base_mode, 1}, psk_id_hash.view(), info_hash.view()});
    const auto secret = labeled_extract(id, shared.view(), "secret", {});
    return {labeled_expand(id, secret, "key", context, kKeyBytes),
            labeled_expand(id, secret, "base_nonce", context, kNonceBytes)};
}

// RFC 9180 §4.1, ExtractAndExpand.
Secret kem_shared(const Secret& dh, ByteView kem_output, ByteView receiver) {
    const auto id = kem_id();
    const auto prk = labeled_extract(id, {}, "eae_prk", dh.view());
    return labeled_expand(id, prk, "shared_secret", concat({kem_output, receiver}), kHashBytes);
}

}  // namespace

Secret& Secret::operator=(const Secret& other) {
    if (this != &other) {
        wipe();
        bytes_ = other.bytes_;
    }
    return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this != &other) {
        wipe();
        bytes_ = std::exchange(other.bytes_, {});
    }
    return *this;
}

void Secret::wipe() {
    if (!bytes_.empty()) OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

Secret Secret::random(std::size_t count) {
    Bytes bytes(count);
    base::fill_random(bytes);
    return Secret{std::move(bytes)};
}

bool equal_in_constant_time(ByteView a, ByteView b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool operator==(const Secret& a, const Secret& b) {
    return equal_in_constant_time(a.view(), b.view());
}

Bytes sha256(ByteView data) {
    Bytes out(kHashBytes);
    SHA256(raw(data), data.size(), into(out));
    return out;
}

Bytes hmac(ByteView key, ByteView data) {
    // OpenSSL reads a null key as "the previous one": an empty key needs an address.
    static constexpr unsigned char kNoKey = 0;
    Bytes out(kHashBytes);
    unsigned int size = 0;
    const auto* made = HMAC(EVP_sha256(), key.empty() ? &kNoKey : raw(key), static_cast<int>(key.size()),
                            raw(data), data.size(), into(out), &size);
    BASE_ASSERT(made != nullptr && size == kHashBytes);
    return out;
}

Secret hkdf_extract(ByteView salt, ByteView ikm) {
    return Secret{hmac(salt, ikm)};
}

Secret hkdf_expand(ByteView prk, ByteView info, std::size_t count) {
    BASE_ASSERT(count <= 255 * kHashBytes);
    Bytes out;
    Bytes block;
    for (std::uint8_t number = 1; out.size() < count; ++number) {
        const std::byte counter{number};
        block = hmac(prk, concat({block, info, ByteView{&counter, 1}}));
        out.insert(out.end(), block.begin(), block.end());
    }
    OPENSSL_cleanse(block.data(), block.size());
    OPENSSL_cleanse(out.data() + count, out.size() - count);
    out.resize(count);
    return Secret{std::move(out)};
}

Secret expand_with_label(const Secret& secret, std::string_view label, ByteView context, std::size_t count) {
    return hkdf_expand(secret.view(),
                       concat({be16(static_cast<std::uint16_t>(count)), labelled(label, context)}), count);
}

Secret derive_secret(const Secret& secret, std::string_view label) {
    return expand_with_label(secret, label, {}, kHashBytes);
}

Secret derive_tree_secret(const Secret& secret, std::string_view label, std::uint32_t generation,
                          std::size_t count) {
    Bytes context(4);
    base::write_be(generation, context);
    return expand_with_label(secret, label, context, count);
}

Bytes ref_hash(std::string_view label, ByteView value) {
    Writer writer;
    writer.vector(base::as_bytes(label));
    writer.vector(value);
    return sha256(writer.bytes());
}

KeyPair KeyPair::generate() {
    while (true) {
        if (auto pair = from_private(Secret::random(kScalarBytes))) return *std::move(pair);
    }
}

base::Result<KeyPair> KeyPair::from_private(const Secret& scalar) {
    const Number number{BN_secure_new()};
    if (scalar.size() != kScalarBytes ||
        BN_bin2bn(raw(scalar.view()), static_cast<int>(scalar.size()), number.get()) == nullptr ||
        BN_is_zero(number.get()) != 0 || BN_cmp(number.get(), EC_GROUP_get0_order(p256())) >= 0) {
        return base::fail(ErrorKind::invalid_argument, kBadKey);
    }
    BN_set_flags(number.get(), BN_FLG_CONSTTIME);
    const NumberContext context{BN_CTX_secure_new()};
    const Point point{EC_POINT_new(p256())};
    KeyPair pair{.private_key = scalar, .public_key = Bytes(kPublicKeyBytes)};
    if (EC_POINT_mul(p256(), point.get(), number.get(), nullptr, nullptr, context.get()) != 1 ||
        EC_POINT_point2oct(p256(), point.get(), POINT_CONVERSION_UNCOMPRESSED, into(pair.public_key),
                           kPublicKeyBytes, context.get()) != kPublicKeyBytes) {
        return base::fail(ErrorKind::internal, kBadKey);
    }
    return pair;
}

base::Result<KeyPair> KeyPair::derive(const Secret& ikm) {
    const auto id = kem_id();
    const auto prk = labeled_extract(id, {}, "dkp_prk", ikm.view());
    for (unsigned counter = 0; counter < 256; ++counter) {
        const auto tag = static_cast<std::byte>(counter);
        if (auto pair = from_private(labeled_expand(id, prk, "candidate", ByteView{&tag, 1}, kScalarBytes)))
            return pair;
    }
    return base::fail(ErrorKind::internal, kBadKey);  // probability 2^-8192
}

base::Result<void> check_public_key(ByteView public_key) {
    const Point point{EC_POINT_new(p256())};
    // The first byte pins the uncompressed form; EC_POINT_oct2point refuses points off the curve.
    if (public_key.size() != kPublicKeyBytes || public_key[0] != std::byte{4} ||
        EC_POINT_oct2point(p256(), point.get(), raw(public_key), public_key.size(), nullptr) != 1) {
        return base::fail(ErrorKind::invalid_argument, kBadKey);
    }
    return base::ok();
}

base::Result<Bytes> sign_with_label(const Secret& private_key, std::string_view label, ByteView content) {
    auto pair = KeyPair::from_private(private_key);
    if (!pair) return std::unexpected(std::move(pair).error());
    const auto key = make_key(pair->public_key, &private_key);
    if (!key) return base::fail(ErrorKind::invalid_argument, kBadKey);
    const auto message = labelled(label, content);
    const DigestContext context{EVP_MD_CTX_new()};
    std::size_t size = 80;  // a DER signature of P-256 has at most 72 bytes
    Bytes signature(size);
    if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key->get()) != 1 ||
        EVP_DigestSign(context.get(), into(signature), &size, raw(message), message.size()) != 1) {
        return base::fail(ErrorKind::internal, kBadKey);
    }
    signature.resize(size);
    return signature;
}

base::Result<void> verify_with_label(ByteView public_key, std::string_view label, ByteView content,
                                     ByteView signature) {
    const auto refused = base::fail(ErrorKind::permission_denied, kBadSignature, label);
    if (!check_public_key(public_key)) return refused;
    const auto key = make_key(public_key, nullptr);
    if (!key) return refused;
    const auto message = labelled(label, content);
    const DigestContext context{EVP_MD_CTX_new()};
    if (EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key->get()) != 1 ||
        EVP_DigestVerify(context.get(), raw(signature), signature.size(), raw(message), message.size()) !=
            1) {
        return refused;
    }
    return base::ok();
}

Bytes aead_seal(const Secret& key, ByteView nonce, ByteView plaintext) {
    BASE_ASSERT(key.size() == kKeyBytes && nonce.size() == kNonceBytes);
    const CipherContext context{EVP_CIPHER_CTX_new()};
    Bytes out(plaintext.size() + kTagBytes);
    int size = 0;
    int rest = 0;
    BASE_ASSERT(EVP_EncryptInit_ex2(context.get(), EVP_aes_128_gcm(), raw(key.view()), raw(nonce), nullptr) ==
                1);
    BASE_ASSERT(EVP_EncryptUpdate(context.get(), into(out), &size, raw(plaintext),
                                  static_cast<int>(plaintext.size())) == 1);
    BASE_ASSERT(EVP_EncryptFinal_ex(context.get(), into(out) + size, &rest) == 1);
    BASE_ASSERT(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes,
                                    into(out) + plaintext.size()) == 1);
    return out;
}

base::Result<Secret> aead_open(const Secret& key, ByteView nonce, ByteView ciphertext) {
    if (ciphertext.size() < kTagBytes)
        return base::fail(ErrorKind::invalid_argument, kDecryptFailed, "too short");
    const auto body = ciphertext.first(ciphertext.size() - kTagBytes);
    Bytes tag{ciphertext.end() - kTagBytes, ciphertext.end()};
    const CipherContext context{EVP_CIPHER_CTX_new()};
    Bytes out(body.size() + 1);  // never an empty buffer: its address is passed on
    int size = 0;
    int rest = 0;
    const bool opened =
        EVP_DecryptInit_ex2(context.get(), EVP_aes_128_gcm(), raw(key.view()), raw(nonce), nullptr) == 1 &&
        EVP_DecryptUpdate(context.get(), into(out), &size, raw(body), static_cast<int>(body.size())) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTagBytes, into(tag)) == 1 &&
        EVP_DecryptFinal_ex(context.get(), into(out) + size, &rest) == 1;
    if (!opened) {
        OPENSSL_cleanse(out.data(), out.size());
        return base::fail(ErrorKind::permission_denied, kDecryptFailed);
    }
    out.resize(body.size());
    return Secret{std::move(out)};
}

base::Result<HpkeCiphertext> encrypt_with_label(ByteView public_key, std::string_view label, ByteView context,
                                                ByteView plaintext) {
    const auto ephemeral = KeyPair::generate();
    auto dh = diffie_hellman(ephemeral.private_key, public_key);
    if (!dh) return std::unexpected(std::move(dh).error());
    const auto hpke =
        hpke_context(kem_shared(*dh, ephemeral.public_key, public_key), labelled(label, context));
    return HpkeCiphertext{ephemeral.public_key, aead_seal(hpke.key, hpke.nonce.view(), plaintext)};
}

base::Result<Secret> decrypt_with_label(const Secret& private_key, std::string_view label, ByteView context,
                                        const HpkeCiphertext& sealed) {
    auto own = KeyPair::from_private(private_key);
    if (!own) return std::unexpected(std::move(own).error());
    auto dh = diffie_hellman(private_key, sealed.kem_output);
    if (!dh) return base::fail(ErrorKind::permission_denied, kDecryptFailed, label);
    const auto hpke =
        hpke_context(kem_shared(*dh, sealed.kem_output, own->public_key), labelled(label, context));
    return aead_open(hpke.key, hpke.nonce.view(), sealed.ciphertext);
}

}  // namespace bandstand::mls
