// What a stream costs: passthrough and transcode against a bare send loop in the same run, over loopback UDP.
//
//     bench_media_streams [--streams 100,500] [--seconds 10] [--most 8000] [--realtime 1] [--json FILE]
//
// Passthrough: an Ogg/Opus file (128 kbit/s) from disk through media::Reader, a ring, the send thread and
// AES-256-GCM. Transcode: a 44.1 kHz stereo MP3, decoded, resampled, encoded at 128 kbit/s and complexity 5,
// then the same way.
// --most N: how far to raise the number of streams to find out what one send thread holds; 0 leaves that out.
// --realtime 1: both loops ask for SCHED_FIFO, as the audio service does; 0 leaves them to the ordinary
// scheduler.

#include <charconv>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>

#include "bare_loop.hpp"
#include "players.hpp"

namespace bandstand::bench {
namespace {

constexpr std::size_t kPacketBytes = 352;  // 128 kbit/s: 320 of Opus, 12 of RTP, 20 of sealing
constexpr double kMayBeLater_us = 5'000;   // lateness p99 may be so much over the bare loop's

struct Options {
    std::vector<std::size_t> streams{100, 500};
    std::chrono::seconds wall{10};
    std::size_t most = 8'000;
    bool realtime = true;
    std::string json;
};

std::size_t number(std::string_view text) {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        std::cerr << "not a number: " << text << '\n';
        std::exit(2);
    }
    return value;
}

std::vector<std::size_t> numbers(std::string_view text) {
    std::vector<std::size_t> all;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        all.push_back(number(text.substr(0, comma)));
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return all;
}

Options parse(int count, char** arguments) {
    Options options;
    for (int i = 1; i < count; i += 2) {
        const std::string_view name = arguments[i];
        const std::string_view value = i + 1 < count ? arguments[i + 1] : "";
        if (name == "--streams") {
            options.streams = numbers(value);
        } else if (name == "--seconds") {
            options.wall = std::chrono::seconds{number(value)};
        } else if (name == "--most") {
            options.most = number(value);
        } else if (name == "--realtime") {
            options.realtime = number(value) != 0;
        } else if (name == "--json") {
            options.json = value;
        } else {
            std::cerr << "usage: bench_media_streams [--streams 100,500] [--seconds 10] [--most 8000] "
                         "[--json FILE]\n";
            std::exit(name == "--help" ? 0 : 2);
        }
    }
    return options;
}

/// Two minutes of something like music, made by the ffmpeg command line tool.
class Files {
public:
    Files() {
        std::string name = (std::filesystem::temp_directory_path() / "bandstand-bench-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) die("mkdtemp");
        folder_ = name;
        make("opus", "-ar 48000 -c:a libopus -b:a 128k");
        make("mp3", "-b:a 192k");
    }
    ~Files() { std::filesystem::remove_all(folder_); }
    Files(const Files&) = delete;
    Files& operator=(const Files&) = delete;
    std::filesystem::path opus() const { return folder_ / "music.opus"; }
    std::filesystem::path mp3() const { return folder_ / "music.mp3"; }

private:
    void make(const std::string& extension, const std::string& options) const {
        const auto command =
            "ffmpeg -nostdin -v error -f lavfi -i anoisesrc=c=pink:a=0.2:d=120:r=44100:s=1 -f lavfi -i "
            "\"aevalsrc='0.2*sin(2*PI*220*t)*(1+sin(2*PI*2*t))/2|0.2*sin(2*PI*330*t)':s=44100:d=120\" "
            "-filter_complex \"[0]pan=stereo|c0=c0|c1=0.7*c0[n];[n][1]amix=2\" " +
            options + " '" + (folder_ / "music.").string() + extension + "'";
        if (std::system(command.c_str()) != 0) die("ffmpeg");
    }
    std::filesystem::path folder_;
};

nlohmann::json to_json(const char* kind, const Run& run) {
    return {{"kind", kind},
            {"streams", run.streams},
            {"wall_s", static_cast<double>(run.wall.count()) / 1e9},
            {"packets", run.packets},
            {"send_cpu_percent_per_stream", run.percent_per_stream(run.send_cpu)},
            {"process_cpu_percent_per_stream", run.percent_per_stream(run.process_cpu)},
            {"send_core_percent", run.core_percent(run.send_cpu)},
            {"lateness_p50_us", quantile_us(run.lateness, 0.5)},
            {"lateness_p99_us", quantile_us(run.lateness, 0.99)},
            {"lateness_p999_us", quantile_us(run.lateness, 0.999)},
            {"gaps", run.gaps},
            {"missing_stream_seconds", run.missing_s},
            {"resident_kib_per_stream", run.resident_bytes_per_stream / 1024}};
}

class Report {
public:
    Report() {
        std::printf("%-12s %7s %10s %10s %9s %9s %9s %9s %7s %9s\n", "loop", "streams", "send cpu", "all cpu",
                    "late p50", "p99", "p99.9", "packets", "gaps", "memory");
        std::printf("%-12s %7s %10s %10s %9s %9s %9s %9s %7s %9s\n", "", "", "%/stream", "%/stream", "us",
                    "us", "us", "/s", "", "KiB/strm");
    }
    void add(const char* kind, const Run& run) {
        const bool bare = run.process_cpu.count() == 0;
        std::printf("%-12s %7zu %10.4f %10.4f %9.0f %9.0f %9.0f %9.0f %7llu %9.0f\n", kind, run.streams,
                    run.percent_per_stream(run.send_cpu),
                    run.percent_per_stream(bare ? run.send_cpu : run.process_cpu),
                    quantile_us(run.lateness, 0.5), quantile_us(run.lateness, 0.99),
                    quantile_us(run.lateness, 0.999),
                    static_cast<double>(run.packets) / (static_cast<double>(run.wall.count()) / 1e9),
                    static_cast<unsigned long long>(run.gaps), run.resident_bytes_per_stream / 1024);
        std::fflush(stdout);
        runs_.push_back(to_json(kind, run));
    }
    void note(const char* name, nlohmann::json value) { notes_[name] = std::move(value); }
    void write(const std::string& path, const std::string& command) const {
        const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
        nlohmann::json all{
            {"machine", {{"cpu", cpu_model()}, {"cores", std::thread::hardware_concurrency()}}},
            {"command", command},
            {"unix_time", now.time_since_epoch().count()},
            {"runs", runs_}};
        all.update(notes_);
        const auto text = all.dump(2);
        if (path.empty()) {
            std::printf("%s\n", text.c_str());
        } else {
            std::ofstream{path} << text << '\n';
        }
    }

private:
    nlohmann::json runs_ = nlohmann::json::array();
    nlohmann::json notes_ = nlohmann::json::object();
};

bool on_time(const Run& run, const Run& bare) {
    const double expected =
        static_cast<double>(run.streams) * 50 * static_cast<double>(run.wall.count()) / 1e9;
    return quantile_us(run.lateness, 0.99) <= quantile_us(bare.lateness, 0.99) + kMayBeLater_us &&
           static_cast<double>(run.packets) > 0.995 * expected;
}

/// Raises the number of streams until packets are late or missing; the last number that held.
template <class Loop>
std::size_t most_streams(Report& report, const char* kind, std::size_t most, Loop&& loop) {
    std::size_t held = 0;
    for (std::size_t streams = 1'000; streams <= most; streams += streams < 4'000 ? 500 : 1'000) {
        const auto [run, bare] = loop(streams);
        report.add(kind, run);
        if (!on_time(run, bare)) break;
        held = streams;
    }
    return held;
}

void find_limits(Report& report, const Sinks& sinks, const Files& files, const Options& options) {
    constexpr std::chrono::seconds kWall{4};
    const auto reference = bare_loop(sinks, 500, kPacketBytes, options.realtime, kWall);
    const auto bare = most_streams(report, "bare", options.most, [&](std::size_t streams) {
        return std::pair{bare_loop(sinks, streams, kPacketBytes, options.realtime, kWall), reference};
    });
    const auto ours = most_streams(report, "passthrough", options.most, [&](std::size_t streams) {
        auto run = play(sinks, streams, files.opus(), false, options.realtime, kWall);
        return std::pair{std::move(run), bare_loop(sinks, streams, kPacketBytes, options.realtime, kWall)};
    });
    std::printf("held on one send thread: bare %zu, passthrough %zu (%.0f %%), tried up to %zu\n", bare, ours,
                bare > 0 ? 100.0 * static_cast<double>(ours) / static_cast<double>(bare) : 0.0, options.most);
    report.note("held", {{"bare", bare}, {"passthrough", ours}, {"tried_up_to", options.most}});
}

void compare(Report& report, const Sinks& sinks, const Files& files, const Options& options) {
    // Libraries and tables come into memory once, not with a stream.
    play(sinks, 1, files.opus(), false, false, std::chrono::milliseconds{100});
    play(sinks, 1, files.mp3(), true, false, std::chrono::milliseconds{100});
    for (const auto streams : options.streams) {
        report.add("bare", bare_loop(sinks, streams, kPacketBytes, options.realtime, options.wall));
        report.add("passthrough", play(sinks, streams, files.opus(), false, options.realtime, options.wall));
    }
    for (const auto streams : options.streams) {
        report.add("transcode", play(sinks, streams, files.mp3(), true, options.realtime, options.wall));
    }
}

}  // namespace
}  // namespace bandstand::bench

int main(int count, char** arguments) {
    using namespace bandstand::bench;
    const auto options = parse(count, arguments);
    allow_many_files();
    const Files files;
    const Sinks sinks;
    Report report;
    compare(report, sinks, files, options);
    if (options.most > 0) find_limits(report, sinks, files, options);
    std::string command;
    for (int i = 0; i < count; ++i) command.append(i > 0 ? " " : "").append(arguments[i]);
    report.write(options.json, command);
    return 0;
}
