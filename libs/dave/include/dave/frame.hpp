#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "dave/key_ratchet.hpp"

// DAVE's secure frame (protocol version 1): media | tag (8) | ULEB128 nonce | ULEB128 ranges | size (1) | FA
// FA.

namespace bandstand::dave {

constexpr base::Reason kFrameTooBig{"dave.frame_too_big"};
constexpr base::Reason kNotSealed{"dave.frame_not_sealed"};
constexpr base::Reason kReplayed{"dave.frame_replayed"};
constexpr base::Reason kUnopened{"dave.frame_unopened"};

/// What sealing an Opus frame adds at most: tag 8, nonce 5, size 1, marker 2.
constexpr std::size_t kMaxOverheadBytes = 16;
constexpr unsigned kNonceBitsPerGeneration = 24;

/// The parts of a protocol frame; they refer to the frame.
struct ProtocolFrame {
    static constexpr std::size_t kMaxRanges = 64;  // the size byte leaves room for no more
    struct Range {
        std::size_t offset;
        std::size_t size;
    };
    base::ByteView media;
    base::ByteView tag;
    std::uint32_t nonce = 0;
    Range clear[kMaxRanges] = {};  // ascending parts of `media` that are not encrypted
    std::size_t clear_count = 0;

    /// Nothing when it is not a protocol frame. Never allocates.
    static std::optional<ProtocolFrame> parse(base::ByteView frame);
};

/// `F8 FF FE`: never encrypted by some senders, always let through by receivers.
bool is_silence(base::ByteView frame);

/// AES-128-GCM with an 8-byte tag on a reused context.
class FrameCipher {
public:
    explicit FrameCipher(const mls::Secret& key);
    ~FrameCipher();
    FrameCipher(FrameCipher&&) noexcept;
    FrameCipher& operator=(FrameCipher&&) noexcept;

    void rekey(const mls::Secret& key);
    /// Encrypts `data` in place and writes the 8-byte tag. Never allocates.
    void seal(std::uint32_t nonce, base::MutableBytes data, base::MutableBytes tag);
    /// Decrypts `frame.media` into `out` (at least as long). False: not sealed with this key.
    bool open(const ProtocolFrame& frame, base::MutableBytes out);

private:
    struct Context;
    std::unique_ptr<Context> context_;
};

/// Seals the Opus frames of one sender in one epoch. One thread. The nonce counts from 1 and never repeats
/// under a key: every 2^24 frames the ratchet moves on (the only step that allocates; 93 hours apart).
class FrameSealer {
public:
    explicit FrameSealer(mls::Secret base_secret) : FrameSealer{std::move(base_secret), 0} {}
    /// Goes on after `last_nonce`, as a test or a handed-over session needs it.
    FrameSealer(mls::Secret base_secret, std::uint64_t last_nonce);

    /// `buffer` holds the frame in its first `size` bytes; gives the size of the sealed one.
    /// Errors: kFrameTooBig unless kMaxOverheadBytes more fit behind it.
    base::Result<std::size_t> seal(base::MutableBytes buffer, std::size_t size);
    /// Frames sealed so far, counted over generations.
    std::uint64_t last_nonce() const { return last_nonce_; }

private:
    KeyRatchet ratchet_;
    FrameCipher cipher_;
    std::uint64_t last_nonce_;
};

}  // namespace bandstand::dave
