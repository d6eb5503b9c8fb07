#include "adapters/http_stream.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

#include "domain/reasons.hpp"
#include "engine/member_errors.hpp"

namespace bandstand::audio {
namespace {

constexpr std::size_t kBufferBytes = 512 * 1024;
constexpr std::size_t kChunkBytes = 32 * 1024;
constexpr std::size_t kEnoughToRead = 32 * 1024;  // one read of FFmpeg
constexpr std::uint64_t kMaxBytes = 4ULL << 30U;
constexpr std::chrono::seconds kReadLimit{10};
constexpr int kMaxReopens = 3;  // after a connection that broke
constexpr std::size_t kMaxNameBytes = 200;

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// "bytes 0-99/1234" -> 1234 (RFC 9110 section 14.4)
std::optional<std::uint64_t> total_of(std::string_view content_range) {
    const auto slash = content_range.rfind('/');
    return slash == std::string_view::npos ? std::nullopt : number(content_range.substr(slash + 1));
}

bool is_web_page(const http::ClientResponse& head) {
    const auto type = head.headers.get("Content-Type").value_or("");
    return type.starts_with("text/html") || type.starts_with("application/xhtml");
}

std::string name_of(const std::string& url) {
    const auto parsed = http::Url::parse(url);
    if (!parsed) return {};
    const auto path = std::string_view{parsed->target}.substr(0, parsed->target.find('?'));
    return http::percent_decode(path.substr(path.rfind('/') + 1)).substr(0, kMaxNameBytes);
}

http::ClientRequest request_from(const std::string& url, std::uint64_t offset) {
    http::ClientRequest request{.url = url};
    request.headers.set("Range", "bytes=" + std::to_string(offset) + "-");
    request.headers.set("Accept", "*/*");
    request.headers.set("Accept-Encoding", "identity");
    return request;
}

}  // namespace

// The fetching task fills, a pool thread empties.
struct HttpStream::State {
    explicit State(runtime::Context process) : context{std::move(process)}, wake{context.loop()} {
        wake.expires_at(asio::steady_timer::time_point::max());
    }

    runtime::Context context;
    std::string url;
    std::optional<std::uint64_t> size;  // constant once opened
    bool ranges = false;                // constant once opened
    asio::steady_timer wake;            // loop thread: cancelled when the reader wants something

    std::mutex mutex;
    std::condition_variable filled;
    std::vector<std::byte> ring = std::vector<std::byte>(kBufferBytes);
    std::size_t head = 0;
    std::size_t count = 0;
    std::uint64_t read_at = 0;     // offset of the next byte that the reader gets
    std::uint64_t fetch_at = 0;    // offset of the next byte that comes in
    std::uint64_t generation = 0;  // counts the seeks that need another request
    bool ended = false;
    bool aborted = false;
    std::optional<base::Error> failure;

