#include <cstddef>
#include <cstdint>
#include <span>

#include "media/reader.hpp"

namespace {

using namespace std::chrono_literals;
using namespace bandstand;

template <class Read>
void read_some(Read&& read) {
    for (int i = 0; i < 200; ++i) {
        const auto got = read();
        if (!got || !*got) return;
    }
}

}  // namespace

/// Any bytes: opened, read as packets and as sound, with a seek between.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span{data, size});
    auto source = std::make_unique<media::MemorySource>(base::Bytes{bytes.begin(), bytes.end()});
    auto reader = media::Reader::open(std::move(source), {.open_timeout = 2s, .read_timeout = 1s});
    if (!reader) return 0;
    if ((*reader)->info().opus_passthrough) read_some([&] { return (*reader)->next_packet(); });
    read_some([&] { return (*reader)->next_frame(); });
    if ((*reader)->seek(100ms)) read_some([&] { return (*reader)->next_frame(); });
    return 0;
}
