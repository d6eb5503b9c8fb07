#include "sound_files.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <complex>
#include <cstdlib>
#include <fstream>
#include <numbers>

namespace bandstand::media::testing {
namespace {

namespace fs = std::filesystem;

class Folder {
public:
    Folder() {
        std::string name = (fs::temp_directory_path() / "bandstand-media-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~Folder() { fs::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

const fs::path& folder() {
    static const Folder kFolder;
    return kFolder.path();
}

/// Amplitude and phase of one tone, as a single-bin DFT.
std::complex<double> bin(double frequency, std::span<const float> stereo, std::size_t channel) {
    std::complex<double> sum;
    const std::size_t count = stereo.size() / 2;
    for (std::size_t i = 0; i < count; ++i) {
        const double phase =
            -2 * std::numbers::pi * frequency * static_cast<double>(i) / audio_core::kSampleRate;
        sum += std::polar(static_cast<double>(stereo[2 * i + channel]), phase);
    }
    return 2.0 * sum / static_cast<double>(count);
}

double decibels(double ratio) {
    return 20 * std::log10(std::max(ratio, 1e-9));
}

/// How much later than a sine that starts at 0 the tone comes, in milliseconds, within half a period.
double delay_ms(std::complex<double> tone, double frequency) {
    const double phase = std::arg(tone * std::complex<double>{0, 1});  // a sine from 0 has phase 0
    return -phase / (2 * std::numbers::pi * frequency) * 1000;
}

void expect_tone(std::span<const float> half_second, std::size_t channel, double wanted, double other,
                 double tolerance_ms) {
    const auto tone = bin(wanted, half_second, channel);
    EXPECT_NEAR(decibels(std::abs(tone) / kToneAmplitude), 0, 0.6) << wanted << " Hz in channel " << channel;
    EXPECT_LT(decibels(std::abs(bin(other, half_second, channel)) / kToneAmplitude), -30) << "channels mixed";
    if (tolerance_ms * wanted > 500) return;  // over half a period a phase says nothing
    EXPECT_NEAR(delay_ms(tone, wanted), 0, tolerance_ms) << "shifted in time, channel " << channel;
}

}  // namespace

fs::path ffmpeg(const std::string& arguments, const std::string& name) {
    const auto path = folder() / name;
    if (fs::exists(path)) return path;
    const auto command = "ffmpeg -nostdin -y -v error " + arguments + " '" + path.string() + "'";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    return path;
}

fs::path song(const std::string& name, const std::string& options, int rate) {
    const std::string source =
        "-f lavfi -i \"aevalsrc='0.25*sin(2*PI*(300+100*floor(t))*t)|"
        "0.25*sin(2*PI*(1500+100*floor(t))*t)':s=" +
        std::to_string(rate) + ":d=" + std::to_string(kSongSeconds) + "\" ";
    return ffmpeg(source + options, name);
}

base::Bytes read_file(const fs::path& path) {
    std::ifstream in{path, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    const auto bytes = base::as_bytes(text);
    return {bytes.begin(), bytes.end()};
}

std::unique_ptr<Reader> open(const fs::path& path, Limits limits) {
    auto source = FileSource::open(path);
    EXPECT_TRUE(source) << source.error().describe();
    auto reader = Reader::open(*std::move(source), limits, path.filename().string());
    EXPECT_TRUE(reader) << reader.error().describe();
    return *std::move(reader);
}

base::Result<std::unique_ptr<Reader>> try_open(base::Bytes content, std::string name, Limits limits) {
    return Reader::open(std::make_unique<MemorySource>(std::move(content)), limits, std::move(name));
}

std::span<const float> Heard::half_second(int from_ms) const {
    const auto first = static_cast<std::size_t>(from_ms) * 48 * 2;
    if (first + 48'000 > samples.size()) return {};
    return std::span{samples}.subspan(first, 48'000);
}

Heard hear(Reader& reader, std::size_t max_frames) {
    Heard heard;
    for (std::size_t i = 0; i < max_frames; ++i) {
        auto frame = reader.next_frame();
        if (!frame) heard.error = frame.error();
        if (!frame || !*frame) break;
        heard.samples.insert(heard.samples.end(), (*frame)->samples.begin(), (*frame)->samples.end());
    }
    return heard;
}

void expect_song(const Heard& heard, int first, double tolerance_ms) {
    EXPECT_FALSE(heard.error) << heard.error->describe();
    const int seconds = kSongSeconds - first;
    // AAC may leave its last packet whole.
    EXPECT_NEAR(static_cast<double>(heard.samples.size()) / 96, seconds * 1000, 30);
    for (int second = 0; second < seconds; ++second) {
        SCOPED_TRACE("second " + std::to_string(first + second));
        const auto part = heard.half_second(second * 1000 + 250);
        ASSERT_FALSE(part.empty());
        const double left = left_tone(first + second);
        const double right = right_tone(first + second);
        expect_tone(part, 0, left, right, tolerance_ms);
        expect_tone(part, 1, right, left, tolerance_ms);
    }
}

std::vector<base::Bytes> ogg_packets(base::ByteView file) {
    std::vector<base::Bytes> packets;
    base::Bytes current;
    while (file.size() >= 27 && base::as_text(file.first(4)) == "OggS") {
        const auto segments = std::to_integer<std::size_t>(file[26]);
        const auto table = file.subspan(27, segments);
        auto body = file.subspan(27 + segments);
        for (const auto lacing : table) {
            const auto size = std::to_integer<std::size_t>(lacing);
            current.insert(current.end(), body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size));
            body = body.subspan(size);
            if (size < 255) packets.push_back(std::exchange(current, {}));
        }
        file = body;
    }
    EXPECT_TRUE(file.empty()) << "not an Ogg file to its end";
    if (packets.size() >= 2) packets.erase(packets.begin(), packets.begin() + 2);
    return packets;
}

std::vector<base::Bytes> packets_of(Reader& reader) {
    std::vector<base::Bytes> packets;
    while (true) {
        const auto packet = reader.next_packet();
        EXPECT_TRUE(packet) << packet.error().describe();
        if (!packet || !*packet) return packets;
        packets.emplace_back((*packet)->data.begin(), (*packet)->data.end());
    }
}

}  // namespace bandstand::media::testing
