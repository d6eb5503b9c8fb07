#pragma once

#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "http/address_policy.hpp"
#include "http/headers.hpp"
#include "http/url.hpp"
#include "runtime/context.hpp"
#include "runtime/task.hpp"

namespace bandstand::http {

constexpr base::Reason kUnreachable{"http.unreachable"};  ///< no name, no route, refused, reset
constexpr base::Reason kAddressRefused{
    "http.address_refused"};                           ///< the address policy forbids where it leads
constexpr base::Reason kTlsFailed{"http.tls_failed"};  ///< certificate, host name or protocol
constexpr base::Reason kTimedOut{"http.timed_out"};
constexpr base::Reason kBadResponse{"http.bad_response"};  ///< not HTTP, or cut off
constexpr base::Reason kTooLarge{"http.too_large"};        ///< headers or body over the limit
constexpr base::Reason kTooManyRedirects{"http.too_many_redirects"};
/// A method or header field that HTTP does not have.
constexpr base::Reason kBadRequest{"http.bad_request"};

struct ClientRequest {
    std::string method = "GET";
    std::string url;
    Headers headers{};
    std::string body{};
};

struct ClientResponse {
    int status = 0;
    Headers headers;
    std::string body;
};

struct ClientOptions {
    std::string user_agent = "Bandstand";
    std::string ca_file{};  ///< PEM, trusted besides the system's roots
    base::Duration connect_timeout = std::chrono::seconds{5};
    base::Duration total_timeout =
        std::chrono::seconds{15};  ///< of send(); of each step of open() and read()
    base::Duration idle_timeout =
        std::chrono::seconds{30};  ///< an idle connection older than this is not used again
    std::size_t max_header_bytes = 64 * 1024;
    std::size_t max_body_bytes = 8 * 1024 * 1024;  ///< of send(); a BodyReader is bounded by its reader
    std::size_t max_idle_per_origin = 8;
    AddressPolicy addresses = AddressPolicy::any();
};

struct RedirectPolicy {
    int max = 3;
};

/// The body of an answer as it arrives. Owns its connection. Loop thread only.
class BodyReader {
public:
    struct State;
    explicit BodyReader(std::unique_ptr<State> state);
    ~BodyReader();

    /// Status and headers; its body is empty.
    const ClientResponse& head() const;
    /// Where the redirects ended.
    const std::string& final_url() const;
    /// At least one byte, or 0 at the end. Errors: kBadResponse when it was cut off, kTimedOut.
    runtime::Task<base::Result<std::size_t>> read(base::MutableBytes out);

private:
    std::unique_ptr<State> state_;
};

/// HTTP/1.1 over TCP or TLS with kept-alive connections. Loop thread only. Names no secrets in errors.
class Client {
public:
    Client(runtime::Context context, ClientOptions options);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// One exchange; redirects are answers like others. A kept-alive connection that turns out dead is
    /// replaced once, for idempotent methods. Errors: the reasons above, kBadUrl.
    runtime::Task<base::Result<ClientResponse>> send(ClientRequest request);
    /// Always on a connection of its own. Follows the redirects of a GET, each checked against the address
    /// policy; Authorization and Cookie stay with the first origin. The body is left to the reader.
    runtime::Task<base::Result<std::unique_ptr<BodyReader>>> open(ClientRequest request,
                                                                  RedirectPolicy redirects = {});

    struct State;

private:
    std::shared_ptr<State> state_;
};

}  // namespace bandstand::http
