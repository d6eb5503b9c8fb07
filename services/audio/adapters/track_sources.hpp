#pragma once

#include <deque>
#include <string>

#include "adapters/http_stream.hpp"
#include "adapters/library.hpp"
#include "engine/track_opener.hpp"
#include "http/client.hpp"
#include "media/reader.hpp"
#include "ports/sources.hpp"
#include "runtime/task_group.hpp"

namespace bandstand::audio {

/// The library, web addresses and attachments: finds tracks and opens them. Loop thread only.
class TrackSources final : public ports::Sources, public TrackOpener {
public:
    /// `pool` waits for disks and networks.
    TrackSources(runtime::Context context, runtime::TaskGroup& tasks, runtime::ThreadPool& pool,
                 const Library& library, http::Client& client)
        : context_{std::move(context)}, tasks_{tasks}, pool_{pool}, library_{library}, client_{client} {}

    runtime::Task<base::Result<ports::Found>> resolve(domain::Source wish) override;
    runtime::Task<base::Result<OpenedTrack>> open(domain::Source source, domain::Milliseconds from) override;

private:
    base::Result<ports::Found> look_up(const domain::Source& wish) const;
    runtime::Task<base::Result<OpenedTrack>> open_from_start(domain::Source source);
    runtime::Task<base::Result<OpenedTrack>> open_file(std::string key);
    runtime::Task<base::Result<OpenedTrack>> open_url(domain::Source source);
    void keep(std::string url, OpenedTrack track);
    std::optional<OpenedTrack> take_kept(const std::string& url);
    runtime::Task<base::Result<void>> drop_later(std::uint64_t number);

    struct Kept {
        std::uint64_t number;
        std::string url;
        OpenedTrack track;
    };
    runtime::Context context_;
    runtime::TaskGroup& tasks_;
    runtime::ThreadPool& pool_;
    const Library& library_;
    http::Client& client_;
    std::deque<Kept> kept_;  // just resolved: most likely opened in the next moment
    std::uint64_t last_kept_ = 0;
};

}  // namespace bandstand::audio
