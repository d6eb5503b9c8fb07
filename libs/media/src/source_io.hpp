#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "ffmpeg.hpp"
#include "media/byte_source.hpp"

namespace bandstand::media {

/// A ByteSource as FFmpeg reads it, with a deadline and a budget of bytes.
///
/// FFmpeg turns errors of its input into numbers or into an early end; the first one is kept here as it was.
class SourceIo {
public:
    explicit SourceIo(std::unique_ptr<ByteSource> source);
    ~SourceIo();
    SourceIo(const SourceIo&) = delete;
    SourceIo& operator=(const SourceIo&) = delete;

    AVIOContext* context() { return context_; }
    AVIOInterruptCB interrupt();
    bool seekable() const { return source_->seekable(); }

    /// Until the next call: reads fail after `time`, and after `bytes` more.
    void allow(std::chrono::milliseconds time, std::uint64_t bytes);
    /// What went wrong under FFmpeg, once.
    std::optional<base::Error> take_error();

private:
    static int read(void* self, std::uint8_t* out, int size);
    static std::int64_t seek(void* self, std::int64_t offset, int whence);
    static int interrupted(void* self);
    int fail(base::Error error);
    bool late() const;

    std::unique_ptr<ByteSource> source_;
    AVIOContext* context_;
    std::uint64_t position_ = 0;
    std::uint64_t budget_ = 0;
    base::Instant deadline_;
    std::optional<base::Error> error_;
};

}  // namespace bandstand::media
