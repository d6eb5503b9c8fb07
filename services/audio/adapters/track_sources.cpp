#include "adapters/track_sources.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "domain/reasons.hpp"
#include "domain/search.hpp"
#include "engine/member_errors.hpp"

namespace bandstand::audio {
namespace {

constexpr std::chrono::seconds kKeepOpened{15};
constexpr std::size_t kMaxKept = 64;
constexpr std::string_view kLibraryPrefix = "lib:";

using ReaderResult = base::Result<std::unique_ptr<media::Reader>>;

std::unexpected<base::Error> not_found(std::string detail) {
    return base::fail(base::ErrorKind::not_found, domain::kNotFound, detail);
}

bool is_link(std::string_view text) {
    return text.starts_with("http://") || text.starts_with("https://");
}

}  // namespace

runtime::Task<base::Result<ports::Found>> TrackSources::resolve(domain::Source wish) {
    if (wish.kind == domain::SourceKind::library && is_link(wish.locator))
        wish.kind = domain::SourceKind::url;
    if (wish.kind == domain::SourceKind::library) co_return look_up(wish);
    auto track = co_await open_url(wish);
    if (!track) co_return std::unexpected(std::move(track).error());
    const auto& info = track->reader->info();
    ports::Found found{.source = wish,
                       .info = {.title = info.title,
                                .artist = info.artist,
                                .duration = info.duration,
                                .passthrough = info.opus_passthrough}};
    keep(wish.locator, std::move(*track));
    co_return found;
}

base::Result<ports::Found> TrackSources::look_up(const domain::Source& wish) const {
    const LibraryTrack* track = nullptr;
    if (wish.locator.starts_with(kLibraryPrefix)) {
        track = library_.find(wish.locator.substr(kLibraryPrefix.size()));
    } else if (!domain::words_of(domain::fold(wish.locator)).empty()) {
        const auto hits = library_.search(wish.locator, 1);
        track = hits.empty() ? nullptr : hits.front();
    }
    if (!track) return not_found("I found nothing of that name in the library.");
    return ports::Found{.source = {domain::SourceKind::library, track->key, {}}, .info = track->info};
}

runtime::Task<base::Result<OpenedTrack>> TrackSources::open(domain::Source source,
                                                            domain::Milliseconds from) {
    auto track = co_await open_from_start(std::move(source));
    if (!track) co_return std::unexpected(std::move(track).error());
    if (from == domain::Milliseconds{0}) co_return std::move(*track);
    auto* reader = track->reader.get();
    auto placed = co_await runtime::offload(pool_, [reader, from] { return reader->seek(from); });
    // What cannot be wound begins anew: better than not going on at all.
    if (!placed && placed.error().reason() != media::kNotSeekable) {
        co_return std::unexpected(for_member(std::move(placed).error()));
    }
    co_return std::move(*track);
}

runtime::Task<base::Result<OpenedTrack>> TrackSources::open_from_start(domain::Source source) {
    if (source.kind == domain::SourceKind::library) co_return co_await open_file(source.locator);
    if (auto kept = take_kept(source.locator)) co_return std::move(*kept);
    co_return co_await open_url(std::move(source));
}

runtime::Task<base::Result<OpenedTrack>> TrackSources::open_file(std::string key) {
    const auto* found = library_.find(key);
    if (!found) co_return not_found("That file is no longer in the library.");
    auto reader = co_await runtime::offload(
        pool_, [root = library_.root(), relative = found->relative]() -> ReaderResult {
            auto source = Library::open(root, relative);
            if (!source) return std::unexpected(std::move(source).error());
            return media::Reader::open(std::move(*source), {}, relative.filename().string());
        });
    if (!reader) co_return std::unexpected(for_member(std::move(reader).error()));
    co_return OpenedTrack{.reader = std::move(*reader)};
}

runtime::Task<base::Result<OpenedTrack>> TrackSources::open_url(domain::Source source) {
    auto stream = co_await HttpStream::open(context_, tasks_, client_, source.locator);
    if (!stream) co_return std::unexpected(std::move(stream).error());
    // Shared because offload takes what can be copied into the pool's queue.
    auto bytes = std::make_shared<std::unique_ptr<media::ByteSource>>(std::move(stream->source));
    const auto hint = source.filename.empty() ? stream->name : source.filename;
    auto reader = co_await runtime::offload(
        pool_, [bytes, hint] { return media::Reader::open(std::move(*bytes), {}, hint); });
    if (!reader) co_return std::unexpected(for_member(std::move(reader).error()));
    co_return OpenedTrack{.reader = std::move(*reader),
                          .would_wait = std::move(stream->would_wait),
                          .abort = std::move(stream->abort)};
}

void TrackSources::keep(std::string url, OpenedTrack track) {
    if (kept_.size() >= kMaxKept) kept_.pop_front();
    kept_.push_back({++last_kept_, std::move(url), std::move(track)});
    tasks_.spawn("keep opened", drop_later(last_kept_));
}

std::optional<OpenedTrack> TrackSources::take_kept(const std::string& url) {
    const auto found = std::ranges::find(kept_, url, &Kept::url);
    if (found == kept_.end()) return std::nullopt;
    auto track = std::move(found->track);
    kept_.erase(found);
    return track;
}

runtime::Task<base::Result<void>> TrackSources::drop_later(std::uint64_t number) {
    co_await runtime::sleep_for(kKeepOpened);
    std::erase_if(kept_, [number](const Kept& kept) { return kept.number == number; });
    co_return base::ok();
}

}  // namespace bandstand::audio
