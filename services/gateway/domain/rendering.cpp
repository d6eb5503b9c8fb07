#include "domain/rendering.hpp"

#include <algorithm>

#include "domain/custom_id.hpp"
#include "domain/look.hpp"
#include "domain/sentences.hpp"

namespace bandstand::gateway::domain {
namespace {

using discord::Button;
using discord::ButtonStyle;
using discord::Embed;
using discord::OutgoingMessage;

constexpr std::size_t kTitleLength = 120;  // of one song in a list; a page of ten stays far below 4096
constexpr std::size_t kMaxLink = 500;
constexpr std::uint32_t kPageSize = 10;

std::string plain_title(const Track& track) {
    const auto& title = track.title.empty() ? std::string{"Unknown title"} : track.title;
    return discord::escape_markdown(discord::shorten(title, kTitleLength));
}

std::string titled(const Track& track) {
    auto text = plain_title(track);
    const bool linked = !track.link.empty() && track.link.size() <= kMaxLink &&
                        track.link.starts_with("http") &&
                        track.link.find_first_of(" ()<>") == std::string::npos;
    if (linked) text = "[" + text + "](" + track.link + ")";
    if (!track.artist.empty()) {
        text += " by " + discord::escape_markdown(discord::shorten(track.artist, kTitleLength));
    }
    return text;
}

std::string length_of(const Track& track) {
    return track.duration.count() > 0 ? clock_text(track.duration) : "live";
}

std::string mention(base::UserId user) {
    return "<@" + base::to_string(user) + ">";
}

Embed embed_of(std::string title, std::string description, std::uint32_t color) {
    Embed embed;
    embed.title = std::move(title);
    embed.description = std::move(description);
    embed.color = color;
    return embed;
}

OutgoingMessage with_embed(Embed embed) {
    OutgoingMessage message;
    message.embeds.push_back(std::move(embed));
    return message;
}

std::vector<Button> panel_buttons(const PlayerView& view) {
    const bool paused = view.state == PlayerState::paused;
    const auto id = [&view](Press press) {
        return to_text({.press = press, .entry_id = view.current->entry_id});
    };
    return {{.label = paused ? "Resume" : "Pause",
             .custom_id = id(Press::toggle_pause),
             .style = paused ? ButtonStyle::success : ButtonStyle::secondary},
            {.label = "Skip", .custom_id = id(Press::skip)},
            {.label = "Stop", .custom_id = id(Press::stop), .style = ButtonStyle::danger},
            {.label = "Queue", .custom_id = id(Press::queue)}};
}

std::string footer_of(const PlayerView& view) {
    std::string footer;
    if (view.volume_percent != 100) footer = "Volume " + std::to_string(view.volume_percent) + " %";
    if (view.upcoming_total == 0) return footer;
    if (!footer.empty()) footer += " · ";
    return footer + std::to_string(view.upcoming_total) + " in the queue";
}

OutgoingMessage nothing_playing() {
    return with_embed(embed_of("Nothing is playing", "Start something with `/play`.", kQuiet));
}

OutgoingMessage render_enqueued(const Enqueued& enqueued) {
    auto embed = embed_of("Added to the queue", titled(enqueued.track), kAccent);
    embed.fields.push_back({"Length", length_of(enqueued.track), true});
    embed.fields.push_back({"Place", std::to_string(enqueued.position), true});
    if (enqueued.wait.count() > 0) embed.fields.push_back({"Plays in", clock_text(enqueued.wait), true});
    return with_embed(std::move(embed));
}

std::string done_text(const CommandAnswered& answered, const Done& done) {
    const auto& view = answered.view;
    const auto song = done.affected ? titled(*done.affected) : std::string{};
    const auto& command = answered.command;
    if (command == "join") return "I am coming to <#" + base::to_string(view.voice_channel) + ">.";
    if (command == "leave") return "I left the voice channel and cleared the queue.";
    if (command == "pause") return "Paused " + (song.empty() ? std::string{"the music"} : song) + ".";
    if (command == "resume") return "Going on with " + (song.empty() ? std::string{"the music"} : song) + ".";
    if (command == "skip" && done.count > 1) return "Skipped " + std::to_string(done.count) + " songs.";
    if (command == "skip") return "Skipped " + (song.empty() ? std::string{"the song"} : song) + ".";
    if (command == "stop") return "Stopped, and cleared the queue.";
    if (command == "seek") return "Now at " + clock_text(view.position) + ".";
    if (command == "volume") return "The volume is " + std::to_string(view.volume_percent) + " %.";
    return "Done.";
}

Rendered render_done(const CommandAnswered& answered, const Done& done) {
    if (answered.command == "queue") return {render_queue(answered.view)};
    const bool shows_player = answered.command == "nowplaying" || answered.reply.from_component;
    if (!shows_player) return {with_embed(embed_of("", done_text(answered, done), kAccent))};
    if (answered.view.current) return {.message = render_panel(answered.view), .is_panel = true};
    if (done.affected) return {render_ended(*done.affected, EndCause::stopped)};
    return {nothing_playing()};
}

std::string ending(EndCause cause) {
    switch (cause) {
        case EndCause::finished:
            return "Played";
        case EndCause::skipped:
            return "Skipped";
        case EndCause::stopped:
            return "Stopped";
        case EndCause::failed:
            return "Could not be played";
    }
    return "Played";
}

}  // namespace

Rendered render_answer(const CommandAnswered& answered) {
    if (const auto* refused = std::get_if<Refused>(&answered.outcome)) {
        const bool apart = answered.reply.from_component;
        auto sentence = sentence_for(refused->reason, refused->detail);
        return {.message = render_sentence(std::move(sentence), apart), .as_private_follow_up = apart};
    }
    if (const auto* enqueued = std::get_if<Enqueued>(&answered.outcome)) {
        const bool plays_now = enqueued->position == 0 && answered.view.current;
        if (plays_now) return {.message = render_panel(answered.view), .is_panel = true};
        return {render_enqueued(*enqueued)};
    }
    return render_done(answered, std::get<Done>(answered.outcome));
}

OutgoingMessage render_panel(const PlayerView& view) {
    const auto& track = *view.current;
    const bool paused = view.state == PlayerState::paused;
    auto embed = embed_of(paused ? "Paused" : "Now playing", titled(track), paused ? kQuiet : kAccent);
    embed.description += "\n`" + progress_bar(view.position, track.duration) + "`";
    if (track.requester) embed.description += "\nAsked for by " + mention(track.requester);
    embed.footer = footer_of(view);
    auto message = with_embed(std::move(embed));
    message.buttons = panel_buttons(view);
    return message;
}

OutgoingMessage render_ended(const Track& track, EndCause cause) {
    return with_embed(embed_of(ending(cause), titled(track), cause == EndCause::failed ? kTrouble : kQuiet));
}

OutgoingMessage render_queue(const PlayerView& view) {
    if (!view.current && view.upcoming.empty()) return nothing_playing();
    auto embed = embed_of("Queue", "", kAccent);
    if (view.current)
        embed.description = "**Now:** " + titled(*view.current) + " `" + length_of(*view.current) + "`\n";
    auto number = (std::max(view.page, 1U) - 1) * kPageSize;
    for (std::size_t i = 0; i < std::min<std::size_t>(view.upcoming.size(), kPageSize); ++i) {
        const auto& track = view.upcoming[i];
        auto line = "\n" + std::to_string(++number) + ". " + titled(track) + " `" + length_of(track) + "`";
        if (track.requester) line += " " + mention(track.requester);
        if (discord::count_characters(embed.description + line) > discord::kMaxEmbedDescription) break;
        embed.description += line;
    }
    if (view.upcoming.empty()) embed.description += "\nNothing comes after it. Add something with `/play`.";
    const auto pages = std::max(1U, (view.upcoming_total + kPageSize - 1) / kPageSize);
    embed.footer = "Page " + std::to_string(view.page) + " of " + std::to_string(pages) + " · " +
                   std::to_string(view.upcoming_total) + (view.upcoming_total == 1 ? " song" : " songs");
    if (view.upcoming_duration.count() > 0) embed.footer += " · " + clock_text(view.upcoming_duration);
    auto message = with_embed(std::move(embed));
    if (pages > 1) {
        const auto turn = [&](std::string label, std::uint32_t page) {
            const bool there_is = page >= 1 && page <= pages;
            return Button{.label = std::move(label),
                          .custom_id = to_text({.press = Press::queue_page, .page = std::max(page, 1U)}),
                          .disabled = !there_is};
        };
        message.buttons = {turn("Back", view.page - 1), turn("Next", view.page + 1)};
        if (view.page <= 1)
            message.buttons[0].custom_id += "0";  // unique in the message; it is disabled anyway
    }
    return message;
}

OutgoingMessage render_track_failed(const Track& track, std::string_view detail) {
    auto embed = embed_of("Could not play this", titled(track), kTrouble);
    if (!detail.empty()) embed.description += "\n" + discord::escape_markdown(discord::shorten(detail, 300));
    return with_embed(std::move(embed));
}

OutgoingMessage render_voice_lost(const VoiceLost& lost) {
    return with_embed(embed_of("", sentence_for(lost.reason, lost.detail), kQuiet));
}

OutgoingMessage render_sentence(std::string text, bool ephemeral) {
    OutgoingMessage message;
    message.content = discord::shorten(text, discord::kMaxContent);
    message.ephemeral = ephemeral;
    return message;
}

std::string choice_text(std::string_view title, std::string_view artist, std::chrono::milliseconds duration) {
    const auto length = duration.count() > 0 ? " (" + clock_text(duration) + ")" : std::string{};
    auto text = std::string{title};
    if (!artist.empty()) text.append(", ").append(artist);
    return discord::shorten(text, discord::kMaxChoiceText - length.size()) + length;
}

}  // namespace bandstand::gateway::domain
