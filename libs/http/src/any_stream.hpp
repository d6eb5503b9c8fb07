#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/role.hpp>
#include <memory>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "http/address_policy.hpp"
#include "http/url.hpp"
#include "runtime/context.hpp"
#include "runtime/task.hpp"

namespace bandstand::http {

/// A TCP connection with or without TLS, chosen at run time: Beast is instantiated once for both.
class AnyStream {
public:
    using Socket = asio::ip::tcp::socket;
    using TlsStream = asio::ssl::stream<Socket&>;
    using executor_type = Socket::executor_type;

    explicit AnyStream(Socket socket) : socket_{std::make_unique<Socket>(std::move(socket))} {}

    executor_type get_executor() { return socket_->get_executor(); }
    Socket& socket() { return *socket_; }
    bool secure() const { return tls_ != nullptr; }
    /// Makes it a TLS connection; the handshake is the caller's. OpenSSL keeps what it needs of `context`.
    TlsStream& start_tls(asio::ssl::context& context) {
        tls_ = std::make_unique<TlsStream>(*socket_, context);
        return *tls_;
    }

    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        return asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
            [this](auto handler, const Buffers& into) {
                if (tls_) {
                    tls_->async_read_some(into, std::move(handler));
                } else {
                    socket_->async_read_some(into, std::move(handler));
                }
            },
            token, buffers);
    }
    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        return asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
            [this](auto handler, const Buffers& from) {
                if (tls_) {
                    tls_->async_write_some(from, std::move(handler));
                } else {
                    socket_->async_write_some(from, std::move(handler));
                }
            },
            token, buffers);
    }
    void close() {
        boost::system::error_code ignored;
        socket_->shutdown(Socket::shutdown_both, ignored);
        socket_->close(ignored);
    }

private:
    std::unique_ptr<Socket> socket_;  // stable address: the TLS stream refers to it
    std::unique_ptr<TlsStream> tls_;
};

/// Stops sending, and reads on for a short while, so that our last words are not lost: closing a socket that
/// has unread bytes resets the connection (RFC 9112 §9.6). Then closes it.
runtime::Task<void> linger(AnyStream& stream);

// How Beast ends a WebSocket on our stream, once the close frames are written.
template <class Handler>
void async_teardown(boost::beast::role_type, AnyStream& stream, Handler&& handler) {
    const auto slot = asio::get_associated_cancellation_slot(handler);
    auto done = [inner = std::forward<Handler>(handler)](const std::exception_ptr&) mutable {
        inner(boost::system::error_code{});
    };
    asio::co_spawn(stream.get_executor(), linger(stream),
                   asio::bind_cancellation_slot(slot, std::move(done)));
}
void teardown(boost::beast::role_type, AnyStream& stream, boost::system::error_code& error);
void beast_close_socket(AnyStream& stream);

/// TLS 1.2 and up, verifying against the system's roots and `ca_file`. Errors: kTlsFailed.
base::Result<std::shared_ptr<asio::ssl::context>> make_client_tls(const std::string& ca_file);

/// Resolves, checks every address against the policy, connects to one that is permitted, and shakes hands
/// when the URL is secure. Errors: kUnreachable, kAddressRefused, kTlsFailed, kTimedOut.
runtime::Task<base::Result<AnyStream>> connect_stream(Url url, AddressPolicy addresses,
                                                      std::shared_ptr<asio::ssl::context> tls,
                                                      base::Duration timeout);

/// Throws operation_aborted when our task is being stopped: after a failed operation, before its error is
/// turned into a Result.
runtime::Task<void> pass_on_stop();

}  // namespace bandstand::http
