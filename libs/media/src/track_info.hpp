#pragma once

#include <string>
#include <string_view>

#include "ffmpeg.hpp"
#include "media/reader.hpp"

namespace bandstand::media {

/// Describes the chosen audio stream. `opus_passthrough` is decided by the head of the stream alone: 48 kHz
/// Opus in Ogg or Matroska, channel mapping 0, no output gain.
TrackInfo describe_track(const AVFormatContext& format, const AVStream& stream, std::string_view name_hint);

/// Printable UTF-8 of at most 200 bytes: what is not becomes a question mark, line breaks become spaces.
std::string clean_text(std::string_view text);
/// "Fugue in G" for "music/Fugue in G.mp3"; empty if nothing is left.
std::string title_from_name(std::string_view name_hint);

}  // namespace bandstand::media
