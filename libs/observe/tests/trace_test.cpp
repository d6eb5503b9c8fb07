#include "observe/trace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

#include "collector.hpp"
#include "observe/observer.hpp"

namespace bandstand::observe {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using namespace std::chrono_literals;

constexpr auto kTraceparent = "00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]";

std::string trace_id(std::string_view traceparent) {
    return std::string{traceparent.substr(3, 32)};
}

// Nothing listens there: spans are made, and lost.
Observer traced(double ratio = 1.0) {
    return Observer{{.service = "test",
                     .otlp_endpoint = "http://127.0.0.1:9",
                     .sample_ratio = ratio,
                     .write_line = [](std::string_view) {}}};
}

TEST(Trace, IsOffWithoutAnEndpoint) {
    const Observer observer{{.service = "test"}};
    auto span = observer.tracer().start("play", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    span.set("key", "value");
    span.fail("reason");
    EXPECT_EQ(span.traceparent(), "");
}

TEST(Trace, AChildKeepsTheTraceOfItsParentWithASpanOfItsOwn) {
    const auto observer = traced();
    const auto parent = observer.tracer().start("interaction");
    const auto child = observer.tracer().start("play", parent.traceparent());
    EXPECT_THAT(child.traceparent(), MatchesRegex(kTraceparent));
    EXPECT_EQ(trace_id(child.traceparent()), trace_id(parent.traceparent()));
    EXPECT_NE(child.traceparent(), parent.traceparent());
}

TEST(Trace, AParentOfAnotherProcessIsFollowedWithItsSamplingDecision) {
    const auto observer = traced();
    const auto sampled =
        observer.tracer().start("a", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    EXPECT_THAT(sampled.traceparent(), MatchesRegex("00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01"));
    const auto dropped =
        observer.tracer().start("a", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00");
    EXPECT_THAT(dropped.traceparent(), MatchesRegex("00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-00"));
}

TEST(Trace, AMalformedParentStartsANewTrace) {
    const auto observer = traced();
    for (const auto* bad : {"", "nonsense", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
                            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-extra",
                            "00-0af7651916cd43dd8448eb211c8031zz-b7ad6b7169203331-01"}) {
        const auto span = observer.tracer().start("a", bad);
        EXPECT_THAT(span.traceparent(), MatchesRegex(kTraceparent)) << bad;
        EXPECT_NE(trace_id(span.traceparent()), "0af7651916cd43dd8448eb211c80319c") << bad;
    }
}

TEST(Trace, ARatioOfZeroSamplesNoNewTrace) {
    const auto observer = traced(0);
    EXPECT_THAT(observer.tracer().start("a").traceparent(), MatchesRegex("00-[0-9a-f]{32}-[0-9a-f]{16}-00"));
}

TEST(Trace, SpansReachTheCollectorWhenTheObserverEnds) {
    Collector collector;
    {
        const Observer observer{{.service = "juke-box", .otlp_endpoint = collector.endpoint()}};
        auto span = observer.tracer().start("decode-track");
        span.set("codec", "opus\xff");
        span.set("packets", 50);
        span.fail("audio.broken_file");
    }
    const auto received = collector.received();
    EXPECT_THAT(received, HasSubstr("POST /v1/traces"));
    for (const auto* part : {"juke-box", "decode-track", "codec", "opus", "packets", "audio.broken_file"}) {
        EXPECT_THAT(received, HasSubstr(part));
    }
}

TEST(Trace, ACollectorThatNeverAnswersCannotHoldTheProcess) {
    const SilentCollector collector;
    const auto started = std::chrono::steady_clock::now();
    {
        const Observer observer{{.service = "test",
                                 .otlp_endpoint = collector.endpoint(),
                                 .write_line = [](std::string_view) {}}};
        for (int i = 0; i < 2000; ++i) observer.tracer().start("lost");
    }
    EXPECT_LT(std::chrono::steady_clock::now() - started, 5s)
        << "the promise is two seconds; a busy machine takes longer";
}

TEST(Trace, ACollectorThatIsAwayIsLogged) {
    std::atomic<int> failures = 0;
    {
        const Observer observer{{.service = "test",
                                 .otlp_endpoint = "http://127.0.0.1:9",
                                 .write_line = [&](std::string_view line) {
                                     if (line.find("trace_export_failed") != std::string_view::npos)
                                         ++failures;
                                 }}};
        for (int i = 0; i < 2000; ++i) observer.tracer().start("lost");
    }
    EXPECT_GT(failures, 0);
}

}  // namespace
}  // namespace bandstand::observe
