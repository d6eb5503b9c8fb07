// Everything that a bot may send, as bytes: the first says where it goes. Whatever comes, the stand-in
// answers, refuses or drops it, and never sends after it closed.
#include <cstddef>
#include <cstdint>

#include "base/assert.hpp"
#include "sandbox/discord/command_rules.hpp"
#include "sandbox/discord/gateway.hpp"
#include "sandbox/discord/interactions.hpp"
#include "sandbox/discord/slash_text.hpp"
#include "sandbox/discord/voice_server.hpp"

namespace {

using namespace bandstand;
using namespace bandstand::sandbox;

constexpr base::Instant kNow{std::chrono::hours{1}};

class StrictPeer final : public Peer {
public:
    void send(std::string) override { BASE_ASSERT(!closed_); }
    void close(std::uint16_t code, std::string) override {
        BASE_ASSERT(!closed_ && code >= 1000);
        closed_ = true;
    }

private:
    bool closed_ = false;
};

void feed_gateway(std::string_view text) {
    auto world = default_world();
    Gateway gateway{world, {.voice_state = [](const auto&...) {}, .session_lost = [](const auto&) {}}};
    StrictPeer peer;
    const auto connection = gateway.open(peer, "10", "json", kNow);
    for (std::size_t start = 0; start < text.size();) {  // one payload a line
        const auto end = std::min(text.find('\n', start), text.size());
        gateway.receive(connection, text.substr(start, end - start), kNow);
        start = end + 1;
    }
    gateway.closed(connection, 0, kNow);
}

void feed_voice(std::string_view text) {
    VoiceServer server{[](const UdpAddress&, base::ByteView) {}};
    server.admit(
        {.guild = GuildId{10}, .channel = ChannelId{20}, .user = UserId{1}, .session_id = "s", .token = "t"},
        {}, 4014);
    StrictPeer peer;
    const auto connection = server.open(peer, "8", kNow);
    for (std::size_t start = 0; start < text.size();) {
        const auto end = std::min(text.find('\n', start), text.size());
        server.receive(connection, text.substr(start, end - start), kNow);
        server.datagram({.ip = 1, .port = 2}, base::as_bytes(text.substr(start, end - start)), kNow);
        start = end + 1;
    }
    server.closed(connection, kNow);
}

void feed_body(const Json& body) {
    for (const auto use : {MessageUse::channel, MessageUse::interaction, MessageUse::edit})
        (void)parse_message(body, use);
    (void)parse_commands(body);
    const auto command = parse_command(body);
    for (const auto type :
         {InteractionType::command, InteractionType::component, InteractionType::autocomplete}) {
        Interaction interaction;
        interaction.type = type;
        (void)parse_callback(body, interaction, false);
    }
    if (!command) return;
    auto world = default_world();
    Command registered;
    registered.definition = *command;
    for (const auto* text : {"/x", "/x a b", "/x query:1 at:2"}) {
        (void)read_slash(text, registered, world, world.guilds.begin()->second, {}, false);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
    if (data[0] == 'g') feed_gateway(text);
    if (data[0] == 'v') feed_voice(text);
    if (data[0] == 'b') {
        if (const auto body = parse_json(text)) feed_body(*body);
    }
    return 0;
}
