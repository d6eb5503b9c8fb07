// The sandbox: a stand-in of Discord, and a command line to act as its members.

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "sandbox/cli/subcommands.hpp"

namespace {

using namespace bandstand::sandbox::cli;

int print_help(const std::vector<Subcommand>& commands) {
    std::string out =
        "Usage: sandbox COMMAND [options]\n\nA Discord on your desk, and its members' hands and ears.\n\n";
    for (const auto& command : commands) {
        std::string name = "  " + command.name;
        name.resize(12, ' ');
        out += name + command.summary.substr(0, command.summary.find('\n')) + "\n";
    }
    out +=
        "\nsandbox COMMAND --help tells more. All but serve speak to SANDBOX_URL (default "
        "http://127.0.0.1:7801).\n";
    (void)std::fputs(out.c_str(), stdout);
    return 0;
}

int fail(const std::string& why) {
    (void)std::fprintf(stderr, "error: %s\n", why.c_str());
    return 2;
}

int dispatch(const std::vector<std::string>& words) {
    const std::vector<Subcommand> commands{serve_command(),  join_command(),  say_command(),  press_command(),
                                           listen_command(), leave_command(), state_command()};
    if (words.empty() || words[0] == "--help" || words[0] == "help") return print_help(commands);
    const auto command = std::ranges::find(commands, words[0], &Subcommand::name);
    if (command == commands.end())
        return fail("there is no command \"" + words[0] + "\"; see: sandbox --help");
    const std::vector<std::string> rest{words.begin() + 1, words.end()};
    if (std::ranges::find(rest, "--help") != rest.end()) {
        (void)std::fputs(help_of(*command).c_str(), stdout);
        return 0;
    }
    const auto arguments = Arguments::parse(rest, *command);
    return arguments ? command->run(*arguments) : fail(arguments.error().detail());
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return dispatch({argv + 1, argv + argc});
    } catch (const std::exception& error) {
        return fail(error.what());
    }
}
