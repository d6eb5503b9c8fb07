#include "observe/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bandstand::observe {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Metrics, ExposesCountersGaugesAndHistograms) {
    Metrics metrics;
    metrics.counter("audio_frames_late_total", "Frames that missed their slot.", {{"cause", "encode"}})
        .increment();
    metrics.gauge("audio_players", "Players now.").set(3);
    const auto lateness = metrics.histogram("audio_late_seconds", "Lateness.", {0.001, 0.005});
    lateness.observe(0.002);
    lateness.observe(1);
    const auto text = metrics.expose();
    EXPECT_THAT(text, HasSubstr("# HELP audio_frames_late_total Frames that missed their slot.\n"));
    EXPECT_THAT(text, HasSubstr("# TYPE audio_frames_late_total counter\n"));
    EXPECT_THAT(text, HasSubstr("audio_frames_late_total{cause=\"encode\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("audio_players 3\n"));
    EXPECT_THAT(text, HasSubstr("audio_late_seconds_bucket{le=\"0.001\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("audio_late_seconds_bucket{le=\"0.005\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("audio_late_seconds_bucket{le=\"+Inf\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("audio_late_seconds_count 2\n"));
}

TEST(Metrics, AskingAgainGivesTheSameSeries) {
    Metrics metrics;
    for (int i = 0; i < 3; ++i) metrics.counter("things_total", "Things.", {{"kind", "a"}}).increment();
    metrics.counter("things_total", "Things.", {{"kind", "b"}}).increment(0.5);
    const auto text = metrics.expose();
    EXPECT_THAT(text, HasSubstr("things_total{kind=\"a\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("things_total{kind=\"b\"} 0.5\n"));
}

TEST(Metrics, ALabelCannotForgeALine) {
    Metrics metrics;
    metrics.gauge("things", "Things.", {{"kind", "a\"} 1\nforged 2\n"}}).set(1);
    EXPECT_THAT(metrics.expose(), Not(HasSubstr("\nforged")));
}

TEST(MetricsDeathTest, ANameWithTwoTypesOrABadNameIsABug) {
    Metrics metrics;
    metrics.counter("things", "Things.");
    EXPECT_DEATH(metrics.gauge("things", "Things."), "things");
    EXPECT_DEATH(metrics.counter("no spaces", "Things."), "no spaces");
}

}  // namespace
}  // namespace bandstand::observe
