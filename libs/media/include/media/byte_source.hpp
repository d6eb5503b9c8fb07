#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace bandstand::media {

constexpr base::Reason kSourceFailed{"media.source_failed"};  ///< bytes could not be read
constexpr base::Reason kNotSeekable{"media.not_seekable"};

/// Where a track's bytes come from. Blocking: used on pool threads only, by one thread at a time.
class ByteSource {
public:
    virtual ~ByteSource() = default;
    /// Reads up to `out.size()` bytes; 0 = end. A source that waits for a network has its own deadline.
    virtual base::Result<std::size_t> read(base::MutableBytes out) = 0;
    /// The next read starts at `offset`. Errors: kNotSeekable.
    virtual base::Result<void> seek(std::uint64_t offset);
    virtual bool seekable() const { return false; }
    /// Total bytes, if known.
    virtual std::optional<std::uint64_t> size() const { return std::nullopt; }
};

/// A regular file. Other kinds (pipes, devices, folders) are refused.
class FileSource final : public ByteSource {
public:
    static base::Result<std::unique_ptr<ByteSource>> open(const std::filesystem::path& path);
    ~FileSource() override;
    FileSource(const FileSource&) = delete;
    FileSource& operator=(const FileSource&) = delete;

    base::Result<std::size_t> read(base::MutableBytes out) override;
    base::Result<void> seek(std::uint64_t offset) override;
    bool seekable() const override { return true; }
    std::optional<std::uint64_t> size() const override { return size_; }

private:
    FileSource(int fd, std::uint64_t size) : fd_{fd}, size_{size} {}
    int fd_;
    std::uint64_t size_;
};

/// Bytes that are in memory already.
class MemorySource final : public ByteSource {
public:
    explicit MemorySource(base::Bytes bytes) : bytes_{std::move(bytes)} {}
    base::Result<std::size_t> read(base::MutableBytes out) override;
    base::Result<void> seek(std::uint64_t offset) override;
    bool seekable() const override { return true; }
    std::optional<std::uint64_t> size() const override { return bytes_.size(); }

private:
    base::Bytes bytes_;
    std::size_t position_ = 0;
};

}  // namespace bandstand::media
