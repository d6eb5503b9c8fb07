// Messages of the bus, saved queues and what people type come from outside of the process.

#include <cstdint>
#include <string>
#include <string_view>

#include "adapters/inbox_codec.hpp"
#include "adapters/snapshot_json.hpp"
#include "base/assert.hpp"
#include "domain/search.hpp"

using namespace bandstand;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto message = audio::parse_inbox(text);
    if (message) BASE_ASSERT(message->key.guild && message->key.bot);

    audio::domain::Snapshot snapshot;
    if (audio::from_json(base::as_bytes(text), snapshot)) {
        audio::domain::Snapshot again;
        BASE_ASSERT(audio::from_json(audio::to_json(snapshot), again));
        BASE_ASSERT(again.entries.size() == snapshot.entries.size());
    }

    const auto folded = audio::domain::fold(text);
    BASE_ASSERT(audio::domain::fold(folded) == folded);
    BASE_ASSERT(audio::domain::words_of(folded).size() <= 16);
    return 0;
}
