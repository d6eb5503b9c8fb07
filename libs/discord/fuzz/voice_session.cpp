// A stream of events from bytes: kind, length (2, big endian) and body of each. Whatever comes, in whatever
// order, the session must not crash, and must not answer one event with a flood.
#include <cstddef>
#include <cstdint>

#include "base/assert.hpp"
#include "discord/voice_session.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bandstand;
    using namespace std::chrono_literals;
    auto input = std::as_bytes(std::span{data, size});
    const base::ChannelId channel{100};
    discord::VoiceSession session{{base::GuildId{41}, base::UserId{7}, channel}};
    base::Instant now{1h};
    std::optional<base::Instant> timer;
    while (input.size() >= 3) {
        const auto kind = std::to_integer<unsigned>(input[0]);
        const auto length =
            std::min<std::size_t>(base::read_be<std::uint16_t>(input.subspan(1)), input.size() - 3);
        const auto body = input.subspan(3, length);
        const std::string text{base::as_text(body)};
        input = input.subspan(3 + length);
        discord::voice::Actions actions;
        switch (kind % 13) {
            case 0:
                actions = session.join(channel, now);
                break;
            case 1:
                actions = session.leave();
                break;
            case 2:
                actions = session.on_own_state(channel, text, now);
                break;
            case 3:
                actions = session.on_own_state(base::ChannelId{kind / 13}, text, now);
                break;
            case 4:
                actions = session.on_server(text, "voice.example", now);
                break;
            case 5:
                actions = session.on_server("token", text, now);
                break;
            case 6:
                actions = session.on_ws_open(now);
                break;
            case 7:
                actions = session.on_ws_text(text, now);
                break;
            case 8:
                actions = session.on_ws_binary(body, now);
                break;
            case 9:
                actions =
                    session.on_ws_closed(length < 2 ? 0 : base::read_be<std::uint16_t>(body), text, now);
                break;
            case 10:
                actions = session.on_datagram(body, now);
                break;
            case 11:
                actions = session.set_speaking(length % 2 == 0);
                break;
            case 12:
                now = timer ? std::max(now, *timer) : now + 1s;
                timer.reset();
                actions = session.on_timer(now);
                break;
        }
        BASE_ASSERT(actions.size() < 16);
        for (const auto& action : actions) {
            if (const auto* set = std::get_if<discord::voice::SetTimer>(&action)) timer = set->at;
        }
        BASE_ASSERT(session.ended() || timer);
    }
    return 0;
}
