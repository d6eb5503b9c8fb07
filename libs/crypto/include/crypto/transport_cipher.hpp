#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace bandstand::crypto {

/// How Discord protects a voice packet on its way to and from the voice server.
enum class TransportMode { aes256_gcm_rtpsize, xchacha20_poly1305_rtpsize };

/// As Discord spells it: "aead_aes256_gcm_rtpsize".
std::string_view name(TransportMode mode);
std::optional<TransportMode> parse_transport_mode(std::string_view text);

constexpr std::size_t kTransportKeyBytes = 32;
constexpr std::size_t kTransportTagBytes = 16;
constexpr std::size_t kTransportSuffixBytes = 4;
/// What sealing adds behind the ciphertext: the tag and the clear nonce suffix.
constexpr std::size_t kTransportOverheadBytes = kTransportTagBytes + kTransportSuffixBytes;
/// More than a UDP datagram can carry is refused before any cipher sees it.
constexpr std::size_t kMaxTransportPacketBytes = 65507;

constexpr base::Reason kBadTransportKey{"crypto.bad_transport_key"};
constexpr base::Reason kBufferTooSmall{"crypto.buffer_too_small"};
constexpr base::Reason kMalformedPacket{"crypto.malformed_packet"};
constexpr base::Reason kNonceExhausted{"crypto.nonce_exhausted"};
constexpr base::Reason kNotAuthentic{"crypto.not_authentic"};
constexpr base::Reason kCipherFailed{"crypto.cipher_failed"};

/// The 32 bytes of a Session Description. Cannot be printed; wiped when destroyed.
class TransportKey {
public:
    /// Errors: kBadTransportKey unless `bytes` are 32.
    static base::Result<TransportKey> from(base::ByteView bytes);
    TransportKey(const TransportKey&) = default;
    TransportKey& operator=(const TransportKey&) = default;
    ~TransportKey();

    std::span<const std::byte, kTransportKeyBytes> reveal() const { return bytes_; }
    /// In constant time.
    friend bool operator==(const TransportKey& a, const TransportKey& b);

private:
    TransportKey() = default;
    std::array<std::byte, kTransportKeyBytes> bytes_{};
};

/// Seals and opens the packets of one transport key in either `_rtpsize` mode (discord-voice 3.4).
///
///     packet = clear header (authenticated) | ciphertext | tag (16) | nonce suffix (4)
///
/// Owns the nonce counter of what it seals, because two packets with one nonce give the key away: let exactly
/// one cipher of a key seal. Never allocates after create(), but for the text of an error. One thread at a
/// time.
class TransportCipher {
public:
    /// The first sealed packet carries `first_nonce`. A server, which shares its key with the client, starts
    /// in the upper half of the range.
    static base::Result<TransportCipher> create(TransportMode mode, const TransportKey& key,
                                                std::uint32_t first_nonce = 0);
    TransportCipher(TransportCipher&&) noexcept;
    TransportCipher& operator=(TransportCipher&&) noexcept;
    ~TransportCipher();

    /// Writes a whole packet into `out` and returns its length:
    /// `header.size() + plaintext.size() + kTransportOverheadBytes`.
    ///
    /// To save copies, `header` may already stand at the start of `out` and `plaintext` right behind it; any
    /// other overlap is not allowed. Errors: kBufferTooSmall; kNonceExhausted after 2^32 packets (a new key
    /// is needed: the counter never wraps).
    base::Result<std::size_t> seal(base::ByteView header, base::ByteView plaintext, base::MutableBytes out);

    /// Checks a received packet whose first `header_bytes` are clear and writes its plaintext into `out`;
    /// returns its length, `packet.size() - header_bytes - kTransportOverheadBytes`. On failure `out` holds
    /// nothing of the plaintext. `out` may be where the ciphertext stands. Errors: kMalformedPacket (too
    /// short, too long), kBufferTooSmall, kNotAuthentic.
    base::Result<std::size_t> open(base::ByteView packet, std::size_t header_bytes, base::MutableBytes out);

    TransportMode mode() const;
    /// What the next sealed packet will carry; nothing once it is exhausted.
    std::optional<std::uint32_t> next_nonce() const;

private:
    struct State;
    explicit TransportCipher(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace bandstand::crypto
