#include "track_info.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace bandstand::media {
namespace {

constexpr std::size_t kMaxTextBytes = 200;
constexpr std::size_t kOpusHeadBytes = 19;  // RFC 7845 section 5.1, with mapping family 0

/// Length of the UTF-8 sequence at the start of `text`; 0 if there is no valid one.
std::size_t sequence_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto lead = byte(0);
    if (lead < 0x80) return 1;
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return 0;
    }
    const bool overlong = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90);
    const bool beyond = (lead == 0xed && byte(1) > 0x9f) || (lead == 0xf4 && byte(1) > 0x8f);
    return overlong || beyond ? 0 : length;
}

std::string tag(const AVFormatContext& format, const AVStream& stream, const char* key) {
    for (const auto* tags : {format.metadata, stream.metadata}) {
        if (const auto* entry = av_dict_get(tags, key, nullptr, 0)) {
            if (auto text = clean_text(entry->value); !text.empty()) return text;
        }
    }
    return {};
}

std::optional<std::chrono::milliseconds> duration_of(const AVFormatContext& format, const AVStream& stream) {
    std::int64_t ms = -1;
    if (stream.duration > 0) {
        ms = av_rescale_q(stream.duration, stream.time_base, AVRational{1, 1000});
    } else if (format.duration > 0) {
        ms = format.duration / (AV_TIME_BASE / 1000);
    }
    if (ms <= 0) return std::nullopt;
    return std::chrono::milliseconds{ms};
}

bool may_pass_through(const AVFormatContext& format, const AVCodecParameters& codec) {
    const std::string_view container{format.iformat->name};
    if (codec.codec_id != AV_CODEC_ID_OPUS || (container != "ogg" && container != "matroska,webm"))
        return false;
    if (codec.extradata_size < static_cast<int>(kOpusHeadBytes)) return false;
    const auto* head = codec.extradata;
    const int channels = head[9];
    const int gain = head[16] | head[17] << 8;
    const int mapping_family = head[18];
    return (channels == 1 || channels == 2) && gain == 0 && mapping_family == 0;
}

}  // namespace

std::string clean_text(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto length = sequence_length(text);
        const auto first = static_cast<unsigned char>(text[0]);
        const bool control = first < 0x20 || first == 0x7f;
        const std::string_view piece = length == 0 ? "?" : control ? " " : text.substr(0, length);
        if (out.size() + piece.size() > kMaxTextBytes) break;
        if (piece != " " || (!out.empty() && out.back() != ' ')) out += piece;
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    if (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

std::string title_from_name(std::string_view name) {
    if (const auto slash = name.find_last_of('/'); slash != std::string_view::npos)
        name.remove_prefix(slash + 1);
    if (const auto dot = name.find_last_of('.'); dot != std::string_view::npos && dot > 0)
        name = name.substr(0, dot);
    return clean_text(name);
}

TrackInfo describe_track(const AVFormatContext& format, const AVStream& stream, std::string_view name_hint) {
    const auto& codec = *stream.codecpar;
    TrackInfo info;
    info.title = tag(format, stream, "title");
    if (info.title.empty()) info.title = title_from_name(name_hint);
    if (info.title.empty()) info.title = "Untitled";
    info.artist = tag(format, stream, "artist");
    info.duration = duration_of(format, stream);
    info.codec = avcodec_get_name(codec.codec_id);
    info.container = format.iformat->name;
    info.sample_rate = codec.sample_rate;
    info.channels = codec.ch_layout.nb_channels;
    info.opus_passthrough = may_pass_through(format, codec);
    info.seekable = format.pb->seekable != 0;
    return info;
}

}  // namespace bandstand::media
