#include "domain/sentences.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "discord/message.hpp"

namespace bandstand::gateway::domain {
namespace {

using Sentence = std::pair<std::string_view, std::string_view>;

constexpr std::array<Sentence, 27> kSentences{{
    {"audio.not_in_voice",
     "You are not in a voice channel, so I do not know where to play. Join one and try again."},
    {"audio.other_channel", "I am playing in another channel. Join me there, or use `/leave` there first."},
    {"audio.not_connected", "I am not in a voice channel. Use `/join` or `/play` first."},
    {"audio.at_capacity",
     "I am playing in as many servers as I can at the moment. Try again in a few minutes."},
    {"audio.nothing_playing", "Nothing is playing. Start something with `/play`."},
    {"audio.already_paused", "The music is paused already. Use `/resume` to go on."},
    {"audio.not_paused", "The music is not paused."},
    {"audio.track_gone",
     "That song is no longer playing. Use the buttons of the newest message, or `/skip`."},
    {"audio.queue_full", "The queue is full. Wait for a song to end, or clear it with `/stop`."},
    {"audio.no_such_page", "The queue has no such page. Use `/queue` to see the first one."},
    {"audio.volume_out_of_range", "The volume goes from 0 to 200 percent; 100 is the original."},
    {"audio.seek_out_of_range", "The song is not that long. See its length with `/nowplaying`."},
    {"audio.not_seekable", "I cannot jump in this song: it is live, or its server cannot jump either."},
    {"audio.removed", "I was removed from this server. Invite me again to play here."},
    {"audio.guild_gone", "Discord has an outage that affects this server. Try again in a few minutes."},
    {"audio.bad_request", "I did not understand that. Reload Discord (Ctrl+R) and try again."},
    {"audio.not_found", "I found no song for that. Try other words, or pick one of the suggestions."},
    {"audio.unsupported_media",
     "I cannot play that file: it holds no audio that I know. Try MP3, FLAC, WAV, M4A, Ogg or WebM."},
    {"audio.broken_file", "I cannot play that file: it is damaged. Try another copy."},
    {"audio.fetch_failed",
     "I could not load that link. Check that it leads to an audio file that anybody can open."},
    {"audio.voice_no_answer",
     "Discord did not let me into the voice channel. Check that it is not full and that I may connect, then "
     "try again."},
    {"audio.voice_kicked",
     "I was disconnected from the voice channel, so I stopped. Use `/play` to start again."},
    {"audio.voice_failed",
     "The voice connection failed and could not be restored. Use `/play` to try again."},
    {"audio.left_alone", "Everybody left the voice channel, so I left too. Use `/play` to call me back."},
    {"audio.left_idle", "The queue has been empty for a while, so I left. Use `/play` to call me back."},
    {"gateway.bus_unavailable",
     "Something is wrong on my side: I could not pass that on. Try again in a moment."},
    {"discord.shard_not_ready", "I am reconnecting to Discord. Try again in a few seconds."},
}};

constexpr std::size_t kMaxDetail = 300;

}  // namespace

std::string sentence_for(std::string_view reason, std::string_view detail) {
    // Our own refusals travelled through the player and come back as the sentence that they were.
    if (reason.starts_with("gateway.") && !detail.empty()) return discord::shorten(detail, kMaxDetail);
    const auto* found = std::ranges::find(kSentences, reason, &Sentence::first);
    // What the player knows about this very link is better than a general sentence.
    const bool general = reason != "audio.fetch_failed" || detail.empty();
    if (found != kSentences.end() && general) return std::string{found->second};
    if (!detail.empty()) return discord::escape_markdown(discord::shorten(detail, kMaxDetail));
    return "That did not work, and I do not know why. Try again in a moment.";
}

}  // namespace bandstand::gateway::domain
