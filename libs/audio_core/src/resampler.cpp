#include "audio_core/resampler.hpp"

#include <soxr.h>

#include <cmath>
#include <string_view>

#include "audio_core/format.hpp"

namespace bandstand::audio_core {
namespace {

constexpr int kMinRate = 4'000;
constexpr int kMaxRate = 768'000;

std::unexpected<base::Error> failure(soxr_error_t why) {
    return base::fail(base::ErrorKind::internal, kResamplerFailed, std::string_view{why});
}

}  // namespace

struct Resampler::State {
    struct Destroy {
        void operator()(soxr* resampler) const { soxr_delete(resampler); }
    };
    int rate = 0;
    std::unique_ptr<soxr, Destroy> soxr_state;  // none at 48 kHz

    base::Result<void> create();
    base::Result<void> process(const float* in, std::size_t samples, std::vector<float>& out);
};

Resampler::Resampler(std::unique_ptr<State> state) : state_{std::move(state)} {}
Resampler::Resampler(Resampler&&) noexcept = default;
Resampler& Resampler::operator=(Resampler&&) noexcept = default;
Resampler::~Resampler() = default;

base::Result<void> Resampler::State::create() {
    soxr_error_t error = nullptr;
    const auto format = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
    const auto quality = soxr_quality_spec(SOXR_HQ, 0);
    const auto one_thread = soxr_runtime_spec(1);
    soxr_state.reset(soxr_create(rate, kSampleRate, kChannels, &error, &format, &quality, &one_thread));
    if (error != nullptr) return failure(error);
    return base::ok();
}

base::Result<Resampler> Resampler::create(int input_rate) {
    if (input_rate < kMinRate || input_rate > kMaxRate) {
        return base::fail(base::ErrorKind::invalid_argument, kResamplerFailed, "cannot resample from",
                          input_rate, "Hz: allowed are", kMinRate, "to", kMaxRate);
    }
    auto state = std::make_unique<State>();
    state->rate = input_rate;
    if (input_rate != kSampleRate) {
        if (auto created = state->create(); !created) return std::unexpected(std::move(created).error());
    }
    return Resampler{std::move(state)};
}

/// `in` null = the input is over.
base::Result<void> Resampler::State::process(const float* in, std::size_t samples, std::vector<float>& out) {
    const double ratio = static_cast<double>(kSampleRate) / rate;
    std::size_t consumed = 0;
    std::size_t produced = 0;
    do {
        const auto room =
            static_cast<std::size_t>(std::ceil(static_cast<double>(samples) * ratio)) + kFrameSamples;
        const auto before = out.size();
        out.resize(before + room * kChannels);
        const auto error =
            soxr_process(soxr_state.get(), in, samples, &consumed, out.data() + before, room, &produced);
        out.resize(before + produced * kChannels);
        if (error != nullptr) return failure(error);
        if (in != nullptr) in += consumed * kChannels;
        samples -= in != nullptr ? consumed : 0;
    } while (samples > 0 || (in == nullptr && produced > 0));
    return base::ok();
}

base::Result<void> Resampler::push(std::span<const float> in, std::vector<float>& out) {
    if (state_->soxr_state) return state_->process(in.data(), in.size() / kChannels, out);
    out.insert(out.end(), in.begin(), in.end());
    return base::ok();
}

base::Result<void> Resampler::finish(std::vector<float>& out) {
    if (state_->soxr_state) return state_->process(nullptr, 0, out);
    return base::ok();
}

base::Result<void> Resampler::reset() {
    if (!state_->soxr_state) return base::ok();
    // soxr_clear() keeps the old state's settings only since 0.1.2 and loses the quality before: make it
    // anew.
    return state_->create();
}

}  // namespace bandstand::audio_core
