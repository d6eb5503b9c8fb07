#include <chrono>
#include <utility>

#include "http/server.hpp"
#include "runtime/run.hpp"
#include "runtime/task_group.hpp"
#include "sandbox/cli/client.hpp"
#include "sandbox/cli/subcommands.hpp"
#include "sandbox/servers/certificate.hpp"
#include "sandbox/servers/control_api.hpp"
#include "sandbox/servers/rest_api.hpp"
#include "sandbox/servers/sockets.hpp"

namespace bandstand::sandbox::cli {
namespace {

struct Settings {
    std::string host;
    std::uint16_t port = 0;
    std::uint16_t control_port = 0;
    std::uint16_t voice_port = 0;
    std::uint16_t udp_port = 0;
    std::string directory;
};

base::Result<Settings> read_settings(const Arguments& arguments) {
    Settings settings{.host = arguments.text("host", "127.0.0.1"),
                      .directory = arguments.text("dir", ".sandbox")};
    const std::pair<const char*, std::pair<std::uint16_t*, std::uint16_t>> ports[]{
        {"port", {&settings.port, 7800}},
        {"control-port", {&settings.control_port, 7801}},
        {"voice-port", {&settings.voice_port, 7802}},
        {"udp-port", {&settings.udp_port, 7803}}};
    for (const auto& [name, target] : ports) {
        const auto value = arguments.number(name, target.second, 65'535);
        if (!value) return std::unexpected{value.error()};
        *target.first = static_cast<std::uint16_t>(*value);
    }
    return settings;
}

http::ServerOptions on_port(const Settings& settings, std::uint16_t port) {
    http::ServerOptions options;
    options.address = settings.host;
    options.port = port;
    return options;
}

runtime::Task<base::Result<void>> tick(StandIn& stand_in) {
    while (true) {
        co_await runtime::sleep_for(std::chrono::seconds{1});
        stand_in.tick();
    }
}

std::string url(const Settings& settings, const char* scheme, std::uint16_t port) {
    return std::string{scheme} + "://" + settings.host + ":" + std::to_string(port);
}

runtime::Task<base::Result<void>> serve(Settings settings, runtime::Context context) {
    auto certificate = make_certificate(settings.directory);
    if (!certificate) co_return std::unexpected{std::move(certificate).error()};

    VoiceUdp udp{context};
    StandIn stand_in{default_world(), context.clock(), context.loop(),
                     [&udp](const UdpAddress& to, base::ByteView bytes) { udp.send(to, bytes); }};
    runtime::TaskGroup tasks{context};
    http::Server main{context, on_port(settings, settings.port)};
    auto control_options = on_port(settings, settings.control_port);
    control_options.max_body_bytes = 26U << 20U;  // uploads
    http::Server control{context, std::move(control_options)};
    auto voice_options = on_port(settings, settings.voice_port);
    voice_options.tls = http::TlsFiles{certificate->certificate, certificate->key};
    http::Server voice{context, std::move(voice_options)};

    const RestApi rest{stand_in, main};
    const ControlApi controls{stand_in, control};
    serve_gateway(main, stand_in, tasks);
    serve_uploads(main, stand_in);
    serve_voice(voice, stand_in, tasks);

    if (auto bound = udp.listen(settings.host, settings.udp_port); !bound) co_return bound;
    for (auto* server : {&main, &control, &voice}) {
        if (auto bound = server->listen(); !bound) co_return bound;
    }
    stand_in.origin = url(settings, "http", main.port());
    stand_in.ca_file = certificate->ca;
    stand_in.gateway.set_url(url(settings, "ws", main.port()));
    stand_in.voice.settings.ip = settings.host;
    stand_in.voice.settings.port = udp.port();
    stand_in.rooms.set_endpoint("localhost:" + std::to_string(voice.port()));

    tasks.spawn("tick", tick(stand_in));
    tasks.spawn("udp", udp.run(stand_in.voice));
    tasks.spawn("rest and gateway", main.serve());
    tasks.spawn("voice", voice.serve());
    tasks.spawn("control", control.serve());
    print_json({{"event", "ready"},
                {"api_url", stand_in.origin + "/api"},
                {"gateway_url", stand_in.gateway.url()},
                {"control_url", url(settings, "http", control.port())},
                {"ca_file", certificate->ca},
                {"voice_port", voice.port()},
                {"udp_port", udp.port()}});
    co_return co_await tasks.join();
}

}  // namespace

Subcommand serve_command() {
    return {.name = "serve",
            .positional = "",
            .summary =
                "Runs the stand-in of Discord until it is stopped.\n"
                "Prints one JSON line with its addresses when it is ready; logs go to standard error.",
            .options = {{"host", "ADDRESS", "IPv4 address to listen on (127.0.0.1)"},
                        {"port", "PORT", "REST API, gateway and files (7800; 0 = a free one)"},
                        {"control-port", "PORT", "control API (7801)"},
                        {"voice-port", "PORT", "voice websocket, TLS (7802)"},
                        {"udp-port", "PORT", "voice audio (7803)"},
                        {"dir", "DIR", "where the TLS certificate goes (.sandbox)"}},
            .examples = "  sandbox serve --dir /var/tmp/sandbox\n",
            .run = [](const Arguments& arguments) {
                const auto settings = read_settings(arguments);
                if (!settings) {
                    (void)std::fprintf(stderr, "error: %s\n", settings.error().detail().c_str());
                    return 2;
                }
                return runtime::run("sandbox", [settings](runtime::Context context) {
                    return serve(*settings, std::move(context));
                });
            }};
}

}  // namespace bandstand::sandbox::cli
