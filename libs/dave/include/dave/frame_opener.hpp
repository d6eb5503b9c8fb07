#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>

#include "base/clock.hpp"
#include "dave/frame.hpp"

namespace bandstand::dave {

/// How long the keys of a replaced epoch, an older generation, and the pass-through window go on.
constexpr base::Duration kOldKeyLife = std::chrono::seconds{10};

/// Which nonces of one sender were seen: the newest, and up to 1000 that were skipped and may still come.
class ReplayWindow {
public:
    bool accepts(std::uint64_t big_nonce) const;
    void record(std::uint64_t big_nonce);

private:
    std::optional<std::uint64_t> newest_;
    std::deque<std::uint64_t> skipped_;
};

/// Unwraps the generation from the top byte of a 32-bit nonce, upward from the oldest kept one.
std::uint32_t unwrap_generation(std::uint32_t oldest, std::uint32_t top_byte);
std::uint64_t big_nonce(std::uint32_t generation, std::uint32_t truncated_nonce);

/// Opens one sender's frames in one epoch.
class EpochOpener {
public:
    EpochOpener(mls::Secret base_secret, base::Instant now);

    /// False when this epoch's keys do not open it, or it was seen before (`replayed`).
    bool open(const ProtocolFrame& frame, base::MutableBytes out, base::Instant now, bool& replayed);
    void expire_at(base::Instant when) { expires_ = when; }
    bool expired(base::Instant now) const { return expires_ && now >= *expires_; }

private:
    struct Generation {
        FrameCipher cipher;
        std::optional<base::Instant> expires;
    };
    bool plausible(std::uint32_t generation, base::Instant now) const;
    Generation& at(std::uint32_t generation);

    KeyRatchet ratchet_;
    base::Instant created_;
    std::optional<base::Instant> expires_;
    std::uint32_t oldest_ = 0;
    std::uint32_t newest_ = 0;
    std::map<std::uint32_t, Generation> generations_;
    ReplayWindow window_;
};

/// Opens the frames of one user across epochs: the newest keys first, those of replaced epochs for 10 s more.
class FrameOpener {
public:
    /// From now on frames of the epoch with this base secret are expected.
    void add_epoch(mls::Secret base_secret, base::Instant now);
    /// Version 0: unsealed frames pass. Version 1: they pass for 10 s more.
    void allow_passthrough(bool allowed, base::Instant now);

    /// Writes the plain frame to `out` (at least as long as `frame`) and gives its size. Silence always
    /// passes. Errors: kNotSealed, kReplayed, kUnopened.
    base::Result<std::size_t> open(base::ByteView frame, base::MutableBytes out, base::Instant now);

private:
    std::list<EpochOpener> epochs_;  // newest first
    std::optional<base::Instant> passthrough_until_;
    bool passthrough_ = false;
};

}  // namespace bandstand::dave
