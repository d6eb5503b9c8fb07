// A receiver opens whatever arrives: mode, header length, packet. It must refuse all that it did not seal.
#include <cstddef>
#include <cstdint>

#include "base/assert.hpp"
#include "crypto/transport_cipher.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bandstand;
    if (size < 2) return 0;
    const auto input = std::as_bytes(std::span{data, size});
    const auto mode = (data[0] & 1U) != 0 ? crypto::TransportMode::aes256_gcm_rtpsize
                                          : crypto::TransportMode::xchacha20_poly1305_rtpsize;
    const auto key = crypto::TransportKey::from(base::Bytes(crypto::kTransportKeyBytes)).value();
    auto cipher = crypto::TransportCipher::create(mode, key).value();
    base::Bytes out(size);
    const auto opened = cipher.open(input.subspan(2), data[1], out);
    BASE_ASSERT(!opened || *opened + data[1] + crypto::kTransportOverheadBytes == size - 2);
    return 0;
}
