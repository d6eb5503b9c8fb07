#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "domain/search.hpp"
#include "domain/track.hpp"
#include "media/byte_source.hpp"
#include "runtime/context.hpp"
#include "runtime/offload.hpp"
#include "runtime/task.hpp"

namespace bandstand::audio {

/// One audio file of the library.
struct LibraryTrack {
    std::string key;                 ///< short and stable: a hash of the path within the library
    std::filesystem::path relative;  ///< to the root
    domain::TrackInfo info{};
    domain::Searchable text{};
    std::filesystem::file_time_type changed{};
    std::uintmax_t bytes = 0;
    bool playable = true;  ///< false: looked at, no audio in it
};

/// A folder of music, indexed in memory: its tags are read at the start, and whatever is new or changed at
/// intervals. Symbolic links are followed only to files within the folder. Loop thread only.
class Library {
public:
    /// An empty `root` is an empty library. `pool` reads the disk.
    Library(runtime::Context context, runtime::ThreadPool& pool, std::filesystem::path root,
            base::Duration rescan_interval);

    /// Scans until stopped.
    runtime::Task<base::Result<void>> watch();
    /// The first scan is complete.
    bool ready() const { return ready_; }
    std::size_t size() const { return index_->by_key.size(); }

    /// Best first. `limit` at most 25.
    std::vector<const LibraryTrack*> search(std::string_view text, std::size_t limit) const;
    /// Valid until the next suspension.
    const LibraryTrack* find(std::string_view key) const;
    /// Blocking: on a pool thread. Errors: domain::kNotFound when it is gone or leads out of the folder.
    static base::Result<std::unique_ptr<media::ByteSource>> open(std::filesystem::path root,
                                                                 std::filesystem::path relative);
    const std::filesystem::path& root() const { return root_; }

private:
    struct Index {
        std::map<std::string, LibraryTrack, std::less<>> by_key{};
        bool complete = false;  // every file was looked at
    };
    using IndexPtr = std::shared_ptr<const Index>;
    static IndexPtr scan(const std::filesystem::path& root, const IndexPtr& before,
                         const std::atomic<bool>& stopping);

    runtime::Context context_;
    runtime::ThreadPool& pool_;
    std::filesystem::path root_;
    base::Duration rescan_interval_;
    IndexPtr index_ = std::make_shared<Index>();
    std::atomic<bool> stopping_ = false;  // read by the pool
    bool ready_ = false;
};

}  // namespace bandstand::audio
