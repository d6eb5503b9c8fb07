#pragma once

#include <cstdint>

#include "mls/crypto.hpp"

namespace bandstand::dave {

/// One sender's media keys in one epoch: the sender ratchet of RFC 9420 §9.1 started from the 16 exported
/// bytes. A generation lasts 2^24 frames. Only moves forward: an old secret is wiped when the next one is
/// made.
class KeyRatchet {
public:
    explicit KeyRatchet(mls::Secret base_secret) : secret_{std::move(base_secret)} {}

    std::uint32_t generation() const { return generation_; }
    /// The 16-byte AES key of the present generation.
    mls::Secret key() const { return mls::derive_tree_secret(secret_, "key", generation_, mls::kKeyBytes); }
    void advance();

private:
    mls::Secret secret_;
    std::uint32_t generation_ = 0;
};

}  // namespace bandstand::dave
