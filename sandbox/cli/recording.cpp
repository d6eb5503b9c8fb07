#include "sandbox/cli/recording.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <utility>

#include "audio_core/format.hpp"
#include "audio_core/opus.hpp"

namespace bandstand::sandbox::cli {
namespace {

constexpr std::int64_t kFrame = audio_core::kFrameSamples;
constexpr std::int64_t kRate = audio_core::kSampleRate;

std::int64_t samples_of_us(std::int64_t us) {
    return us * kRate / 1'000'000;
}

bool is_silence(const base::Bytes& opus) {
    return std::ranges::equal(opus, audio_core::kOpusSilence);
}

void append_le(std::string& out, std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out += static_cast<char>((value >> static_cast<unsigned>(8 * i)) & 0xFFU);
}

std::string wav_header(std::size_t data_bytes) {
    std::string out = "RIFF";
    append_le(out, static_cast<std::uint32_t>(36 + data_bytes), 4);
    out += "WAVEfmt ";
    append_le(out, 16, 4);
    append_le(out, 1, 2);  // PCM
    append_le(out, audio_core::kChannels, 2);
    append_le(out, kRate, 4);
    append_le(out, kRate * audio_core::kChannels * 2, 4);
    append_le(out, audio_core::kChannels * 2, 2);
    append_le(out, 16, 2);
    out += "data";
    append_le(out, static_cast<std::uint32_t>(data_bytes), 4);
    return out;
}

void mix(std::vector<float>& out, std::int64_t at_sample, std::span<const float> pcm) {
    const auto begin = static_cast<std::size_t>(at_sample) * audio_core::kChannels;
    for (std::size_t i = 0; i < pcm.size() && begin + i < out.size(); ++i) out[begin + i] += pcm[i];
}

using Digest = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

}  // namespace

bool Recording::add(HeardPacket packet) {
    auto [found, is_new] = tracks_.try_emplace(packet.ssrc);
    auto& track = found->second;
    Kept kept{.silence = is_silence(packet.opus)};
    if (is_new) {
        track.begins_us = packet.arrived_us;
        kept.sequence = packet.sequence;
        track.last_sequence = packet.sequence;
        track.last_timestamp = packet.timestamp;
    } else {
        const auto step =
            static_cast<std::int16_t>(packet.sequence - static_cast<std::uint16_t>(track.last_sequence));
        kept.sequence = track.last_sequence + step;
        kept.samples =
            track.last_samples + static_cast<std::int32_t>(packet.timestamp - track.last_timestamp);
        if (track.packets.contains(kept.sequence)) {
            ++duplicates_;
            return false;
        }
        if (step < 0) ++reordered_;
        if (step > 0) {
            track.last_sequence = kept.sequence;
            track.last_samples = kept.samples;
            track.last_timestamp = packet.timestamp;
        }
    }
    if (!kept.silence) {
        ++sounding_;
        if (!first_sound_us_) first_sound_us_ = packet.arrived_us;
        last_sound_us_ = packet.arrived_us;
    }
    kept.packet = std::move(packet);
    arrivals_.emplace_back(found->first, kept.sequence);
    track.packets.emplace(kept.sequence, std::move(kept));
    return true;
}

std::vector<std::string> Recording::packet_lines() const {
    std::vector<std::string> lines;
    lines.reserve(arrivals_.size());
    for (const auto& [ssrc, sequence] : arrivals_) {
        const auto& packet = tracks_.at(ssrc).packets.at(sequence).packet;
        lines.push_back(to_text({{"t_us", packet.arrived_us},
                                 {"ssrc", ssrc},
                                 {"seq", packet.sequence},
                                 {"ext_seq", sequence},
                                 {"ts", packet.timestamp},
                                 {"opus_hex", base::to_hex(packet.opus)}}));
    }
    return lines;
}

Json Recording::summary() const {
    Json holes = Json::array();
    const Digest digest{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
    EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr);
    std::size_t silence = 0;
    std::int64_t missing = 0;
    for (const auto& [ssrc, track] : tracks_) {
        const Kept* last = nullptr;
        std::optional<std::int64_t> sequence;
        for (const auto& [number, kept] : track.packets) {
            if (sequence) missing += number - *sequence - 1;
            sequence = number;
            silence += kept.silence ? 1U : 0U;
            if (kept.silence) continue;
            EVP_DigestUpdate(digest.get(), kept.packet.opus.data(), kept.packet.opus.size());
            const auto gap = last == nullptr ? 0 : kept.samples - last->samples - kFrame;
            if (gap > 0) {
                holes.push_back(
                    {{"at_ms", (last->samples + kFrame) * 1000 / kRate}, {"ms", gap * 1000 / kRate}});
            }
            last = &kept;
        }
    }
    std::array<std::byte, EVP_MAX_MD_SIZE> hash{};
    unsigned length = 0;
    EVP_DigestFinal_ex(digest.get(), reinterpret_cast<unsigned char*>(hash.data()), &length);
    return {{"event", "summary"},
            {"packets", sounding_},
            {"silence_packets", silence},
            {"missing_packets", missing},
            {"duplicates", duplicates_},
            {"reordered", reordered_},
            {"speakers", tracks_.size()},
            {"first_packet_us", first_sound_us_ ? Json(*first_sound_us_) : Json(nullptr)},
            {"last_packet_us", last_sound_us_ ? Json(*last_sound_us_) : Json(nullptr)},
            {"holes", std::move(holes)},
            {"sha256_of_opus", base::to_hex(base::ByteView{hash}.first(length))}};
}

base::Result<std::string> Recording::wav(std::chrono::seconds limit) const {
    std::int64_t begins = std::numeric_limits<std::int64_t>::max();
    for (const auto& [ssrc, track] : tracks_) begins = std::min(begins, track.begins_us);
    const auto most = limit.count() * kRate;
    std::int64_t length = 0;
    const auto place = [&](const Track& track, const Kept& kept) {
        return samples_of_us(track.begins_us - begins) + kept.samples;
    };
    for (const auto& [ssrc, track] : tracks_) {
        for (const auto& [number, kept] : track.packets) {
            length = std::max(length, std::min(place(track, kept) + kFrame, most));
        }
    }
    std::vector<float> pcm(static_cast<std::size_t>(length) * audio_core::kChannels);
    for (const auto& [ssrc, track] : tracks_) {
        auto decoder = audio_core::OpusDecoder::create();
        if (!decoder) return std::unexpected{std::move(decoder).error()};
        for (const auto& [number, kept] : track.packets) {
            auto sound = decoder->decode(kept.packet.opus);
            if (!sound) return std::unexpected{std::move(sound).error()};
            const auto at = place(track, kept);
            if (at >= 0 && at < length) mix(pcm, at, *sound);
        }
    }
    std::string out = wav_header(pcm.size() * 2);
    out.reserve(out.size() + pcm.size() * 2);
    for (const float sample : pcm) {
        const auto value = std::lrint(std::clamp(sample, -1.0F, 1.0F) * 32'767.0F);
        append_le(out, static_cast<std::uint32_t>(value), 2);
    }
    return out;
}

}  // namespace bandstand::sandbox::cli
