#include "any_stream.hpp"

#include <openssl/ssl.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <vector>

#include "http/client.hpp"
#include "runtime/deadline.hpp"

namespace bandstand::http {
namespace {

using base::ErrorKind;
using Tcp = asio::ip::tcp;
using boost::system::error_code;

constexpr auto kLingerTime = std::chrono::seconds{1};

using Endpoints = std::vector<Tcp::endpoint>;

// getaddrinfo() cannot be interrupted: when we stop waiting for it, its late answer finds nobody.
struct Lookup {
    explicit Lookup(const asio::any_io_executor& executor)
        : resolver{executor}, answered{executor, asio::steady_timer::time_point::max()} {}

    Tcp::resolver resolver;
    asio::steady_timer answered;  // cancelled at the answer
    std::optional<error_code> outcome{};
    Endpoints found{};
};

runtime::Task<base::Result<Endpoints>> look_up(Url url) {
    error_code not_a_literal;
    const auto literal = asio::ip::make_address(url.host, not_a_literal);
    if (!not_a_literal) co_return Endpoints{{literal, url.port}};
    auto lookup = std::make_shared<Lookup>(co_await asio::this_coro::executor);
    lookup->resolver.async_resolve(
        url.host, std::to_string(url.port),
        [lookup](const error_code& error, const Tcp::resolver::results_type& results) {
            lookup->outcome = error;
            for (const auto& entry : results) lookup->found.push_back(entry.endpoint());
            lookup->answered.cancel();
        });
    while (!lookup->outcome) {
        error_code ignored;
        co_await lookup->answered.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        co_await pass_on_stop();
    }
    if (*lookup->outcome) {
        co_return base::fail(ErrorKind::unavailable, kUnreachable, "cannot resolve", url.host,
                             lookup->outcome->message());
    }
    co_return std::move(lookup->found);
}

runtime::Task<base::Result<AnyStream>> connect_now(Url url, AddressPolicy addresses,
                                                   std::shared_ptr<asio::ssl::context> tls) {
    const auto executor = co_await asio::this_coro::executor;
    auto endpoints = co_await look_up(url);
    if (!endpoints) co_return std::unexpected(std::move(endpoints).error());
    std::erase_if(*endpoints, [&](const Tcp::endpoint& to) { return !addresses.permits(to.address()); });
    if (endpoints->empty()) {
        co_return base::fail(ErrorKind::permission_denied, kAddressRefused, url.host,
                             "leads into a network that is not public");
    }
    error_code error;
    Tcp::socket socket{executor};
    co_await asio::async_connect(socket, *endpoints, asio::redirect_error(asio::use_awaitable, error));
    if (error) {
        co_await pass_on_stop();
        co_return base::fail(ErrorKind::unavailable, kUnreachable, "cannot connect to", url.authority(),
                             error.message());
    }
    socket.set_option(Tcp::no_delay{true}, error);
    AnyStream stream{std::move(socket)};
    if (!url.secure()) co_return stream;

    auto& session = stream.start_tls(*tls);
    session.set_verify_callback(asio::ssl::host_name_verification(url.host), error);
    error_code not_a_literal;
    asio::ip::make_address(url.host, not_a_literal);
    if (not_a_literal) SSL_set_tlsext_host_name(session.native_handle(), url.host.c_str());  // RFC 6066 §3
    co_await session.async_handshake(asio::ssl::stream_base::client,
                                     asio::redirect_error(asio::use_awaitable, error));
    if (error) {
        co_await pass_on_stop();
        co_return base::fail(ErrorKind::unavailable, kTlsFailed, "TLS with", url.authority(),
                             error.message());
    }
    co_return stream;
}

}  // namespace

runtime::Task<void> linger(AnyStream& stream) {
    error_code ignored;
    stream.socket().shutdown(Tcp::socket::shutdown_send, ignored);
    const auto read_on = [](Tcp::socket& socket) -> runtime::Task<base::Result<void>> {
        std::string rest(256 * 1024, '\0');
        error_code end;
        co_await asio::async_read(socket, asio::buffer(rest), asio::redirect_error(asio::use_awaitable, end));
        co_return base::ok();
    };
    static_cast<void>(co_await runtime::within(kLingerTime, read_on(stream.socket())));
    stream.close();
}

void teardown(boost::beast::role_type, AnyStream& stream, error_code& error) {
    stream.close();
    error = {};
}

void beast_close_socket(AnyStream& stream) {
    stream.close();
}

base::Result<std::shared_ptr<asio::ssl::context>> make_client_tls(const std::string& ca_file) {
    auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
    error_code error;
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    context->set_verify_mode(asio::ssl::verify_peer, error);
    context->set_default_verify_paths(error);
    if (!ca_file.empty()) {
        context->load_verify_file(ca_file, error);
        if (error)
            return base::fail(ErrorKind::failed_precondition, kTlsFailed, "cannot read", ca_file,
                              error.message());
    }
    return context;
}

runtime::Task<base::Result<AnyStream>> connect_stream(Url url, AddressPolicy addresses,
                                                      std::shared_ptr<asio::ssl::context> tls,
                                                      base::Duration timeout) {
    const auto where = url.authority();
    auto stream =
        co_await runtime::within(timeout, connect_now(std::move(url), std::move(addresses), std::move(tls)));
    if (!stream && stream.error().reason() == runtime::kDeadlineExceeded) {
        co_return base::fail(ErrorKind::deadline_exceeded, kTimedOut, "connecting to", where);
    }
    co_return stream;
}

runtime::Task<void> pass_on_stop() {
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) {
        throw boost::system::system_error{asio::error::operation_aborted};
    }
}

}  // namespace bandstand::http
