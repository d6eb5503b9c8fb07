#include "adapters/track_sources.hpp"

#include <gtest/gtest.h>

#include <charconv>
#include <map>

#include "../../../libs/media/tests/sound_files.hpp"
#include "domain/reasons.hpp"
#include "http/server.hpp"
#include "runtime/testing.hpp"

namespace bandstand::audio {
namespace {

namespace files = media::testing;

/// A web server with songs, and everything around the sources.
class TrackSourcesTest : public runtime::LoopTest {
public:
    struct Served {
        std::string type = "audio/flac";
        base::Bytes bytes;
        bool ranges = true;
        int status = 200;
    };

    void with_sources(std::function<runtime::Task<void>(TrackSourcesTest&, TrackSources&, std::string)> use,
                      bool allow_loopback = true) {
        run([](TrackSourcesTest& test, auto body, bool allow) -> runtime::Task<void> {
            http::Server server{test.context_, {}};
            server.route("GET", "/{name}",
                         [&test](http::ServerRequest request) { return test.serve(std::move(request)); });
            EXPECT_TRUE(server.listen());
            http::ClientOptions options;
            std::vector<http::Network> allowed;
            if (allow) allowed.push_back(*http::Network::parse("127.0.0.0/8"));
            options.addresses = http::AddressPolicy::public_only(std::move(allowed));
            http::Client client{test.context_, std::move(options)};
            runtime::ThreadPool pool{4};
            Library library{test.context_, pool, {}, std::chrono::hours{1}};
            runtime::TaskGroup tasks{test.context_};
            TrackSources sources{test.context_, tasks, pool, library, client};
            tasks.spawn("server", server.serve());
            co_await body(test, sources, "http://127.0.0.1:" + std::to_string(server.port()) + "/");
            tasks.stop();
            static_cast<void>(co_await tasks.join());
        }(*this, std::move(use), allow_loopback));
    }

    runtime::Task<http::ServerResponse> serve(http::ServerRequest request) {
        ++requests_;
        const auto found = served_.find(request.params["name"]);
        if (found == served_.end()) co_return http::ServerResponse::empty(404);
        const auto& file = found->second;
        if (file.status != 200) {
            auto answer = http::ServerResponse::empty(file.status);
            answer.headers.set("Location", "/song.flac");
            co_return answer;
        }
        const auto range = request.headers.get("Range").value_or("");
        const bool partial = file.ranges && range.starts_with("bytes=");
        std::size_t from = 0;
        if (partial) std::from_chars(range.data() + 6, range.data() + range.size(), from);
        const auto total = std::to_string(file.bytes.size());
        http::ServerResponse answer{.status = partial ? 206 : 200};
        answer.headers.set("Content-Type", file.type);
        if (partial) answer.headers.set("Content-Range", "bytes " + std::to_string(from) + "-/" + total);
        answer.body = std::string{base::as_text(base::ByteView{file.bytes}.subspan(from))};
        co_return answer;
    }
    void serve_song(const std::string& name, const std::string& as, bool ranges = true) {
        served_[as] = {.bytes = files::read_file(files::song(name)), .ranges = ranges};
    }

    static domain::Source link(const std::string& url) { return {domain::SourceKind::url, url, {}}; }

