#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "mls/codec.hpp"

// Cipher suite 2 of RFC 9420 §17.1, MLS_128_DHKEMP256_AES128GCM_SHA256_P256, on OpenSSL primitives.

namespace bandstand::mls {

constexpr base::Reason kBadKey{"mls.bad_key"};
constexpr base::Reason kBadSignature{"mls.bad_signature"};
constexpr base::Reason kDecryptFailed{"mls.decrypt_failed"};

constexpr std::size_t kHashBytes = 32;       // Nh
constexpr std::size_t kKeyBytes = 16;        // Nk
constexpr std::size_t kNonceBytes = 12;      // Nn
constexpr std::size_t kPublicKeyBytes = 65;  // uncompressed point: 04 | X | Y

/// Secret bytes: wiped when they go, compared in constant time, never printed.
class Secret {
public:
    Secret() = default;
    explicit Secret(base::Bytes bytes) : bytes_{std::move(bytes)} {}
    explicit Secret(base::ByteView bytes) : bytes_{bytes.begin(), bytes.end()} {}
    Secret(const Secret&) = default;
    Secret(Secret&& other) noexcept : bytes_{std::exchange(other.bytes_, {})} {}
    Secret& operator=(const Secret& other);
    Secret& operator=(Secret&& other) noexcept;
    ~Secret() { wipe(); }

    base::ByteView view() const { return bytes_; }
    std::size_t size() const { return bytes_.size(); }
    bool empty() const { return bytes_.empty(); }
    static Secret zeros(std::size_t count) { return Secret{base::Bytes(count)}; }
    static Secret random(std::size_t count);
    friend bool operator==(const Secret& a, const Secret& b);

private:
    void wipe();
    base::Bytes bytes_;
};

/// True when both hold the same bytes; the time taken depends on the length only.
bool equal_in_constant_time(base::ByteView a, base::ByteView b);

base::Bytes sha256(base::ByteView data);
base::Bytes hmac(base::ByteView key, base::ByteView data);
/// RFC 5869.
Secret hkdf_extract(base::ByteView salt, base::ByteView ikm);
Secret hkdf_expand(base::ByteView prk, base::ByteView info, std::size_t count);

/// RFC 9420 §8.
Secret expand_with_label(const Secret& secret, std::string_view label, base::ByteView context,
                         std::size_t count);
Secret derive_secret(const Secret& secret, std::string_view label);
/// RFC 9420 §9.1: one step of a ratchet of the secret tree.
Secret derive_tree_secret(const Secret& secret, std::string_view label, std::uint32_t generation,
                          std::size_t count);
/// RFC 9420 §5.2. `label` is spelled out, "MLS 1.0 KeyPackage Reference".
base::Bytes ref_hash(std::string_view label, base::ByteView value);

/// A P-256 key pair: for HPKE or for signing. The private part is a 32-byte big-endian scalar.
struct KeyPair {
    Secret private_key;
    base::Bytes public_key;

    static KeyPair generate();
    /// Errors: kBadKey unless 0 < scalar < group order.
    static base::Result<KeyPair> from_private(const Secret& scalar);
    /// RFC 9180 §7.1.3, DeriveKeyPair of DHKEM(P-256, HKDF-SHA256).
    static base::Result<KeyPair> derive(const Secret& ikm);
};

/// Errors: kBadKey unless it is an uncompressed point on the curve, not infinity.
base::Result<void> check_public_key(base::ByteView public_key);

/// RFC 9420 §5.1.2: ECDSA with SHA-256, DER signatures.
base::Result<base::Bytes> sign_with_label(const Secret& private_key, std::string_view label,
                                          base::ByteView content);
/// Errors: kBadSignature (also for a key that is none).
base::Result<void> verify_with_label(base::ByteView public_key, std::string_view label,
                                     base::ByteView content, base::ByteView signature);

/// AES-128-GCM with the 16-byte tag behind the ciphertext, empty AAD.
base::Bytes aead_seal(const Secret& key, base::ByteView nonce, base::ByteView plaintext);
base::Result<Secret> aead_open(const Secret& key, base::ByteView nonce, base::ByteView ciphertext);

/// RFC 9420 §7.6, on the wire `kem_output<V> ciphertext<V>`.
struct HpkeCiphertext {
    base::Bytes kem_output;
    base::Bytes ciphertext;

    void encode(Writer& out) const;
    static HpkeCiphertext decode(Reader& in);
};
/// RFC 9420 §5.1.3: HPKE base mode, one message. Errors: kBadKey.
base::Result<HpkeCiphertext> encrypt_with_label(base::ByteView public_key, std::string_view label,
                                                base::ByteView context, base::ByteView plaintext);
/// Errors: kDecryptFailed.
base::Result<Secret> decrypt_with_label(const Secret& private_key, std::string_view label,
                                        base::ByteView context, const HpkeCiphertext& sealed);

}  // namespace bandstand::mls
