#include "domain/command_list.hpp"

#include "domain/look.hpp"

namespace bandstand::gateway::domain {
namespace {

using discord::OptionDefinition;
using discord::OptionType;

OptionDefinition text(std::string name, std::string description, std::uint32_t max_length) {
    return {.type = OptionType::string,
            .name = std::move(name),
            .description = std::move(description),
            .max_length = max_length};
}
OptionDefinition number(std::string name, std::string description, std::int64_t min, std::int64_t max) {
    return {.type = OptionType::integer,
            .name = std::move(name),
            .description = std::move(description),
            .min = min,
            .max = max};
}

std::vector<OptionDefinition> play_options() {
    auto query = text("query", "A title, an artist, or a link", 500);
    query.autocomplete = true;
    return {query,
            text("url", "A link to an audio file or stream", 2'000),
            {.type = OptionType::attachment, .name = "attachment", .description = "An audio file to play"}};
}

std::vector<OptionDefinition> seek_options() {
    auto time = text("time", "90, 1:30, 1m30s, +10 or -10", 16);
    time.required = true;
    return {time};
}

}  // namespace

std::vector<discord::CommandDefinition> command_list() {
    return {
        {"join", "Come to your voice channel", {}},
        {"leave", "Leave the voice channel and clear the queue", {}},
        {"play", "Play a song, or add it to the queue", play_options()},
        {"pause", "Pause the music", {}},
        {"resume", "Go on where it was paused", {}},
        {"skip", "Skip to the next song", {number("count", "How many songs to skip", 1, kMaxSkip)}},
        {"stop", "Stop the music and clear the queue", {}},
        {"queue", "Show what comes next", {number("page", "Which page", 1, 10'000)}},
        {"nowplaying", "Show what is playing and how far it is", {}},
        {"seek", "Jump to a time in the song", seek_options()},
        {"volume",
         "Show or set the volume",
         {number("percent", "0 to 200; 100 is the original", 0, kMaxVolumePercent)}},
        {"help", "What I can do", {}},
    };
}

discord::OutgoingMessage help_message() {
    discord::Embed embed;
    embed.title = "Bandstand";
    embed.color = kAccent;
    embed.description = "Join a voice channel and type `/play`: a title from the library, a link, or a file.";
    for (const auto& command : command_list()) {
        if (command.name == "help") continue;
        std::string usage = "`/" + command.name;
        for (const auto& option : command.options)
            usage += option.required ? " " + option.name : " [" + option.name + "]";
        embed.description += "\n" + usage + "` " + command.description;
    }
    return {.content = {}, .embeds = {embed}, .buttons = {}, .ephemeral = true};
}

}  // namespace bandstand::gateway::domain
