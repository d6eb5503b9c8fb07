// Sealing and opening one voice packet, against the bare EVP calls on the same bytes: the difference is ours.
#include <benchmark/benchmark.h>
#include <openssl/evp.h>

#include <array>
#include <cstdlib>
#include <cstring>

#include "crypto/transport_cipher.hpp"

namespace {

using namespace bandstand;

constexpr std::size_t kHeaderBytes = 12;

crypto::TransportKey key() {
    return crypto::TransportKey::from(base::Bytes(crypto::kTransportKeyBytes, std::byte{7})).value();
}

void seal(benchmark::State& state, crypto::TransportMode mode) {
    auto cipher = crypto::TransportCipher::create(mode, key()).value();
    const base::Bytes header(kHeaderBytes, std::byte{1});
    const base::Bytes payload(static_cast<std::size_t>(state.range(0)), std::byte{2});
    std::array<std::byte, 1500> out{};
    for (auto _ : state) benchmark::DoNotOptimize(cipher.seal(header, payload, out));
}

void open(benchmark::State& state, crypto::TransportMode mode) {
    auto cipher = crypto::TransportCipher::create(mode, key()).value();
    const base::Bytes header(kHeaderBytes, std::byte{1});
    const base::Bytes payload(static_cast<std::size_t>(state.range(0)), std::byte{2});
    std::array<std::byte, 1500> packet{};
    std::array<std::byte, 1500> out{};
    const auto size = cipher.seal(header, payload, packet).value();
    for (auto _ : state) {
        benchmark::DoNotOptimize(cipher.open(base::ByteView{packet}.first(size), kHeaderBytes, out));
    }
}

void bare_evp_gcm(benchmark::State& state) {
    const auto secret = key();
    auto* context = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nullptr,
                       reinterpret_cast<const unsigned char*>(secret.reveal().data()), nullptr);
    const std::array<unsigned char, kHeaderBytes> header{1};
    const std::vector<unsigned char> payload(static_cast<std::size_t>(state.range(0)), 2);
    std::array<unsigned char, 1500> out{};
    std::array<unsigned char, 12> nonce{};
    std::uint32_t counter = 0;
    int written = 0;
    for (auto _ : state) {
        std::memcpy(nonce.data(), &++counter, sizeof counter);
        EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, nonce.data());
        EVP_EncryptUpdate(context, nullptr, &written, header.data(), kHeaderBytes);
        EVP_EncryptUpdate(context, out.data() + kHeaderBytes, &written, payload.data(),
                          static_cast<int>(payload.size()));
        EVP_EncryptFinal_ex(context, out.data() + 1400, &written);
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, out.data() + 1400);
        benchmark::DoNotOptimize(out);
    }
    EVP_CIPHER_CTX_free(context);
}

BENCHMARK(bare_evp_gcm)->Arg(300);
BENCHMARK_CAPTURE(seal, gcm, crypto::TransportMode::aes256_gcm_rtpsize)->Arg(300);
BENCHMARK_CAPTURE(seal, xchacha, crypto::TransportMode::xchacha20_poly1305_rtpsize)->Arg(300);
BENCHMARK_CAPTURE(open, gcm, crypto::TransportMode::aes256_gcm_rtpsize)->Arg(300);
BENCHMARK_CAPTURE(open, xchacha, crypto::TransportMode::xchacha20_poly1305_rtpsize)->Arg(300);

}  // namespace

BENCHMARK_MAIN();
