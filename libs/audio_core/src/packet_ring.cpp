#include "audio_core/packet_ring.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/assert.hpp"

namespace bandstand::audio_core {
namespace {

// Records are multiples of this, so that a header always fits in front of the seam.
constexpr std::size_t kAlignment = 16;
constexpr std::size_t kMinBytes = 4096;

enum class Kind : std::uint16_t { packet, end, filler };

std::size_t record_bytes(std::size_t payload, std::size_t header) {
    return (header + payload + kAlignment - 1) / kAlignment * kAlignment;
}

void bump(std::atomic<std::uint64_t>& count) {
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

}  // namespace

struct alignas(16) PacketRing::Header {
    FrameTag tag;
    std::uint32_t size;  // payload
    Kind kind;
};

PacketRing::PacketRing(std::size_t bytes)
    : size_{std::bit_ceil(std::max(bytes, kMinBytes))},
      storage_{std::make_unique_for_overwrite<std::byte[]>(size_)} {
    static_assert(sizeof(Header) == kAlignment && kAlignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
}

PacketRing::Header* PacketRing::header_at(std::uint64_t position) {
    return reinterpret_cast<Header*>(storage_.get() + (position & (size_ - 1)));
}

/// Room for one record in one piece; fills up to the seam if it does not fit before it.
PacketRing::Header* PacketRing::reserve(std::size_t payload) {
    const auto need = record_bytes(payload, sizeof(Header));
    const auto write = write_.load(std::memory_order_relaxed);
    const auto room = size_ - (write - read_.load(std::memory_order_acquire));
    const auto before_seam = size_ - (write & (size_ - 1));
    const auto filler = need > before_seam ? before_seam : 0;
    if (need + filler > room) return nullptr;
    if (filler == 0) return header_at(write);
    new (header_at(write)) Header{{}, static_cast<std::uint32_t>(filler - sizeof(Header)), Kind::filler};
    write_.store(write + filler, std::memory_order_release);
    return header_at(write + filler);
}

bool PacketRing::push(FrameTag tag, base::ByteView opus) {
    BASE_ASSERT(!opus.empty() && opus.size() <= kMaxOpusPacketBytes);
    auto* header = reserve(opus.size());
    if (header == nullptr) return false;
    new (header) Header{tag, static_cast<std::uint32_t>(opus.size()), Kind::packet};
    std::memcpy(header + 1, opus.data(), opus.size());
    bump(frames_in_);
    write_.store(write_.load(std::memory_order_relaxed) + record_bytes(opus.size(), sizeof(Header)),
                 std::memory_order_release);
    return true;
}

bool PacketRing::push_end(std::uint32_t track) {
    auto* header = reserve(0);
    if (header == nullptr) return false;
    new (header) Header{{track, 0}, 0, Kind::end};
    bump(ends_in_);
    write_.store(write_.load(std::memory_order_relaxed) + sizeof(Header), std::memory_order_release);
    return true;
}

std::size_t PacketRing::frames() const {
    const auto out = frames_out_.load(std::memory_order_acquire);
    return frames_in_.load(std::memory_order_acquire) - out;
}

bool PacketRing::has_end() const {
    return ends_in_.load(std::memory_order_acquire) != ends_out_.load(std::memory_order_relaxed);
}

std::optional<PacketRing::Record> PacketRing::front() {
    while (read_.load(std::memory_order_relaxed) != write_.load(std::memory_order_acquire)) {
        const auto* header = header_at(read_.load(std::memory_order_relaxed));
        if (header->kind != Kind::filler) {
            return Record{header->tag, {reinterpret_cast<const std::byte*>(header + 1), header->size}};
        }
        pop();
    }
    return std::nullopt;
}

void PacketRing::pop() {
    const auto read = read_.load(std::memory_order_relaxed);
    const auto* header = header_at(read);
    if (header->kind == Kind::packet) bump(frames_out_);
    if (header->kind == Kind::end) bump(ends_out_);
    read_.store(read + record_bytes(header->size, sizeof(Header)), std::memory_order_release);
}

void PacketRing::drop_before(std::uint64_t mark) {
    while (read_.load(std::memory_order_relaxed) < mark) pop();
}

}  // namespace bandstand::audio_core
