// A member with ears: a real voice connection that records what it hears.

#include <chrono>
#include <fstream>
#include <optional>
#include <utility>

#include "crypto/transport_cipher.hpp"
#include "discord/voice_connection.hpp"
#include "discord/voice_receiver.hpp"
#include "runtime/task_group.hpp"
#include "sandbox/cli/client.hpp"
#include "sandbox/cli/recording.hpp"
#include "sandbox/cli/subcommands.hpp"

namespace bandstand::sandbox::cli {
namespace {

constexpr base::Reason kCannotListen{"sandbox.cannot_listen"};
constexpr base::Reason kCannotWrite{"sandbox.cannot_write"};

struct Wish {
    Json place;  ///< as, guild, channel
    double seconds = 10;
    double until_silent_ms = 0;  ///< 0 = do not care
    std::string wav;
    std::string packets;
    bool json = false;
};

std::int64_t realtime_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               base::system_clock().wall_now().time_since_epoch())
        .count();
}

base::Result<void> write_file(const std::string& path, const std::string& content) {
    std::ofstream out{path, std::ios::binary};
    out << content;
    if (out.flush()) return base::ok();
    return base::fail(base::ErrorKind::unavailable, kCannotWrite, "cannot write", path);
}

/// One listener from joining to leaving.
class Listener {
public:
    Listener(runtime::Context context, Wish wish)
        : context_{std::move(context)}, wish_{std::move(wish)}, control_{context_}, tasks_{context_} {}

    runtime::Task<base::Result<void>> run();

private:
    discord::VoiceCallbacks callbacks();
    runtime::Task<base::Result<void>> ask_to_join();
    void ready(const discord::TransportParams& params);
    void keep(const discord::VoicePacket& packet);
    bool over() const;
    base::Result<void> report() const;

    runtime::Context context_;
    Wish wish_;
    ControlClient control_;
    runtime::TaskGroup tasks_;
    std::unique_ptr<discord::VoiceConnection> voice_;
    std::optional<discord::VoiceReceiver> receiver_;
    std::optional<std::string> failure_;
    Recording recording_;
    base::Instant started_;
    bool heard_ = false;
};

runtime::Task<base::Result<void>> Listener::ask_to_join() {
    auto ticket = co_await control_.post("/voice/join", wish_.place);
    if (!ticket) {
        failure_ = ticket.error().detail();
        co_return base::ok();
    }
    voice_->on_own_state(id_of<base::ChannelId>(*ticket, "channel_id"), text_of(*ticket, "session_id"));
    voice_->on_server(text_of(*ticket, "token"), text_of(*ticket, "endpoint"));
    co_return base::ok();
}

void Listener::ready(const discord::TransportParams& params) {
    auto cipher = crypto::TransportCipher::create(params.mode, params.key);
    if (!cipher) {
        failure_ = cipher.error().detail();
        return;
    }
    receiver_.emplace(std::move(*cipher),
                      discord::ReceiverOptions{.own_ssrc = params.ssrc, .deliver_unknown = true});
    if (std::exchange(heard_, true)) return;
    started_ = context_.clock().now();
    if (wish_.json) {
        print_json(
            {{"event", "listening"}, {"channel_id", base::to_string(params.channel)}, {"ssrc", params.ssrc}});
    } else {
        print_line("listening; Ctrl-C ends");
    }
}

void Listener::keep(const discord::VoicePacket& packet) {
    recording_.add({.arrived_us = realtime_us(),
                    .ssrc = packet.ssrc,
                    .sequence = packet.sequence,
                    .timestamp = packet.timestamp,
                    .opus = packet.opus});
}

discord::VoiceCallbacks Listener::callbacks() {
    discord::VoiceCallbacks calls;
    calls.on_join_wanted = [this](base::ChannelId) { tasks_.spawn("join", ask_to_join()); };
    calls.on_ready = [this](const discord::TransportParams& params, const auto&) { ready(params); };
    calls.on_gave_up = [this](base::Reason, const std::string& detail) { failure_ = detail; };
    calls.on_datagram = [this](base::ByteView bytes, base::Instant at) {
        if (!receiver_) return;
        if (const auto packet = receiver_->receive(bytes, at)) keep(*packet);
    };
    return calls;
}

bool Listener::over() const {
    if (failure_ || context_.stop_requested()) return true;
    if (!heard_) return false;
    const auto now = context_.clock().now();
    if (std::chrono::duration<double>(now - started_).count() >= wish_.seconds) return true;
    const auto last = recording_.last_sound_us();
    return wish_.until_silent_ms > 0 && last &&
           static_cast<double>(realtime_us() - *last) / 1000.0 >= wish_.until_silent_ms;
}

