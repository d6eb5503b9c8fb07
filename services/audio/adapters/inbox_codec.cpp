#include "adapters/inbox_codec.hpp"

#include <algorithm>
#include <utility>

#include "bandstand/events/player/v1/inbox.pb.h"
#include "contracts/meta.hpp"

namespace bandstand::audio {
namespace {

namespace pb = bandstand::events::player::v1;

constexpr std::size_t kMaxLocatorBytes = 4096;
constexpr std::size_t kMaxTextBytes = 1024;
constexpr std::uint32_t kMaxPage = 1'000;

bool within_bounds(const pb::PlayerInbox& in) {
    const auto& command = in.command();
    const auto& play = command.play();
    return in.meta().event_id().size() <= 200 && in.meta().traceparent().size() <= 100 &&
           command.reply().token().size() <= kMaxTextBytes && command.reply().locale().size() <= 32 &&
           play.query().size() <= kMaxTextBytes && play.url().size() <= kMaxLocatorBytes &&
           play.attachment().url().size() <= kMaxLocatorBytes &&
           play.attachment().filename().size() <= kMaxTextBytes &&
           in.own_voice_state().session_id().size() <= kMaxTextBytes &&
           in.voice_server().token().size() <= kMaxTextBytes &&
           in.voice_server().endpoint().size() <= kMaxTextBytes;
}

domain::Reply parse(const pb::InteractionReply& reply) {
    return {.application = base::ApplicationId{reply.application_id()},
            .interaction = base::InteractionId{reply.interaction_id()},
            .token = reply.token(),
            .text_channel = base::ChannelId{reply.text_channel_id()},
            .received_at = contracts::to_wall_time(reply.received_at()).value_or(base::WallTime{}),
            .from_component = reply.from_component(),
            .locale = reply.locale()};
}

std::optional<domain::Source> parse(const pb::Play& play) {
    switch (play.source_case()) {
        case pb::Play::kQuery:
            return domain::Source{domain::SourceKind::library, play.query(), {}};
        case pb::Play::kUrl:
            return domain::Source{domain::SourceKind::url, play.url(), {}};
        case pb::Play::kAttachment:
            return domain::Source{domain::SourceKind::attachment, play.attachment().url(),
                                  play.attachment().filename()};
        case pb::Play::SOURCE_NOT_SET:
            return std::nullopt;
    }
    return std::nullopt;
}

struct Named {
    const char* name;
    domain::Request request;
};

domain::EntryId entry_id(const std::string& text) {
    return base::parse_id<domain::EntryId>(text).value_or(domain::EntryId{});
}

std::optional<Named> parse_request(const pb::PlayerCommand& command) {
    switch (command.request_case()) {
        case pb::PlayerCommand::kJoin:
            return Named{"join", domain::Join{}};
        case pb::PlayerCommand::kLeave:
            return Named{"leave", domain::Leave{}};
        case pb::PlayerCommand::kPlay: {
            auto source = parse(command.play());
            if (!source) return std::nullopt;
            return Named{"play", domain::Play{std::move(*source)}};
        }
        case pb::PlayerCommand::kPause:
            return Named{"pause", domain::Pause{}};
        case pb::PlayerCommand::kResume:
            return Named{"resume", domain::Resume{}};
        case pb::PlayerCommand::kSkip:
            return Named{"skip", domain::Skip{std::max(command.skip().count(), 1U),
                                              entry_id(command.skip().entry_id())}};
        case pb::PlayerCommand::kStop:
            return Named{"stop", domain::Stop{}};
        case pb::PlayerCommand::kShowQueue:
            return Named{"queue", domain::ShowQueue{std::clamp(command.show_queue().page(), 1U, kMaxPage)}};
        case pb::PlayerCommand::kShowNowPlaying:
            return Named{"nowplaying", domain::ShowNowPlaying{}};
        case pb::PlayerCommand::kSeek:
            return Named{"seek", domain::Seek{domain::Milliseconds{command.seek().position_ms()},
                                              command.seek().relative()}};
        case pb::PlayerCommand::kSetVolume: {
            const auto& volume = command.set_volume();
            return Named{"volume", domain::SetVolume{volume.has_percent() ? std::optional{volume.percent()}
                                                                          : std::nullopt}};
        }
        case pb::PlayerCommand::kTogglePause:
            return Named{"pause", domain::TogglePause{}};
        case pb::PlayerCommand::REQUEST_NOT_SET:
            return std::nullopt;
    }
    return std::nullopt;
}

std::optional<domain::Input> parse(const pb::PlayerInbox& in, const pb::PlayerCommand& command) {
    auto named = parse_request(command);
    if (!named) return std::nullopt;
    return domain::Command{.ask = {.event_id = in.meta().event_id(),
                                   .command = named->name,
                                   .reply = parse(command.reply()),
                                   .traceparent = in.meta().traceparent()},
                           .requester = base::UserId{command.requester_id()},
                           .voice_channel = base::ChannelId{command.voice_channel_id()},
                           .voice_channel_bitrate = command.voice_channel_bitrate(),
                           .request = std::move(named->request)};
}

std::optional<domain::Input> parse_input(const pb::PlayerInbox& in) {
    switch (in.message_case()) {
        case pb::PlayerInbox::kCommand:
            return parse(in, in.command());
        case pb::PlayerInbox::kOwnVoiceState:
            return domain::OwnVoiceState{base::ChannelId{in.own_voice_state().channel_id()},
                                         in.own_voice_state().session_id()};
        case pb::PlayerInbox::kVoiceServer:
            return domain::VoiceServer{in.voice_server().token(), in.voice_server().endpoint()};
        case pb::PlayerInbox::kOccupancy:
            return domain::Occupancy{base::ChannelId{in.occupancy().channel_id()},
                                     in.occupancy().listeners()};
        case pb::PlayerInbox::kGuildUnavailable:
            return domain::GuildUnavailable{in.guild_unavailable().removed()};
        case pb::PlayerInbox::MESSAGE_NOT_SET:
            return std::nullopt;
    }
    return std::nullopt;
}

}  // namespace

base::Result<InboxMessage> parse_inbox(std::string_view payload) {
    pb::PlayerInbox in;
    if (!in.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
        return base::fail(base::ErrorKind::invalid_argument, kBadMessage, "not a PlayerInbox");
    }
    if (in.guild_id() == 0 || in.bot_id() == 0) {
        return base::fail(base::ErrorKind::invalid_argument, kBadMessage, "names no guild or no bot");
    }
    if (!within_bounds(in))
        return base::fail(base::ErrorKind::invalid_argument, kBadMessage, "a text is too long");
    InboxMessage message{.key = {base::GuildId{in.guild_id()}, base::UserId{in.bot_id()}},
                         .input = parse_input(in),
                         .traceparent = in.meta().traceparent()};
    if (in.has_command()) message.event_id = in.meta().event_id();
    if (in.has_command() && message.event_id.empty()) {
        return base::fail(base::ErrorKind::invalid_argument, kBadMessage, "a command without an event id");
    }
    return message;
}

}  // namespace bandstand::audio
