#include "dave/frame_opener.hpp"

#include <algorithm>

namespace bandstand::dave {
namespace {

using base::ErrorKind;

constexpr std::size_t kMaxMissingNonces = 1000;
constexpr std::uint32_t kMaxGenerationGap = 250;
constexpr std::uint32_t kGenerationWrap = 256;
constexpr std::int64_t kMaxFramesPerSecond = 170;

}  // namespace

bool ReplayWindow::accepts(std::uint64_t nonce) const {
    return !newest_ || nonce > *newest_ || std::ranges::binary_search(skipped_, nonce);
}

void ReplayWindow::record(std::uint64_t nonce) {
    if (newest_ && nonce <= *newest_) {
        const auto found = std::ranges::lower_bound(skipped_, nonce);
        if (found != skipped_.end() && *found == nonce) skipped_.erase(found);
        return;
    }
    if (newest_) {
        const auto gap = nonce - *newest_ - 1;
        const auto first = gap > kMaxMissingNonces ? nonce - kMaxMissingNonces : *newest_ + 1;
        for (auto missing = first; missing < nonce; ++missing) skipped_.push_back(missing);
        while (skipped_.size() > kMaxMissingNonces) skipped_.pop_front();
    }
    newest_ = nonce;
}

std::uint32_t unwrap_generation(std::uint32_t oldest, std::uint32_t top_byte) {
    const auto base = oldest / kGenerationWrap * kGenerationWrap + top_byte;
    return top_byte < oldest % kGenerationWrap ? base + kGenerationWrap : base;
}

std::uint64_t big_nonce(std::uint32_t generation, std::uint32_t truncated_nonce) {
    constexpr std::uint32_t kLowBits = (1U << kNonceBitsPerGeneration) - 1;
    return (std::uint64_t{generation} << kNonceBitsPerGeneration) | (truncated_nonce & kLowBits);
}

EpochOpener::EpochOpener(mls::Secret base_secret, base::Instant now)
    : ratchet_{std::move(base_secret)}, created_{now} {}

// A generation is 2^24 frames: nobody reaches the next one before as much time has passed. This bounds how
// far a forged nonce can drive the ratchet.
bool EpochOpener::plausible(std::uint32_t generation, base::Instant now) const {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - created_).count();
    const auto reachable =
        (kMaxFramesPerSecond * std::max<std::int64_t>(seconds, 0)) >> kNonceBitsPerGeneration;
    return generation >= oldest_ && generation <= newest_ + kMaxGenerationGap && generation <= reachable;
}

EpochOpener::Generation& EpochOpener::at(std::uint32_t generation) {
    while (ratchet_.generation() <= generation) {
        generations_.try_emplace(ratchet_.generation(),
                                 Generation{FrameCipher{ratchet_.key()}, std::nullopt});
        ratchet_.advance();
    }
    return generations_.at(generation);
}

bool EpochOpener::open(const ProtocolFrame& frame, base::MutableBytes out, base::Instant now,
                       bool& replayed) {
    std::erase_if(generations_,
                  [now](const auto& entry) { return entry.second.expires && now >= *entry.second.expires; });
    if (!generations_.empty()) oldest_ = std::max(oldest_, generations_.begin()->first);
    const auto generation = unwrap_generation(oldest_, frame.nonce >> kNonceBitsPerGeneration);
    if (!plausible(generation, now)) return false;
    const auto nonce = big_nonce(generation, frame.nonce);
    if (!window_.accepts(nonce)) {
        replayed = true;
        return false;
    }
    if (!at(generation).cipher.open(frame, out)) return false;
    window_.record(nonce);
    if (generation > newest_) {
        newest_ = generation;
        for (auto& [number, older] : generations_) {
            if (number < newest_ && !older.expires) older.expires = now + kOldKeyLife;
        }
    }
    return true;
}

void FrameOpener::add_epoch(mls::Secret base_secret, base::Instant now) {
    for (auto& older : epochs_) {
        if (!older.expired(now)) older.expire_at(now + kOldKeyLife);
    }
    std::erase_if(epochs_, [now](const EpochOpener& epoch) { return epoch.expired(now); });
    epochs_.emplace_front(std::move(base_secret), now);
}

void FrameOpener::allow_passthrough(bool allowed, base::Instant now) {
    if (passthrough_ && !allowed) passthrough_until_ = now + kOldKeyLife;
    passthrough_ = allowed;
}

base::Result<std::size_t> FrameOpener::open(base::ByteView frame, base::MutableBytes out, base::Instant now) {
    if (out.size() < frame.size()) return base::fail(ErrorKind::invalid_argument, kFrameTooBig);
    const bool passes = passthrough_ || (passthrough_until_ && now < *passthrough_until_);
    const auto parsed = ProtocolFrame::parse(frame);
    if (is_silence(frame) || (!parsed && passes)) {
        std::ranges::copy(frame, out.begin());
        return frame.size();
    }
    if (!parsed) return base::fail(ErrorKind::permission_denied, kNotSealed);
    bool replayed = false;
    for (auto& epoch : epochs_) {
        if (!epoch.expired(now) && epoch.open(*parsed, out, now, replayed)) return parsed->media.size();
    }
    if (replayed) return base::fail(ErrorKind::permission_denied, kReplayed);
    return base::fail(ErrorKind::permission_denied, kUnopened);
}

}  // namespace bandstand::dave
