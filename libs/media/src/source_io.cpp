#include "source_io.hpp"

#include <algorithm>
#include <cstdio>
#include <new>

#include "media/reader.hpp"

namespace bandstand::media {
namespace {

constexpr int kBufferBytes = 16 * 1024;  // one per playing track: a trade of system calls for memory

}  // namespace

SourceIo::SourceIo(std::unique_ptr<ByteSource> source) : source_{std::move(source)} {
    auto* buffer = static_cast<unsigned char*>(av_malloc(kBufferBytes));
    context_ = buffer == nullptr ? nullptr
                                 : avio_alloc_context(buffer, kBufferBytes, 0, this, &read, nullptr,
                                                      seekable() ? &seek : nullptr);
    if (context_ == nullptr) throw std::bad_alloc{};
    context_->seekable = seekable() ? AVIO_SEEKABLE_NORMAL : 0;
}

SourceIo::~SourceIo() {
    av_freep(static_cast<void*>(&context_->buffer));  // FFmpeg may have replaced the one that we gave
    avio_context_free(&context_);
}

AVIOInterruptCB SourceIo::interrupt() {
    return {&interrupted, this};
}

void SourceIo::allow(std::chrono::milliseconds time, std::uint64_t bytes) {
    deadline_ = base::system_clock().now() + time;
    budget_ = bytes;
}

std::optional<base::Error> SourceIo::take_error() {
    return std::exchange(error_, std::nullopt);
}

bool SourceIo::late() const {
    return base::system_clock().now() > deadline_;
}

int SourceIo::fail(base::Error error) {
    if (!error_) error_ = std::move(error);
    return AVERROR_EXIT;
}

int SourceIo::read(void* self, std::uint8_t* out, int size) {
    auto& io = *static_cast<SourceIo*>(self);
    if (io.late()) {
        return io.fail(
            {base::ErrorKind::deadline_exceeded, kTooSlow, "the source did not give its bytes in time"});
    }
    if (io.budget_ == 0) {
        return io.fail(
            {base::ErrorKind::resource_exhausted, kTooLarge, "read too much without finding audio"});
    }
    const auto want = std::min<std::uint64_t>(static_cast<std::uint64_t>(size), io.budget_);
    auto got = io.source_->read(std::as_writable_bytes(std::span{out, static_cast<std::size_t>(want)}));
    if (!got) return io.fail(std::move(got).error());
    io.position_ += *got;
    io.budget_ -= *got;
    return *got == 0 ? AVERROR_EOF : static_cast<int>(*got);
}

std::int64_t SourceIo::seek(void* self, std::int64_t offset, int whence) {
    auto& io = *static_cast<SourceIo*>(self);
    const auto size = io.source_->size();
    std::int64_t target = offset;
    switch (whence & ~AVSEEK_FORCE) {
        case SEEK_SET:
            break;
        case SEEK_CUR:
            target += static_cast<std::int64_t>(io.position_);
            break;
        case SEEK_END:
            if (!size) return AVERROR(ENOSYS);
            target += static_cast<std::int64_t>(*size);
            break;
        case AVSEEK_SIZE:
            return size ? static_cast<std::int64_t>(*size) : AVERROR(ENOSYS);
        default:
            return AVERROR(EINVAL);
    }
    if (target < 0) return AVERROR(EINVAL);
    if (auto moved = io.source_->seek(static_cast<std::uint64_t>(target)); !moved) {
        return io.fail(std::move(moved).error());
    }
    io.position_ = static_cast<std::uint64_t>(target);
    return target;
}

int SourceIo::interrupted(void* self) {
    return static_cast<SourceIo*>(self)->late() ? 1 : 0;
}

}  // namespace bandstand::media
