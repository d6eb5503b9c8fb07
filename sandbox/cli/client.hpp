#pragma once

#include <functional>
#include <string>

#include "http/client.hpp"
#include "runtime/context.hpp"
#include "runtime/task.hpp"
#include "sandbox/discord/json.hpp"

namespace bandstand::sandbox::cli {

constexpr base::Reason kSandboxRefused{"sandbox.refused"};
constexpr base::Reason kSandboxUnreachable{"sandbox.unreachable"};

/// Speaks to the control API of a running sandbox: SANDBOX_URL, default http://127.0.0.1:7801.
class ControlClient {
public:
    explicit ControlClient(const runtime::Context& context);

    runtime::Task<base::Result<Json>> get(std::string path);
    runtime::Task<base::Result<Json>> post(std::string path, Json body);
    /// Uploads a file of at most 10 MiB as a member attaches it; returns the attachment.
    runtime::Task<base::Result<Json>> attach(std::string file);

private:
    runtime::Task<base::Result<Json>> exchange(http::ClientRequest request);

    http::Client client_;
    std::string url_;
};

using ClientWork = std::function<runtime::Task<base::Result<void>>(runtime::Context)>;

/// Runs `work` on a loop of its own. An error is printed as a sentence; returns the exit status. SIGINT and
/// SIGTERM become Context::request_stop().
int run_client(const ClientWork& work);

/// One JSON document and a newline on standard output, at once.
void print_json(const Json& value);
void print_line(const std::string& text);

}  // namespace bandstand::sandbox::cli
