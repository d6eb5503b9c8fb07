#include "adapters/library.hpp"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include "domain/reasons.hpp"
#include "media/reader.hpp"
#include "observe/observer.hpp"

namespace bandstand::audio {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFiles = 100'000;
constexpr int kMaxDepth = 16;
constexpr std::size_t kProbesAScan = 100;  // then what is known is shown, and the scan goes on
constexpr std::size_t kMaxResults = 25;
constexpr std::array<std::string_view, 16> kExtensions{".mp3", ".flac", ".wav",  ".m4a", ".mp4", ".ogg",
                                                       ".oga", ".opus", ".webm", ".mka", ".mkv", ".aac",
                                                       ".wma", ".aif",  ".aiff", ".wv"};

bool looks_like_audio(const fs::path& path) {
    auto extension = path.extension().string();
    std::ranges::transform(extension, extension.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return std::ranges::find(kExtensions, extension) != kExtensions.end();
}

// FNV-1a: the same on every machine and in every release, because people's links carry it.
std::string key_of(const fs::path& relative) {
    std::uint64_t hash = 14'695'981'039'346'656'037ULL;
    for (const auto letter : relative.generic_string()) {
        hash = (hash ^ static_cast<unsigned char>(letter)) * 1'099'511'628'211ULL;
    }
    std::array<std::byte, sizeof hash> bytes{};
    base::write_be(hash, bytes);
    return base::to_hex(bytes);
}

bool within(const fs::path& root, const fs::path& path) {
    const auto [end, ignored] = std::ranges::mismatch(root, path);
    return end == root.end();
}

// Regular files below `root`, as paths within it. What cannot be read is left out.
std::vector<fs::path> list_files(const fs::path& root) {
    std::vector<fs::path> files;
    std::error_code error;
    const auto canonical = fs::canonical(root, error);
    if (error) return files;
    auto entry = fs::recursive_directory_iterator{root, fs::directory_options::skip_permission_denied, error};
    for (; !error && entry != fs::recursive_directory_iterator{} && files.size() < kMaxFiles;
         entry.increment(error)) {
        if (entry.depth() >= kMaxDepth) entry.disable_recursion_pending();
        std::error_code unreadable;
        if (!looks_like_audio(entry->path()) || !entry->is_regular_file(unreadable)) continue;
        if (entry->is_symlink(unreadable) && !within(canonical, fs::canonical(entry->path(), unreadable)))
            continue;
        files.push_back(entry->path().lexically_relative(root));
    }
    return files;
}

void read_tags(const fs::path& root, LibraryTrack& track) {
    track.playable = false;
    auto source = Library::open(root, track.relative);
    if (!source) return;
    auto reader = media::Reader::open(std::move(*source), {}, track.relative.filename().string());
    if (!reader) return;
    const auto& info = (*reader)->info();
    track.info = {.title = info.title,
                  .artist = info.artist,
                  .duration = info.duration,
                  .passthrough = info.opus_passthrough};
    track.text = {.title = domain::fold(info.title),
                  .artist = domain::fold(info.artist),
                  .other = domain::fold(track.relative.generic_string())};
    track.playable = true;
}

}  // namespace

Library::Library(runtime::Context context, runtime::ThreadPool& pool, fs::path root,
                 base::Duration rescan_interval)
    : context_{std::move(context)}, pool_{pool}, root_{std::move(root)}, rescan_interval_{rescan_interval} {}

runtime::Task<base::Result<void>> Library::watch() {
    const auto on_stop = context_.on_stop([this] { stopping_ = true; });
    for (;;) {
        if (!root_.empty()) {
            auto next = co_await runtime::offload(
                pool_, [this, before = index_] { return scan(root_, before, stopping_); });
            const bool changed = next->by_key.size() != index_->by_key.size();
            index_ = std::move(next);
            if (index_->complete && (changed || !ready_)) {
                context_.observer().log().info("library_scanned",
                                               {{"folder", root_.string()}, {"tracks", size()}});
            }
        }
        ready_ = ready_ || root_.empty() || index_->complete;
        co_await runtime::sleep_for(index_->complete || root_.empty() ? rescan_interval_ : base::Duration{0});
    }
}

Library::IndexPtr Library::scan(const fs::path& root, const IndexPtr& before,
                                const std::atomic<bool>& stopping) {
    auto index = std::make_shared<Index>();
    std::size_t probes = 0;
    for (auto& relative : list_files(root)) {
        std::error_code gone;
        const auto changed = fs::last_write_time(root / relative, gone);
        const auto bytes = fs::file_size(root / relative, gone);
        if (gone) continue;
        auto key = key_of(relative);
        const auto known = before->by_key.find(key);
        if (known != before->by_key.end() && known->second.changed == changed &&
            known->second.bytes == bytes) {
            index->by_key.insert(*known);
            continue;
        }
        if (++probes > kProbesAScan || stopping) return index;
        LibraryTrack track{.key = key, .relative = std::move(relative), .changed = changed, .bytes = bytes};
        read_tags(root, track);
        index->by_key.insert_or_assign(std::move(key), std::move(track));
    }
    index->complete = true;
    return index;
}

std::vector<const LibraryTrack*> Library::search(std::string_view text, std::size_t limit) const {
    const auto query = domain::words_of(domain::fold(text));
    std::vector<std::pair<int, const LibraryTrack*>> hits;
    for (const auto& [key, track] : index_->by_key) {
        const auto points = track.playable ? domain::rank(track.text, query) : std::nullopt;
        if (points) hits.emplace_back(*points, &track);
    }
    const auto better = [](const auto& a, const auto& b) {
        return std::tie(b.first, a.second->info.title, a.second->key) <
               std::tie(a.first, b.second->info.title, b.second->key);
    };
    const auto count = std::min({limit, kMaxResults, hits.size()});
    std::ranges::partial_sort(hits, hits.begin() + static_cast<std::ptrdiff_t>(count), better);
    std::vector<const LibraryTrack*> best;
    for (std::size_t i = 0; i < count; ++i) best.push_back(hits[i].second);
    return best;
}

const LibraryTrack* Library::find(std::string_view key) const {
    const auto found = index_->by_key.find(key);
    return found == index_->by_key.end() || !found->second.playable ? nullptr : &found->second;
}

base::Result<std::unique_ptr<media::ByteSource>> Library::open(fs::path root, fs::path relative) {
    std::error_code gone;
    const auto canonical_root = fs::canonical(root, gone);
    const auto file = fs::canonical(root / relative, gone);
    if (gone || !within(canonical_root, file)) {
        return base::fail(base::ErrorKind::not_found, domain::kNotFound,
                          "That file is no longer in the library.");
    }
    return media::FileSource::open(file);
}

}  // namespace bandstand::audio
