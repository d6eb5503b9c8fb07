// say, press, join, leave, state: what a member does, and what there is to see.

#include <array>
#include <cstdio>
#include <utility>

#include "sandbox/cli/client.hpp"
#include "sandbox/cli/subcommands.hpp"

namespace bandstand::sandbox::cli {
namespace {

const Option kAs{"as", "NAME", "the member who acts (alice)"};
const Option kGuild{"guild", "NAME", "the guild (Lounge)"};
const Option kJson{"json", "", "print one JSON line instead of text"};
const Option kWait{"wait", "SECONDS", "how long to wait for the bot after its acknowledgement (15)"};

std::string ms(const Json& value) {
    if (!value.is_number()) return "?";
    std::array<char, 32> text{};
    (void)std::snprintf(text.data(), text.size(), "%.1f ms", value.get<double>());
    return text.data();
}

Json who_and_where(const Arguments& arguments) {
    Json body{{"as", arguments.text("as", "alice")}};
    for (const auto* key : {"guild", "channel", "bot"}) {
        if (arguments.has(key)) body[key] = arguments.text(key);
    }
    return body;
}

void print_choices(const Json& choices) {
    if (choices.empty()) print_line("(no choices)");
    for (const auto& choice : choices) {
        const auto name = text_of(choice, "name");
        const auto value = member_of(choice, "value").is_string() ? text_of(choice, "value")
                                                                  : member_of(choice, "value").dump();
        print_line("  " + name + (name == value ? "" : "  =>  " + value));
    }
}

void print_outcome(const Json& outcome) {
    std::string head = "acknowledged in " + ms(member_of(outcome, "ack_ms"));
    if (flag_of(outcome, "deferred")) {
        head += member_of(outcome, "answered_ms").is_null()
                    ? ", not answered yet"
                    : ", answered in " + ms(member_of(outcome, "answered_ms"));
    }
    if (flag_of(outcome, "ephemeral")) head += " (only you see it)";
    print_line(head);
    if (outcome.contains("choices")) return print_choices(outcome["choices"]);
    if (outcome.contains("modal")) return print_line("a form opens: " + text_of(outcome["modal"], "title"));
    print_line(text_of(outcome, "text"));
}

runtime::Task<base::Result<void>> say(runtime::Context context, Json body, std::string file, bool json) {
    ControlClient client{context};
    if (!file.empty()) {
        auto attachment = co_await client.attach(std::move(file));
        if (!attachment) co_return std::unexpected{std::move(attachment).error()};
        body["attachments"] = Json::array({text_of(*attachment, "id")});
    }
    auto outcome = co_await client.post("/interactions/command", std::move(body));
    if (!outcome) co_return std::unexpected{std::move(outcome).error()};
    json ? print_json(*outcome) : print_outcome(*outcome);
    co_return base::ok();
}

runtime::Task<base::Result<void>> write(runtime::Context context, Json body, bool json) {
    ControlClient client{context};
    auto message = co_await client.post("/messages", std::move(body));
    if (!message) co_return std::unexpected{std::move(message).error()};
    json ? print_json(*message) : print_line("sent");
    co_return base::ok();
}

int run_say(const Arguments& arguments) {
    auto body = who_and_where(arguments);
    const auto text = arguments.rest();
    const bool json = arguments.has("json");
    if (!text.starts_with('/')) {
        body["content"] = text;
        return run_client(
            [body, json](runtime::Context context) { return write(std::move(context), body, json); });
    }
    body["text"] = text;
    body["complete"] = arguments.has("complete");
    if (const auto wait = arguments.number("wait", 15, 60)) body["wait_ms"] = *wait * 1000;
    return run_client([body, json, file = arguments.text("attach")](runtime::Context context) {
        return say(std::move(context), body, file, json);
    });
}

runtime::Task<base::Result<void>> press(runtime::Context context, Json body, bool json) {
    ControlClient client{context};
    auto outcome = co_await client.post("/interactions/component", std::move(body));
    if (!outcome) co_return std::unexpected{std::move(outcome).error()};
    json ? print_json(*outcome) : print_outcome(*outcome);
    co_return base::ok();
}

int run_press(const Arguments& arguments) {
    auto body = who_and_where(arguments);
    body["target"] = arguments.rest();
    if (arguments.has("value")) body["values"] = Json::array({arguments.text("value")});
    if (arguments.has("wait")) body["wait_ms"] = arguments.number("wait", 2, 60).value_or(2) * 1000;
    return run_client([body, json = arguments.has("json")](runtime::Context context) {
        return press(std::move(context), body, json);
    });
}

runtime::Task<base::Result<void>> change_place(runtime::Context context, std::string path, Json body,
                                               bool json) {
    ControlClient client{context};
    const auto name = text_of(body, "as");
    const bool joins = path == "/voice/join";
    auto done = co_await client.post(std::move(path), std::move(body));
    if (!done) co_return std::unexpected{std::move(done).error()};
    if (json) {
        print_json(*done);
    } else if (joins) {
        print_line(name + " is in " + text_of(*done, "channel"));
    } else {
        print_line(flag_of(*done, "left") ? name + " left" : name + " was in no voice channel");
    }
    co_return base::ok();
}

int run_join(const Arguments& arguments) {
    auto body = who_and_where(arguments);
    body["channel"] = arguments.rest();
    return run_client([body, json = arguments.has("json")](runtime::Context context) {
        return change_place(std::move(context), "/voice/join", body, json);
    });
}

int run_leave(const Arguments& arguments) {
    return run_client(
        [body = who_and_where(arguments), json = arguments.has("json")](runtime::Context context) {
            return change_place(std::move(context), "/voice/leave", body, json);
        });
}

void print_state(const Json& state) {
    for (const auto& guild : state.at("guilds")) {
        print_line(text_of(guild, "name"));
        for (const auto& channel : guild.at("channels")) {
            const auto type = number_of(channel, "type");
            std::string line = "  " +
                               std::string{type == 0    ? "#"
                                           : type == 13 ? "stage "
                                                        : "voice "} +
                               text_of(channel, "name");
            for (const auto& member : guild.at("members")) {
                const auto& voice = member.at("voice");
                if (!voice.is_object() || text_of(voice, "channel_id") != text_of(channel, "id")) continue;
                line += "  " + text_of(member, "name") + (flag_of(voice, "suppress") ? " (audience)" : "");
            }
            print_line(line);
        }
    }
    for (const auto& session : state.at("sessions")) {
        print_line("bot " + text_of(session, "bot") + " shard " + session.at("shard")[0].dump() + "/" +
                   session.at("shard")[1].dump() + (flag_of(session, "connected") ? " online" : " away"));
    }
    std::string commands = "commands:";
    for (const auto& command : state.at("commands")) commands += " /" + text_of(command, "name");
    print_line(commands);
    for (const auto& stream : state.at("voice").at("live")) {
        print_line("voice " + text_of(stream, "user_id") + ": " +
                   std::to_string(number_of(stream, "packets")) + " packets, " +
                   std::to_string(number_of(stream, "sequence_gaps")) + " lost numbers");
    }
}

runtime::Task<base::Result<void>> show_state(runtime::Context context, bool json) {
    ControlClient client{context};
    auto state = co_await client.get("/state");
    if (!state) co_return std::unexpected{std::move(state).error()};
    json ? print_json(*state) : print_state(*state);
    co_return base::ok();
}

}  // namespace

Subcommand say_command() {
    return {.name = "say",
            .positional = "TEXT",
            .summary =
                "Says something as a member: a slash command, or a plain message.\n"
                "A command is checked and typed as Discord's client does; the bot's answer is printed.",
            .options = {kAs,
                        kGuild,
                        {"channel", "NAME", "the text channel (general)"},
                        {"bot", "NAME", "the bot, where several have the command"},
                        {"complete", "", "ask for the choices of the last option instead"},
                        {"attach", "FILE", "attach a file, for an attachment option"},
                        kWait,
                        kJson},
            .examples =
                "  sandbox say --as alice --guild Lounge \"/play query:bach\"\n"
                "  sandbox say --complete \"/play query:ba\"\n"
                "  sandbox say --attach song.mp3 \"/play\"\n",
            .run = run_say};
}

Subcommand press_command() {
    return {
        .name = "press",
        .positional = "BUTTON",
        .summary = "Presses a button as a member: by label or custom id, on the newest message that has it.",
        .options = {kAs, kGuild, {"value", "VALUE", "the choice, for a select"}, kWait, kJson},
        .examples = "  sandbox press --as alice --guild Lounge skip\n",
        .run = run_press};
}

Subcommand join_command() {
    return {.name = "join",
            .positional = "CHANNEL",
            .summary = "Joins a voice channel as a member, without listening (for that: sandbox listen).",
            .options = {kAs, kGuild, kJson},
            .examples = "  sandbox join --as alice --guild Lounge Stage\n",
            .run = run_join};
}

Subcommand leave_command() {
    return {.name = "leave",
            .positional = "",
            .summary = "Leaves the voice channel as a member.",
            .options = {kAs, kGuild, kJson},
            .examples = "  sandbox leave --as alice --guild Lounge\n",
            .run = run_leave};
}

Subcommand state_command() {
    return {.name = "state",
            .positional = "",
            .summary = "Shows guilds, who is where, bots, commands and audio streams.",
            .options = {kJson},
            .examples = "  sandbox state\n",
            .run = [](const Arguments& arguments) {
                return run_client([json = arguments.has("json")](runtime::Context context) {
                    return show_state(std::move(context), json);
                });
            }};
}

}  // namespace bandstand::sandbox::cli