    void wake_fetcher(const std::shared_ptr<State>& self) const {
        asio::post(context.executor(), [self] { self->wake.cancel(); });
    }
    // With the lock held.
    bool would_wait() const { return count < kEnoughToRead && !ended && !failure && !aborted; }
    void put(base::ByteView bytes) {
        for (std::size_t done = 0; done < bytes.size();) {
            const auto tail = (head + count) % ring.size();
            const auto part = std::min(bytes.size() - done, ring.size() - tail);
            std::ranges::copy(bytes.subspan(done, part), ring.begin() + static_cast<std::ptrdiff_t>(tail));
            done += part;
            count += part;
        }
        fetch_at += bytes.size();
    }
    std::size_t take(base::MutableBytes out) {
        const auto part = std::min({out.size(), count, ring.size() - head});
        std::copy_n(ring.begin() + static_cast<std::ptrdiff_t>(head), part, out.begin());
        drop(part);
        return part;
    }
    void drop(std::size_t bytes) {
        head = (head + bytes) % ring.size();
        count -= bytes;
        read_at += bytes;
    }
    void fail(base::Error error) {
        const std::scoped_lock lock{mutex};
        failure = std::move(error);
        filled.notify_all();
    }
};

runtime::Task<base::Result<HttpStream::Opened>> HttpStream::open(runtime::Context context,
                                                                 runtime::TaskGroup& tasks,
                                                                 http::Client& client, std::string url) {
    auto body = co_await client.open(request_from(url, 0));
    if (!body) co_return std::unexpected(for_member(std::move(body).error()));
    const auto& head = (*body)->head();
    if (head.status != 200 && head.status != 206) co_return std::unexpected(for_member(head.status));
    if (is_web_page(head)) {
        co_return base::fail(base::ErrorKind::invalid_argument, domain::kUnsupportedMedia,
                             "That link leads to a web page, not to an audio file.");
    }
    auto state = std::make_shared<State>(context);
    state->url = (*body)->final_url();
    state->ranges = head.status == 206;
    state->size = state->ranges ? total_of(head.headers.get("Content-Range").value_or(""))
                                : number(head.headers.get("Content-Length").value_or(""));
    if (state->size.value_or(0) > kMaxBytes) {
        co_return base::fail(base::ErrorKind::resource_exhausted, domain::kFetchFailed,
                             "The file is too large.");
    }
    Opened opened{.source = std::unique_ptr<HttpStream>{new HttpStream{state}},
                  .would_wait =
                      [state] {
                          const std::scoped_lock lock{state->mutex};
                          return state->would_wait();
                      },
                  .abort =
                      [state] {
                          const std::scoped_lock lock{state->mutex};
                          state->aborted = true;
                          state->filled.notify_all();
                          state->wake_fetcher(state);
                      },
                  .name = name_of(state->url)};
    tasks.spawn("fetch", fetch(state, client, std::move(*body)));
    co_return opened;
}

HttpStream::~HttpStream() {
    const std::scoped_lock lock{state_->mutex};
    state_->aborted = true;
    state_->wake_fetcher(state_);
}

bool HttpStream::seekable() const {
    return state_->ranges;
}

std::optional<std::uint64_t> HttpStream::size() const {
    return state_->size;
}

base::Result<std::size_t> HttpStream::read(base::MutableBytes out) {
    std::unique_lock lock{state_->mutex};
    const auto arrived = [this] {
        return state_->count > 0 || state_->ended || state_->failure || state_->aborted;
    };
    if (!state_->filled.wait_for(lock, kReadLimit, arrived)) {
        return base::fail(base::ErrorKind::deadline_exceeded, domain::kFetchFailed,
                          "The server stopped sending.");
    }
    if (state_->aborted) return base::fail(base::ErrorKind::cancelled, media::kSourceFailed, "closed");
    if (state_->count == 0 && state_->failure) return std::unexpected(*state_->failure);
    const auto got = state_->take(out);
    state_->wake_fetcher(state_);
    return got;
}

base::Result<void> HttpStream::seek(std::uint64_t offset) {
    const std::scoped_lock lock{state_->mutex};
    auto& state = *state_;
    if (offset >= state.read_at && offset - state.read_at <= state.count) {
        state.drop(static_cast<std::size_t>(offset - state.read_at));
        return base::ok();
    }
    if (!state.ranges) {
        return base::fail(base::ErrorKind::failed_precondition, media::kNotSeekable,
                          "the server knows no ranges");
    }
    state.head = state.count = 0;
    state.read_at = state.fetch_at = offset;
    state.ended = state.size && offset >= *state.size;
    state.failure.reset();
    ++state.generation;
    state.wake_fetcher(state_);
    return base::ok();
}

runtime::Task<base::Result<void>> HttpStream::fetch(std::shared_ptr<State> state, http::Client& client,
                                                    std::unique_ptr<http::BodyReader> body) {
    // However this ends, a pool thread may wait for bytes that will not come.
    const std::shared_ptr<void> over{nullptr, [state](void*) {
                                         const std::scoped_lock lock{state->mutex};
                                         state->aborted = true;
                                         state->filled.notify_all();
                                     }};
    std::uint64_t generation = 0;
    int reopens = 0;
    std::vector<std::byte> chunk(kChunkBytes);
    for (;;) {
        bool wait = false;
        std::uint64_t offset = 0;
        {
            const std::scoped_lock lock{state->mutex};
            if (state->aborted) co_return base::ok();
            if (state->generation != generation) body.reset();
            generation = state->generation;
            offset = state->fetch_at;
            wait = state->ended || state->failure || state->ring.size() - state->count < kChunkBytes;
        }
        if (wait) {
            boost::system::error_code woken;
            co_await state->wake.async_wait(asio::redirect_error(asio::use_awaitable, woken));
            continue;
        }
        if (!body) {
            auto again = co_await client.open(request_from(state->url, offset));
            if (!again || (*again)->head().status != 206) {
                state->fail(again ? for_member((*again)->head().status)
                                  : for_member(std::move(again).error()));
                continue;
            }
            body = std::move(*again);
            continue;  // it may have been wound meanwhile
        }
        auto got = co_await body->read(chunk);
        if (!got && state->ranges && ++reopens <= kMaxReopens) {
            body.reset();
            continue;
        }
        if (!got) {
            state->fail(for_member(std::move(got).error()));
            continue;
        }
        const std::scoped_lock lock{state->mutex};
        if (state->generation != generation) continue;
        state->ended = *got == 0;
        state->put(std::span{chunk}.first(*got));
        state->filled.notify_all();
        if (state->fetch_at > kMaxBytes) {
            state->failure = base::Error{base::ErrorKind::resource_exhausted, domain::kFetchFailed,
                                         "The file is too large."};
        }
    }
}

}  // namespace bandstand::audio
