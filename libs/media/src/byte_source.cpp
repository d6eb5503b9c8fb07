#include "media/byte_source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace bandstand::media {
namespace {

std::unexpected<base::Error> failure(std::string_view what, int code) {
    const auto kind = code == ENOENT ? base::ErrorKind::not_found : base::ErrorKind::unavailable;
    return base::fail(kind, kSourceFailed, what, std::generic_category().message(code));
}

}  // namespace

base::Result<void> ByteSource::seek(std::uint64_t) {
    return base::fail(base::ErrorKind::failed_precondition, kNotSeekable, "the source cannot go back");
}

base::Result<std::unique_ptr<ByteSource>> FileSource::open(const std::filesystem::path& path) {
    // O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return failure("open file:", errno);
    struct stat status{};
    if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        ::close(fd);
        return base::fail(base::ErrorKind::invalid_argument, kSourceFailed, "open file: not a regular file");
    }
    return std::unique_ptr<ByteSource>{new FileSource{fd, static_cast<std::uint64_t>(status.st_size)}};
}

FileSource::~FileSource() {
    ::close(fd_);
}

base::Result<std::size_t> FileSource::read(base::MutableBytes out) {
    ssize_t got = 0;
    do {
        got = ::read(fd_, out.data(), out.size());
    } while (got < 0 && errno == EINTR);
    if (got < 0) return failure("read file:", errno);
    return static_cast<std::size_t>(got);
}

base::Result<void> FileSource::seek(std::uint64_t offset) {
    if (::lseek(fd_, static_cast<off_t>(offset), SEEK_SET) < 0) return failure("seek in file:", errno);
    return base::ok();
}

base::Result<std::size_t> MemorySource::read(base::MutableBytes out) {
    const auto count = std::min(out.size(), bytes_.size() - position_);
    std::ranges::copy(base::ByteView{bytes_}.subspan(position_, count), out.begin());
    position_ += count;
    return count;
}

base::Result<void> MemorySource::seek(std::uint64_t offset) {
    position_ = static_cast<std::size_t>(std::min<std::uint64_t>(offset, bytes_.size()));
    return base::ok();
}

}  // namespace bandstand::media
