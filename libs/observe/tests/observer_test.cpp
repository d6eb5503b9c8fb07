#include "observe/observer.hpp"

#include <gtest/gtest.h>

namespace bandstand::observe {
namespace {

TEST(ObserverOptions, ComeFromTheEnvironment) {
    const config::Environment environment{{{"LOG_LEVEL", "debug"},
                                           {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318/"},
                                           {"OTEL_TRACES_SAMPLER_ARG", "0.25"}}};
    const auto options = options_from("audio", environment);
    EXPECT_EQ(options.service, "audio");
    EXPECT_EQ(options.level, Level::debug);
    EXPECT_EQ(options.otlp_endpoint, "http://127.0.0.1:4318");
    EXPECT_EQ(options.sample_ratio, 0.25);
    EXPECT_TRUE(options.problems.empty());
}

TEST(ObserverOptions, ABadSettingIsToldAndReplacedByItsDefault) {
    const config::Environment environment{{{"LOG_LEVEL", "loud"},
                                           {"OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"},
                                           {"OTEL_TRACES_SAMPLER_ARG", "nan"}}};
    auto options = options_from("audio", environment);
    EXPECT_EQ(options.level, Level::info);
    EXPECT_EQ(options.otlp_endpoint, "");
    EXPECT_EQ(options.sample_ratio, 1.0);
    ASSERT_EQ(options.problems.size(), 3U);
    EXPECT_EQ(options.problems[0], "LOG_LEVEL is not debug, info, warn or error: the default is used");

    int warned = 0;
    options.write_line = [&](std::string_view line) {
        if (line.find("telemetry_setting_ignored") != std::string_view::npos) ++warned;
    };
    const Observer observer{options};
    EXPECT_EQ(warned, 3);
}

}  // namespace
}  // namespace bandstand::observe
