#include "sandbox/discord/stream_check.hpp"

#include <algorithm>
#include <cmath>

namespace bandstand::sandbox {
namespace {

constexpr std::uint32_t kFrame = 960;
constexpr int kTrailingSilence = 5;
/// A longer pause than this between two packets ends a burst.
constexpr base::Duration kBurstGap = std::chrono::milliseconds{200};
/// Nonces remembered per key: more than ten minutes of audio.
constexpr std::size_t kNonces = 32'768;

}  // namespace

bool StreamCheck::accept(const Packet& packet) {
    if (!used_.insert(packet.nonce).second) {
        ++reused_nonces_;
        return false;
    }
    order_.push_back(packet.nonce);
    if (order_.size() > kNonces) {
        used_.erase(order_.front());
        order_.pop_front();
    }
    ++packets_;
    bytes_ += packet.payload_bytes;
    if (packet.silence) ++silence_;
    if (last_) {
        compare(packet);
    } else {
        ++bursts_;
    }
    silent_run_ = packet.silence ? silent_run_ + 1 : 0;
    last_ = packet;
    return true;
}

void StreamCheck::compare(const Packet& packet) {
    const auto step = static_cast<std::uint16_t>(packet.sequence - last_->sequence);
    if (step == 0 || step > 0x8000) {
        ++reordered_;
        return;
    }
    sequence_gaps_ += step - 1U;
    if (packet.at - last_->at > kBurstGap) {
        ++bursts_;
        if (silent_run_ < kTrailingSilence) ++unclosed_bursts_;
        silent_run_ = 0;
        return;
    }
    const auto samples = packet.timestamp - last_->timestamp;
    // A burst that closed may begin again at any time, with the clock's jump in its timestamp.
    const bool new_burst = last_->silence && !packet.silence;
    if (samples != kFrame * step && !new_burst) ++irregular_timestamps_;
    pace(packet, samples / kFrame);
}

void StreamCheck::pace(const Packet& packet, std::uint32_t step) {
    if (step == 0 || step > 100) return;
    const auto late = packet.at - last_->at - step * base::Duration{std::chrono::milliseconds{20}};
    const double deviation = std::abs(std::chrono::duration<double, std::micro>(late).count());
    ++paced_;
    deviation_sum_us_ += deviation;
    deviation_max_us_ = std::max(deviation_max_us_, deviation);
}

Json StreamCheck::describe() const {
    return {{"packets", packets_},
            {"payload_bytes", bytes_},
            {"silence_frames", silence_},
            {"sequence_gaps", sequence_gaps_},
            {"reordered", reordered_},
            {"irregular_timestamps", irregular_timestamps_},
            {"reused_nonces", reused_nonces_},
            {"bursts", bursts_},
            {"unclosed_bursts", unclosed_bursts_},
            {"dropped_unheard", unheard_},
            {"dropped_forged", forged_},
            {"dropped_early", early_},
            {"pacing_mean_us", paced_ == 0 ? 0.0 : deviation_sum_us_ / static_cast<double>(paced_)},
            {"pacing_max_us", deviation_max_us_}};
}

}  // namespace bandstand::sandbox
