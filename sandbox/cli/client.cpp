#include "sandbox/cli/client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <utility>

#include "observe/observer.hpp"

namespace bandstand::sandbox::cli {
namespace {

constexpr std::uintmax_t kMaxAttachment = 10U << 20U;

http::ClientOptions client_options() {
    http::ClientOptions options;
    options.user_agent = "Bandstand-sandbox";
    options.total_timeout = std::chrono::seconds{90};  // `say` waits for the bot
    options.max_body_bytes = 64U << 20U;
    return options;
}

base::Result<std::string> read_file(const std::string& path) {
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    if (error || size > kMaxAttachment) {
        return base::fail(base::ErrorKind::invalid_argument, kSandboxRefused, path,
                          error ? "cannot be read" : "is larger than the 10 MiB that Discord takes");
    }
    std::ifstream in{path, std::ios::binary};
    return std::string{std::istreambuf_iterator<char>{in}, {}};
}

void print_error(const std::string& text) {
    (void)std::fprintf(stderr, "error: %s\n", text.c_str());
}

int status_of(const std::exception_ptr& thrown, const base::Result<void>& result) {
    try {
        if (thrown) std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
        print_error(error.what());
        return 1;
    }
    if (!result) print_error(result.error().detail());
    return result ? 0 : 1;
}

}  // namespace

ControlClient::ControlClient(const runtime::Context& context)
    : client_{context, client_options()},
      url_{context.environment().get("SANDBOX_URL").value_or("http://127.0.0.1:7801")} {}

runtime::Task<base::Result<Json>> ControlClient::exchange(http::ClientRequest request) {
    request.url = url_ + request.url;
    auto response = co_await client_.send(std::move(request));
    if (!response) {
        co_return base::fail(
            base::ErrorKind::unavailable, kSandboxUnreachable, "no sandbox answers at", url_,
            "(" + response.error().detail() + "). Start it with ./scripts/up, or set SANDBOX_URL.");
    }
    const auto body = parse_json(response->body).value_or(Json::object());
    if (response->status == 200) co_return body;
    co_return base::fail(base::ErrorKind::failed_precondition, kSandboxRefused,
                         text_of(body, "error", text_of(body, "message", "the sandbox refused")));
}

runtime::Task<base::Result<Json>> ControlClient::get(std::string path) {
    http::ClientRequest request;
    request.url = std::move(path);
    co_return co_await exchange(std::move(request));
}

runtime::Task<base::Result<Json>> ControlClient::post(std::string path, Json body) {
    http::ClientRequest request{
        .method = "POST", .url = std::move(path), .headers = {}, .body = to_text(body)};
    request.headers.set("Content-Type", "application/json");
    co_return co_await exchange(std::move(request));
}

runtime::Task<base::Result<Json>> ControlClient::attach(std::string file) {
    auto content = read_file(file);
    if (!content) co_return std::unexpected{std::move(content).error()};
    const auto name = std::filesystem::path{file}.filename().string();
    http::ClientRequest request{.method = "POST",
                                .url = "/uploads?filename=" + http::percent_encode(name),
                                .headers = {},
                                .body = std::move(*content)};
    request.headers.set("Content-Type", "application/octet-stream");
    co_return co_await exchange(std::move(request));
}

int run_client(const ClientWork& work) {
    std::signal(SIGPIPE, SIG_IGN);
    observe::Observer observer{{.service = "sandbox", .level = observe::Level::error}};
    asio::io_context loop{1};
    const runtime::Context context{loop, config::Environment::of_process(), observer, base::system_clock()};
    asio::signal_set signals{loop, SIGINT, SIGTERM};
    signals.async_wait([&](const boost::system::error_code& error, int) {
        if (!error) context.request_stop();
    });
    int status = 1;
    asio::co_spawn(loop, work(context),
                   [&](const std::exception_ptr& thrown, const base::Result<void>& result) {
                       status = status_of(thrown, result);
                       loop.stop();
                   });
    loop.run();
    return status;
}

void print_line(const std::string& text) {
    (void)std::fprintf(stdout, "%s\n", text.c_str());
    (void)std::fflush(stdout);
}
void print_json(const Json& value) {
    print_line(to_text(value));
}

}  // namespace bandstand::sandbox::cli
