#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "http/client.hpp"
#include "media/byte_source.hpp"
#include "runtime/context.hpp"
#include "runtime/task_group.hpp"

namespace bandstand::audio {

/// A URL as a source of bytes: the loop fetches into a bounded buffer, a pool thread reads out of it and
/// waits when it is empty. Winding asks the server for the rest from there, if it knows ranges.
class HttpStream final : public media::ByteSource {
public:
    struct Opened {
        std::unique_ptr<media::ByteSource> source;
        std::function<bool()> would_wait;
        std::function<void()> abort;
        std::string name;  ///< last part of the path: a hint for title and format
    };
    /// Errors for members: domain::kFetchFailed, kUnsupportedMedia (a web page), kBadRequest. `client`
    /// outlives `tasks`.
    static runtime::Task<base::Result<Opened>> open(runtime::Context context, runtime::TaskGroup& tasks,
                                                    http::Client& client, std::string url);
    ~HttpStream() override;

    base::Result<std::size_t> read(base::MutableBytes out) override;
    base::Result<void> seek(std::uint64_t offset) override;
    bool seekable() const override;
    std::optional<std::uint64_t> size() const override;

private:
    struct State;
    explicit HttpStream(std::shared_ptr<State> state) : state_{std::move(state)} {}
    static runtime::Task<base::Result<void>> fetch(std::shared_ptr<State> state, http::Client& client,
                                                   std::unique_ptr<http::BodyReader> body);

    std::shared_ptr<State> state_;  // shared with the fetching task
};

}  // namespace bandstand::audio
