#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "audio_core/format.hpp"
#include "base/bytes.hpp"
#include "media/reader.hpp"

namespace bandstand::media::testing {

/// The test song: in second n the left channel is 300 + 100 n Hz, the right one 1500 + 100 n Hz, at a quarter
/// of full scale; every tone passes zero where its second begins.
constexpr double left_tone(int second) {
    return 300 + 100 * second;
}
constexpr double right_tone(int second) {
    return 1500 + 100 * second;
}
constexpr double kToneAmplitude = 0.25;
constexpr int kSongSeconds = 5;

/// Makes files with the ffmpeg command line tool in a folder that goes away with the process.
///
/// `name` gives the container by its extension; `options` go before it. The same name is made once.
std::filesystem::path song(const std::string& name, const std::string& options = "", int rate = 44'100);
/// Runs ffmpeg with `arguments` and `name` as its output.
std::filesystem::path ffmpeg(const std::string& arguments, const std::string& name);

base::Bytes read_file(const std::filesystem::path& path);

/// Opens a file as services do; fails the test if it cannot.
std::unique_ptr<Reader> open(const std::filesystem::path& path, Limits limits = {});
base::Result<std::unique_ptr<Reader>> try_open(base::Bytes content, std::string name = "file",
                                               Limits limits = {});

struct Heard {
    std::vector<float> samples;  ///< interleaved stereo, 48 kHz
    std::optional<base::Error> error;
    /// Half a second from `from_ms` on.
    std::span<const float> half_second(int from_ms) const;
};
/// Everything up to the end or the first error, at most `max_frames`.
Heard hear(Reader& reader, std::size_t max_frames = 100'000);

/// Fails the test unless `heard` is the song from second `first` on: pitch, channels, level, and no shift in
/// time over `tolerance_ms`.
void expect_song(const Heard& heard, int first = 0, double tolerance_ms = 0.2);

/// The Opus packets of an Ogg file, found by reading RFC 3533 and nothing else; without the two headers.
std::vector<base::Bytes> ogg_packets(base::ByteView file);
std::vector<base::Bytes> packets_of(Reader& reader);

}  // namespace bandstand::media::testing
