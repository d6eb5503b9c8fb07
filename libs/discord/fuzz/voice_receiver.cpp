// Datagrams: as they are, and sealed by us, so that the parsing behind the decryption is reached too. The
// first byte says how long the clear header of the sealed one is.
#include <cstddef>
#include <cstdint>

#include "base/assert.hpp"
#include "discord/voice_receiver.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bandstand;
    if (size < 1 || size > 8192) return 0;
    const auto input = std::as_bytes(std::span{data, size}).subspan(1);
    const auto key = crypto::TransportKey::from(base::Bytes(crypto::kTransportKeyBytes)).value();
    const auto cipher = [&key] {
        return crypto::TransportCipher::create(crypto::TransportMode::aes256_gcm_rtpsize, key).value();
    };
    discord::VoiceReceiver receiver{cipher(), {.own_ssrc = 1, .deliver_unknown = (data[0] & 0x80U) != 0}};
    receiver.receive(input, base::Instant{});

    const auto header = std::min<std::size_t>(data[0] & 0x7fU, input.size());
    base::Bytes sealed(input.size() + crypto::kTransportOverheadBytes);
    BASE_ASSERT(cipher().seal(input.first(header), input.subspan(header), sealed));
    const auto packet = receiver.receive(sealed, base::Instant{});
    BASE_ASSERT(!packet || packet->opus.size() < input.size());
    receiver.on_speaking(base::UserId{2}, 77, base::Instant{});
    return 0;
}
