#include "app/command_registration.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/bytes.hpp"
#include "domain/command_list.hpp"

namespace bandstand::gateway {
namespace {

// FNV-1a: tells lists apart, guards nothing.
std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (const char byte : text) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3ULL;
    return hash;
}

std::string fingerprint_of(const std::vector<discord::CommandDefinition>& ours,
                           const std::vector<discord::RegisteredCommand>& registered) {
    std::vector<std::string> lines;
    for (const auto& command : registered) lines.push_back(command.id + ':' + command.version);
    std::ranges::sort(lines);
    auto text = discord::to_json(ours);
    for (const auto& line : lines) text += '\n' + line;
    std::array<std::byte, 8> bytes{};
    base::write_be(hash_of(text), bytes);
    return base::to_hex(bytes);
}

}  // namespace

runtime::Task<base::Result<void>> register_commands(runtime::Context context, ports::DiscordActions& discord,
                                                    ports::CommandRegistry& registry,
                                                    base::ApplicationId application) {
    const auto ours = domain::command_list();
    const auto known = co_await registry.fingerprint(application);
    if (known && *known) {
        const auto there = co_await discord.commands(application);
        if (there && fingerprint_of(ours, *there) == **known) {
            context.observer().log().info("commands_unchanged", {{"application", application}});
            co_return base::ok();
        }
    }
    auto registered = co_await discord.register_commands(application, ours);
    if (!registered) co_return std::unexpected(std::move(registered).error().during("register commands"));
    context.observer().log().info("commands_registered",
                                  {{"application", application}, {"count", registered->size()}});
    auto remembered = co_await registry.remember(application, fingerprint_of(ours, *registered));
    if (!remembered) co_return std::unexpected(std::move(remembered).error().during("remember commands"));
    co_return base::ok();
}

}  // namespace bandstand::gateway
