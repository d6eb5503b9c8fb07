#include "domain/interaction_reading.hpp"

#include <algorithm>

#include "domain/command_list.hpp"
#include "domain/custom_id.hpp"
#include "domain/seek_time.hpp"

namespace bandstand::gateway::domain {
namespace {

constexpr std::size_t kMaxUrl = 2'000;
constexpr std::size_t kMaxQuery = 500;

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string text_option(const discord::Interaction& interaction, std::string_view name) {
    const auto* option = interaction.option(name);
    const auto* text = option == nullptr ? nullptr : std::get_if<std::string>(&option->value);
    return text == nullptr ? std::string{} : std::string{trimmed(*text)};
}

std::optional<std::int64_t> number_option(const discord::Interaction& interaction, std::string_view name) {
    const auto* option = interaction.option(name);
    const auto* number = option == nullptr ? nullptr : std::get_if<std::int64_t>(&option->value);
    return number == nullptr ? std::nullopt : std::optional{*number};
}

bool is_link(std::string_view text) {
    return text.starts_with("https://") || text.starts_with("http://");
}

Asked play_url(std::string url) {
    if (url.size() > kMaxUrl) {
        return Refusal{"gateway.url_too_long",
                       "That link is too long (over 2,000 characters). Use a shorter one."};
    }
    if (!is_link(url) || url.find_first_of(" \t\r\n") != std::string::npos) {
        return Refusal{"gateway.not_a_link",
                       "That is not a link that I can open. It must begin with http:// or https://."};
    }
    return AskedPlayer{PlayUrl{std::move(url)}};
}

Asked play_query(std::string text) {
    if (is_link(text)) return play_url(std::move(text));
    if (text.size() > kMaxQuery) {
        return Refusal{"gateway.query_too_long",
                       "That is too long to search for. Use a title or an artist's name."};
    }
    return AskedPlayer{PlayQuery{std::move(text)}};
}

Asked play_attachment(const discord::Interaction& interaction, std::string_view id) {
    const auto found = std::ranges::find(interaction.attachments, id, &discord::Attachment::id);
    if (found == interaction.attachments.end() || !is_link(found->url)) {
        return Refusal{"gateway.attachment_missing",
                       "The file did not arrive with your command. Attach it again."};
    }
    const std::string_view type = found->content_type;
    const bool playable = type.empty() || type.starts_with("audio/") || type.starts_with("video/") ||
                          type.starts_with("application/ogg") || type.starts_with("application/octet-stream");
    if (!playable) {
        return Refusal{
            "gateway.attachment_not_audio",
            "That file is not audio, so I cannot play it. Attach an MP3, FLAC, WAV, M4A, Ogg or WebM file."};
    }
    if (found->size_bytes == 0) {
        return Refusal{"gateway.attachment_empty", "That file is empty. Attach one with sound in it."};
    }
    if (found->size_bytes > kMaxAttachmentBytes) {
        return Refusal{"gateway.attachment_too_large",
                       "That file is too large (over 200 MiB). Attach a smaller one."};
    }
    return AskedPlayer{PlayAttachment{*found}};
}

Asked read_play(const discord::Interaction& interaction) {
    auto query = text_option(interaction, "query");
    auto url = text_option(interaction, "url");
    const auto attachment = text_option(interaction, "attachment");
    const auto given = int{!query.empty()} + int{!url.empty()} + int{!attachment.empty()};
    if (given == 0) {
        return Refusal{"gateway.nothing_to_play",
                       "What shall I play? Type `/play` with a title, a link, or an attached audio file."};
    }
    if (given > 1) {
        return Refusal{"gateway.several_sources",
                       "You gave me several things to play at once. Choose one: query, url or attachment."};
    }
    if (!query.empty()) return play_query(std::move(query));
    if (!url.empty()) return play_url(std::move(url));
    return play_attachment(interaction, attachment);
}

Asked read_seek(const discord::Interaction& interaction) {
    const auto seek = parse_seek(text_option(interaction, "time"));
    if (!seek) {
        return Refusal{"gateway.bad_time",
                       "I do not understand that time. Write it as `90`, `1:30`, `1m30s`, `+10` or `-10`."};
    }
    return AskedPlayer{*seek};
}

Asked read_volume(const discord::Interaction& interaction) {
    const auto percent = number_option(interaction, "percent");
    if (percent && (*percent < 0 || *percent > kMaxVolumePercent)) {
        return Refusal{"gateway.bad_volume", "The volume goes from 0 to 200 percent; 100 is the original."};
    }
    return AskedPlayer{
        SetVolume{percent ? std::optional{static_cast<std::uint32_t>(*percent)} : std::nullopt}};
}

std::uint32_t bounded(std::optional<std::int64_t> number, std::int64_t most) {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(number.value_or(1), 1, most));
}

Asked read_command(const discord::Interaction& interaction) {
    const auto& name = interaction.command;
    if (name == "play") return read_play(interaction);
    if (name == "seek") return read_seek(interaction);
    if (name == "volume") return read_volume(interaction);
    if (name == "help") return AskedHelp{};
    if (name == "join") return AskedPlayer{Join{}};
    if (name == "leave") return AskedPlayer{Leave{}};
    if (name == "pause") return AskedPlayer{Pause{}};
    if (name == "resume") return AskedPlayer{Resume{}};
    if (name == "stop") return AskedPlayer{Stop{}};
    if (name == "nowplaying") return AskedPlayer{ShowNowPlaying{}};
    if (name == "skip")
        return AskedPlayer{Skip{.count = bounded(number_option(interaction, "count"), kMaxSkip)}};
    if (name == "queue") return AskedPlayer{ShowQueue{bounded(number_option(interaction, "page"), 10'000)}};
    return Refusal{"gateway.unknown_command",
                   "I no longer know that command. Reload Discord (Ctrl+R) and choose it again."};
}

Asked read_press(const discord::Interaction& interaction) {
    const auto id = parse_custom_id(interaction.custom_id);
    if (!id) {
        return Refusal{"gateway.unknown_button",
                       "That button is from an older version of me. Use the commands, such as `/queue`."};
    }
    switch (id->press) {
        case Press::toggle_pause:
            return AskedPlayer{TogglePause{}, Acknowledgement::update};
        case Press::skip:
            return AskedPlayer{Skip{.count = 1, .entry_id = id->entry_id}, Acknowledgement::update};
        case Press::stop:
            return AskedPlayer{Stop{}, Acknowledgement::update};
        case Press::queue:
            return AskedPlayer{ShowQueue{1}, Acknowledgement::private_reply};
        case Press::queue_page:
            return AskedPlayer{ShowQueue{id->page}, Acknowledgement::update};
    }
    return Refusal{"gateway.unknown_button", "That button does nothing."};
}

Asked read_typing(const discord::Interaction& interaction) {
    const auto focused = std::ranges::find(interaction.options, true, &discord::CommandOption::focused);
    const bool searchable = focused != interaction.options.end() && focused->name == "query";
    auto typed = searchable ? text_option(interaction, "query") : std::string{};
    if (is_link(typed) || typed.size() > kMaxQuery) typed.clear();
    return AskedChoices{std::move(typed)};
}

}  // namespace

Asked read_interaction(const discord::Interaction& interaction) {
    switch (interaction.type) {
        case discord::InteractionType::command:
            return read_command(interaction);
        case discord::InteractionType::component:
            return read_press(interaction);
        case discord::InteractionType::autocomplete:
            return read_typing(interaction);
        case discord::InteractionType::ping:
        case discord::InteractionType::modal:
            break;
    }
    return Refusal{"gateway.unknown_interaction",
                   "I do not know what to do with that. Use a command, such as `/play`."};
}

std::string_view name_of(const PlayerRequest& request) {
    struct Names {
        std::string_view operator()(const Join&) const { return "join"; }
        std::string_view operator()(const Leave&) const { return "leave"; }
        std::string_view operator()(const PlayQuery&) const { return "play"; }
        std::string_view operator()(const PlayUrl&) const { return "play"; }
        std::string_view operator()(const PlayAttachment&) const { return "play"; }
        std::string_view operator()(const Pause&) const { return "pause"; }
        std::string_view operator()(const Resume&) const { return "resume"; }
        std::string_view operator()(const TogglePause&) const { return "toggle_pause"; }
        std::string_view operator()(const Skip&) const { return "skip"; }
        std::string_view operator()(const Stop&) const { return "stop"; }
        std::string_view operator()(const ShowQueue&) const { return "queue"; }
        std::string_view operator()(const ShowNowPlaying&) const { return "nowplaying"; }
        std::string_view operator()(const Seek&) const { return "seek"; }
        std::string_view operator()(const SetVolume&) const { return "volume"; }
    };
    return std::visit(Names{}, request);
}

}  // namespace bandstand::gateway::domain
