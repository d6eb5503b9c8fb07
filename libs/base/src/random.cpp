#include "base/random.hpp"

#include <sys/random.h>

#include <array>
#include <bit>
#include <cerrno>

#include "base/assert.hpp"

namespace bandstand::base {
namespace {

// splitmix64 spreads one seed over the 256-bit state (Blackman and Vigna, "Scrambled linear generators").
std::uint64_t split_mix(std::uint64_t& state) {
    std::uint64_t z = (state += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
}

}  // namespace

Random::Random(std::uint64_t seed)
    : state_{split_mix(seed), split_mix(seed), split_mix(seed), split_mix(seed)} {}

Random::result_type Random::operator()() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17U;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

std::uint64_t Random::below(std::uint64_t bound) {
    BASE_ASSERT(bound > 0);
    // Lemire's multiply-shift; the bias of 2^-64·bound is far below what a test could see.
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<Wide>((*this)()) * bound) >> 64U);
}

double Random::unit() {
    return static_cast<double>((*this)() >> 11U) * 0x1.0p-53;
}

std::uint64_t random_seed() {
    std::array<std::byte, 8> raw{};
    fill_random(raw);
    return read_be<std::uint64_t>(raw);
}

void fill_random(MutableBytes out) {
    while (!out.empty()) {
        const auto got = ::getrandom(out.data(), out.size(), 0);
        if (got < 0) {
            BASE_ASSERT(errno == EINTR);
            continue;
        }
        out = out.subspan(static_cast<std::size_t>(got));
    }
}

std::string make_uuid(WallTime now) {
    std::array<std::byte, 16> raw{};
    fill_random(raw);
    const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
    const auto millis = static_cast<std::uint64_t>(since);
    for (std::size_t i = 0; i < 6; ++i) raw[i] = static_cast<std::byte>((millis >> (40U - 8U * i)) & 0xffU);
    raw[6] = (raw[6] & std::byte{0x0f}) | std::byte{0x70};
    raw[8] = (raw[8] & std::byte{0x3f}) | std::byte{0x80};
    std::string text = to_hex(raw);
    for (const std::size_t dash : {20U, 16U, 12U, 8U}) text.insert(dash, 1, '-');
    return text;
}

}  // namespace bandstand::base
