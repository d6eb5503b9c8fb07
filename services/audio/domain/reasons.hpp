#pragma once

#include "base/result.hpp"

namespace bandstand::audio::domain {

// Why a command is refused, a track fails or a voice connection ends. The gateway turns a reason into a
// sentence.
constexpr base::Reason kNotInVoice{"audio.not_in_voice"};
constexpr base::Reason kOtherChannel{"audio.other_channel"};
constexpr base::Reason kNotConnected{"audio.not_connected"};
constexpr base::Reason kAtCapacity{"audio.at_capacity"};
constexpr base::Reason kNothingPlaying{"audio.nothing_playing"};
constexpr base::Reason kAlreadyPaused{"audio.already_paused"};
constexpr base::Reason kNotPaused{"audio.not_paused"};
constexpr base::Reason kTrackGone{"audio.track_gone"};
constexpr base::Reason kQueueFull{"audio.queue_full"};
constexpr base::Reason kNoSuchPage{"audio.no_such_page"};
constexpr base::Reason kVolumeOutOfRange{"audio.volume_out_of_range"};
constexpr base::Reason kSeekOutOfRange{"audio.seek_out_of_range"};
constexpr base::Reason kNotSeekable{"audio.not_seekable"};
constexpr base::Reason kRemoved{"audio.removed"};
constexpr base::Reason kGuildGone{"audio.guild_gone"};
constexpr base::Reason kBadRequest{"audio.bad_request"};

constexpr base::Reason kNotFound{"audio.not_found"};
constexpr base::Reason kUnsupportedMedia{"audio.unsupported_media"};
constexpr base::Reason kFetchFailed{"audio.fetch_failed"};

constexpr base::Reason kVoiceNoAnswer{"audio.voice_no_answer"};
constexpr base::Reason kVoiceKicked{"audio.voice_kicked"};
constexpr base::Reason kVoiceFailed{"audio.voice_failed"};
constexpr base::Reason kLeftAlone{"audio.left_alone"};
constexpr base::Reason kLeftIdle{"audio.left_idle"};

}  // namespace bandstand::audio::domain