runtime::Task<base::Result<void>> Listener::run() {
    // The first visit tells who and where we are; the voice connection asks for its own ticket.
    auto seat = co_await control_.post("/voice/join", wish_.place);
    if (!seat) co_return std::unexpected{std::move(seat).error()};
    const auto channel = id_of<base::ChannelId>(*seat, "channel_id");
    voice_ = std::make_unique<discord::VoiceConnection>(
        context_,
        discord::VoiceIntent{.guild = id_of<base::GuildId>(*seat, "guild_id"),
                             .user = id_of<base::UserId>(*seat, "user_id"),
                             .channel = channel},
        discord::VoiceOptions{.ca_file = text_of(*seat, "ca_file")}, callbacks());
    tasks_.spawn("voice", voice_->run());
    voice_->join(channel);
    while (!over()) co_await runtime::sleep_for(std::chrono::milliseconds{20});
    voice_->leave();
    tasks_.stop();
    auto joined = co_await tasks_.join();
    (void)co_await control_.post("/voice/leave", wish_.place);
    if (!joined) co_return joined;
    if (failure_)
        co_return base::fail(base::ErrorKind::unavailable, kCannotListen, "cannot listen:", *failure_);
    co_return report();
}

base::Result<void> Listener::report() const {
    if (!wish_.wav.empty()) {
        auto wav = recording_.wav(std::chrono::hours{1});
        if (!wav) return std::unexpected{std::move(wav).error().during("decode what was heard")};
        if (auto written = write_file(wish_.wav, *wav); !written) return written;
    }
    if (!wish_.packets.empty()) {
        std::string lines;
        for (const auto& line : recording_.packet_lines()) lines += line + "\n";
        if (auto written = write_file(wish_.packets, lines); !written) return written;
    }
    const auto summary = recording_.summary();
    if (wish_.json) {
        print_json(summary);
        return base::ok();
    }
    print_line("heard " + std::to_string(recording_.sounding()) + " packets (" +
               std::to_string(recording_.sounding() / 50) + " s), " +
               std::to_string(summary.at("holes").size()) + " holes, " +
               std::to_string(number_of(summary, "missing_packets")) + " lost" +
               (wish_.wav.empty() ? "" : "; written to " + wish_.wav));
    return base::ok();
}

runtime::Task<base::Result<void>> listen(runtime::Context context, Wish wish) {
    Listener listener{std::move(context), std::move(wish)};
    co_return co_await listener.run();
}

int run_listen(const Arguments& arguments) {
    Wish wish{
        .place = {{"as", arguments.text("as", "bob")}, {"channel", arguments.rest()}, {"self_mute", true}},
        .wav = arguments.text("wav"),
        .packets = arguments.text("packets"),
        .json = arguments.has("json")};
    if (arguments.has("guild")) wish.place["guild"] = arguments.text("guild");
    const auto seconds = arguments.number("seconds", 10, 3600);
    const auto silent = arguments.number("until-silent", 0, 3'600'000);
    if (!seconds || !silent) {
        (void)std::fprintf(stderr, "error: %s\n", (seconds ? silent : seconds).error().detail().c_str());
        return 2;
    }
    wish.seconds = *seconds;
    wish.until_silent_ms = *silent;
    return run_client([wish](runtime::Context context) { return listen(std::move(context), wish); });
}

}  // namespace

Subcommand listen_command() {
    return {.name = "listen",
            .positional = "CHANNEL",
            .summary =
                "Joins a voice channel as a member and records what is heard there.\n"
                "A real voice client: TLS websocket, UDP, decryption. Ends after --seconds, or on Ctrl-C.",
            .options = {{"as", "NAME", "the member who listens (bob)"},
                        {"guild", "NAME", "the guild (Lounge)"},
                        {"seconds", "N", "how long, at most (10)"},
                        {"until-silent", "MS", "end after so much silence, once something was heard"},
                        {"wav", "FILE", "48 kHz stereo WAV, placed by RTP timestamp"},
                        {"packets", "FILE", "one JSON line per packet"},
                        {"json", "", "print JSON lines: when listening, and a summary"}},
            .examples = "  sandbox listen --as bob --guild Lounge Stage --seconds 10 --wav heard.wav\n",
            .run = run_listen};
}

}  // namespace bandstand::sandbox::cli