    std::map<std::string, Served> served_;
    int requests_ = 0;
};

TEST_F(TrackSourcesTest, ALinkIsFoundAndPlaysToItsEnd) {
    serve_song("song.flac", "song.flac");
    with_sources([](TrackSourcesTest& test, TrackSources& sources, std::string url) -> runtime::Task<void> {
        const auto found = co_await sources.resolve(link(url + "song.flac"));
        EXPECT_TRUE(found);
        if (!found) co_return;
        EXPECT_EQ(found->info.title, "song");
        EXPECT_NEAR(static_cast<double>(found->info.duration->count()), 5'000, 50);
        const auto requests = test.requests_;
        auto track = co_await sources.open(found->source, domain::Milliseconds{0});
        EXPECT_TRUE(track);
        EXPECT_EQ(test.requests_, requests) << "what was just looked at is not fetched again";
        runtime::ThreadPool reading{1};
        files::expect_song(co_await runtime::offload(reading, [&] { return files::hear(*track->reader); }));
    });
}

TEST_F(TrackSourcesTest, ALinkIsOpenedInItsMiddle) {
    serve_song("song.wav", "song.wav");
    with_sources([](TrackSourcesTest&, TrackSources& sources, std::string url) -> runtime::Task<void> {
        auto track = co_await sources.open(link(url + "song.wav"), std::chrono::seconds{3});
        EXPECT_TRUE(track);
        if (!track) co_return;
        runtime::ThreadPool reading{1};
        files::expect_song(co_await runtime::offload(reading, [&] { return files::hear(*track->reader); }),
                           3);
    });
}

TEST_F(TrackSourcesTest, AServerWithoutRangesCanBePlayedButNotWound) {
    serve_song("song.wav", "song.wav", false);
    with_sources([](TrackSourcesTest&, TrackSources& sources, std::string url) -> runtime::Task<void> {
        auto track = co_await sources.open(link(url + "song.wav"), domain::Milliseconds{0});
        EXPECT_TRUE(track);
        if (!track) co_return;
        EXPECT_FALSE(track->reader->info().seekable);
        runtime::ThreadPool reading{1};
        files::expect_song(co_await runtime::offload(reading, [&] { return files::hear(*track->reader); }));
    });
}

TEST_F(TrackSourcesTest, SaysWhatIsWrongWithALink) {
    served_["page"] = {.type = "text/html; charset=utf-8", .bytes = {}};
    served_["liar.mp3"] = {.type = "audio/mpeg", .bytes = base::Bytes(5'000, std::byte{'x'})};
    served_["private"] = {.bytes = {}, .status = 403};
    served_["loop"] = {.bytes = {}, .status = 302};
    with_sources([](TrackSourcesTest&, TrackSources& sources, std::string url) -> runtime::Task<void> {
        const std::map<std::string, std::pair<base::Reason, std::string>> expected{
            {url + "absent.mp3", {domain::kFetchFailed, "404"}},
            {url + "private", {domain::kFetchFailed, "403"}},
            {url + "page", {domain::kUnsupportedMedia, "web page"}},
            {url + "liar.mp3", {domain::kUnsupportedMedia, "not audio"}},
            {"http://127.0.0.1:1/x.mp3", {domain::kFetchFailed, "reached"}},
            {"ftp://example.org/x.mp3", {domain::kBadRequest, "link"}},
        };
        for (const auto& [address, reason] : expected) {
            const auto found = co_await sources.resolve(link(address));
            EXPECT_FALSE(found) << address;
            if (found) continue;
            EXPECT_EQ(found.error().reason(), reason.first) << address << ": " << found.error().describe();
            EXPECT_NE(found.error().detail().find(reason.second), std::string::npos)
                << found.error().detail();
        }
    });
}

TEST_F(TrackSourcesTest, FollowsARedirect) {
    serve_song("song.flac", "song.flac");
    served_["moved"] = {.bytes = {}, .status = 302};
    with_sources([](TrackSourcesTest&, TrackSources& sources, std::string url) -> runtime::Task<void> {
        const auto found = co_await sources.resolve(link(url + "moved"));
        EXPECT_TRUE(found) << found.error().describe();
    });
}

TEST_F(TrackSourcesTest, FetchesFromNoAddressWithinTheHouse) {
    serve_song("song.flac", "song.flac");
    with_sources(
        [](TrackSourcesTest& test, TrackSources& sources, std::string url) -> runtime::Task<void> {
            const auto found = co_await sources.resolve(link(url + "song.flac"));
            EXPECT_EQ(found.error().reason(), domain::kFetchFailed);
            EXPECT_EQ(test.requests_, 0);
        },
        false);
}

TEST_F(TrackSourcesTest, ALinkTypedAsASearchIsALink) {
    serve_song("song.flac", "song.flac");
    with_sources([](TrackSourcesTest&, TrackSources& sources, std::string url) -> runtime::Task<void> {
        const auto found = co_await sources.resolve({domain::SourceKind::library, url + "song.flac", {}});
        EXPECT_TRUE(found);
        EXPECT_EQ(found->source.kind, domain::SourceKind::url);
        const auto nothing = co_await sources.resolve({domain::SourceKind::library, "no such song", {}});
        EXPECT_EQ(nothing.error().reason(), domain::kNotFound);
    });
}

}  // namespace
}  // namespace bandstand::audio
