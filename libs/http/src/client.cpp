#include "http/client.hpp"

#include <sys/socket.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "any_stream.hpp"
#include "runtime/deadline.hpp"

namespace bandstand::http {
namespace {

using base::ErrorKind;
using boost::system::error_code;
namespace beast_http = boost::beast::http;
using BeastRequest = beast_http::request<beast_http::string_body>;

// One connection and what was read from it beyond the last answer.
struct Connection {
    AnyStream stream;
    std::shared_ptr<asio::ssl::context> tls;  // outlives the stream's session
    boost::beast::flat_buffer buffer{};
    std::chrono::steady_clock::time_point idle_since{};
    bool reused = false;
};
using ConnectionPtr = std::unique_ptr<Connection>;

base::Error explain(const error_code& error, const Url& url) {
    if (error == beast_http::error::body_limit || error == beast_http::error::header_limit) {
        return {ErrorKind::resource_exhausted, kTooLarge,
                base::join("the answer of", url.authority(), "is over the limit")};
    }
    if (error == asio::error::timed_out) {
        return {ErrorKind::deadline_exceeded, kTimedOut,
                base::join(url.authority(), "did not answer in time")};
    }
    const auto lost = error == asio::error::connection_reset || error == asio::error::broken_pipe ||
                      error == asio::error::eof || error == beast_http::error::end_of_stream;
    return {ErrorKind::unavailable, lost ? kUnreachable : kBadResponse,
            base::join("answer of", url.authority(), error.message())};
}

bool idempotent(std::string_view method) {
    return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" ||
           method == "OPTIONS";
}

// The other end may have closed an idle connection: then there is an end of file to read.
bool still_open(AnyStream& stream) {
    char byte = 0;
    const auto got = ::recv(stream.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

BeastRequest to_beast(const ClientRequest& request, const Url& url, const std::string& user_agent) {
    BeastRequest out;
    out.version(11);
    out.method_string(request.method);
    out.target(url.target);
    out.set(beast_http::field::host, url.authority());
    out.set(beast_http::field::user_agent, user_agent);
    for (const auto& [name, value] : request.headers) out.set(name, value);
    out.body() = request.body;
    const bool has_body = !request.body.empty() || request.method == "POST" || request.method == "PUT" ||
                          request.method == "PATCH";
    if (has_body) out.prepare_payload();
    return out;
}

template <class Message>
ClientResponse head_of(const Message& from) {
    ClientResponse response;
    response.status = static_cast<int>(from.result_int());
    for (const auto& field : from)
        response.headers.add(std::string{field.name_string()}, std::string{field.value()});
    return response;
}

bool is_redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

struct Client::State {
    State(runtime::Context process, ClientOptions chosen)
        : context{std::move(process)}, options{std::move(chosen)} {}

    runtime::Task<base::Result<ConnectionPtr>> acquire(Url url, bool fresh);
    void release(const Url& url, ConnectionPtr connection);
    runtime::Task<base::Result<ClientResponse>> exchange(Url url, ClientRequest request);
    runtime::Task<base::Result<ClientResponse>> attempt(Url url, BeastRequest request,
                                                        ConnectionPtr connection, bool& untouched);
    runtime::Task<base::Result<std::unique_ptr<BodyReader>>> open_once(Url url, ClientRequest request);

    runtime::Context context;
    ClientOptions options;
    std::shared_ptr<asio::ssl::context> tls{};
    std::map<std::string, std::vector<ConnectionPtr>> idle{};
};

struct BodyReader::State {
    ConnectionPtr connection;
    beast_http::response_parser<beast_http::buffer_body> parser{};
    ClientResponse head{};
    std::string url;
    Url parsed;
    base::Duration timeout{};
};

Client::Client(runtime::Context context, ClientOptions options)
    : state_{std::make_shared<State>(std::move(context), std::move(options))} {}
Client::~Client() = default;

runtime::Task<base::Result<ConnectionPtr>> Client::State::acquire(Url url, bool fresh) {
    const auto origin = url.scheme + "://" + url.authority();
    auto& waiting = idle[origin];
    while (!fresh && !waiting.empty()) {
        auto connection = std::move(waiting.back());
        waiting.pop_back();
        const auto age = std::chrono::steady_clock::now() - connection->idle_since;
        if (age < options.idle_timeout && still_open(connection->stream)) {
            connection->reused = true;
            co_return connection;
        }
    }
    if (url.secure() && !tls) {
        auto made = make_client_tls(options.ca_file);
        if (!made) co_return std::unexpected(std::move(made).error());
        tls = *std::move(made);
    }
    auto stream = co_await connect_stream(url, options.addresses, tls, options.connect_timeout);
    if (!stream) co_return std::unexpected(std::move(stream).error());
    co_return std::make_unique<Connection>(std::move(*stream), tls);
}

void Client::State::release(const Url& url, ConnectionPtr connection) {
    auto& waiting = idle[url.scheme + "://" + url.authority()];
    if (waiting.size() >= options.max_idle_per_origin) return;
    connection->idle_since = std::chrono::steady_clock::now();
    waiting.push_back(std::move(connection));
}

// `untouched` says that the connection died before the first byte of an answer: the request may be sent
// again.
runtime::Task<base::Result<ClientResponse>> Client::State::attempt(Url url, BeastRequest request,
                                                                   ConnectionPtr connection,
                                                                   bool& untouched) {
    error_code error;
    beast_http::response_parser<beast_http::string_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(options.max_header_bytes));
    parser.body_limit(options.max_body_bytes);
    if (request.method() == beast_http::verb::head) parser.skip(true);
    co_await beast_http::async_write(connection->stream, request,
                                     asio::redirect_error(asio::use_awaitable, error));
    if (!error) {
        co_await beast_http::async_read(connection->stream, connection->buffer, parser,
                                        asio::redirect_error(asio::use_awaitable, error));
    }
    if (error) {
        co_await pass_on_stop();
        untouched = !parser.got_some() && connection->reused;
        co_return std::unexpected(explain(error, url));
    }
    auto response = head_of(parser.get());
    response.body = std::move(parser.get().body());
    if (parser.get().keep_alive()) release(url, std::move(connection));
    co_return response;
}

runtime::Task<base::Result<ClientResponse>> Client::State::exchange(Url url, ClientRequest request) {
    for (const bool fresh : {false, true}) {
        auto connection = co_await acquire(url, fresh);
        if (!connection) co_return std::unexpected(std::move(connection).error());
        bool untouched = false;
        auto response = co_await attempt(url, to_beast(request, url, options.user_agent),
                                         std::move(*connection), untouched);
        if (response || !untouched || !idempotent(request.method)) co_return response;
    }
    std::unreachable();  // a fresh connection is never "untouched"
}

runtime::Task<base::Result<ClientResponse>> Client::send(ClientRequest request) {
    const auto state = state_;
    auto url = Url::parse(request.url);
    if (!url) co_return std::unexpected(std::move(url).error());
    auto response =
        co_await runtime::within(state->options.total_timeout, state->exchange(*url, std::move(request)));
    if (!response && response.error().reason() == runtime::kDeadlineExceeded) {
        co_return base::fail(ErrorKind::deadline_exceeded, kTimedOut, url->authority(),
                             "did not answer in time");
    }
    co_return response;
}

runtime::Task<base::Result<std::unique_ptr<BodyReader>>> Client::State::open_once(Url url,
                                                                                  ClientRequest request) {
    auto connection = co_await acquire(url, true);
    if (!connection) co_return std::unexpected(std::move(connection).error());
    auto reader = std::make_unique<BodyReader::State>();
    reader->connection = std::move(*connection);
    reader->url = url.text();
    reader->parsed = url;
    reader->timeout = options.total_timeout;
    reader->parser.header_limit(static_cast<std::uint32_t>(options.max_header_bytes));
    reader->parser.body_limit(boost::none);
    const auto out = to_beast(request, url, options.user_agent);
    error_code error;
    co_await beast_http::async_write(reader->connection->stream, out,
                                     asio::redirect_error(asio::use_awaitable, error));
    if (!error) {
        co_await beast_http::async_read_header(reader->connection->stream, reader->connection->buffer,
                                               reader->parser,
                                               asio::redirect_error(asio::use_awaitable, error));
    }
    if (error) {
        co_await pass_on_stop();
        co_return std::unexpected(explain(error, url));
    }
    reader->head = head_of(reader->parser.get());
    co_return std::make_unique<BodyReader>(std::move(reader));
}

runtime::Task<base::Result<std::unique_ptr<BodyReader>>> Client::open(ClientRequest request,
                                                                      RedirectPolicy redirects) {
    const auto state = state_;
    auto url = Url::parse(request.url);
    if (!url) co_return std::unexpected(std::move(url).error());
    for (int followed = 0;; ++followed) {
        auto reader = co_await runtime::within(state->options.total_timeout, state->open_once(*url, request));
        if (!reader && reader.error().reason() == runtime::kDeadlineExceeded) {
            co_return base::fail(ErrorKind::deadline_exceeded, kTimedOut, url->authority(),
                                 "did not answer in time");
        }
        if (!reader || !is_redirect((*reader)->head().status)) co_return reader;
        const auto location = (*reader)->head().headers.get("Location");
        if (!location)
            co_return base::fail(ErrorKind::unavailable, kBadResponse, url->authority(),
                                 "redirects to nowhere");
        if (followed == redirects.max) {
            co_return base::fail(ErrorKind::failed_precondition, kTooManyRedirects, "more than",
                                 redirects.max, "redirects");
        }
        auto next = url->resolve(*location);
        if (!next) co_return std::unexpected(std::move(next).error().during("follow a redirect"));
        url = std::move(next);
    }
}

BodyReader::BodyReader(std::unique_ptr<State> state) : state_{std::move(state)} {}
BodyReader::~BodyReader() = default;
const ClientResponse& BodyReader::head() const {
    return state_->head;
}
const std::string& BodyReader::final_url() const {
    return state_->url;
}

namespace {

runtime::Task<base::Result<std::size_t>> read_some(BodyReader::State& state, base::MutableBytes out);

}  // namespace

runtime::Task<base::Result<std::size_t>> BodyReader::read(base::MutableBytes out) {
    auto got = co_await runtime::within(state_->timeout, read_some(*state_, out));
    if (!got && got.error().reason() == runtime::kDeadlineExceeded) {
        co_return base::fail(ErrorKind::deadline_exceeded, kTimedOut, state_->parsed.authority(),
                             "stopped sending");
    }
    co_return got;
}

namespace {

runtime::Task<base::Result<std::size_t>> read_some(BodyReader::State& state, base::MutableBytes out) {
    auto& body = state.parser.get().body();
    while (!state.parser.is_done()) {
        body.data = out.data();
        body.size = out.size();
        error_code error;
        co_await beast_http::async_read_some(state.connection->stream, state.connection->buffer, state.parser,
                                             asio::redirect_error(asio::use_awaitable, error));
        if (error && error != beast_http::error::need_buffer) {
            co_await pass_on_stop();
            // An answer without a length ends with its connection; any other end is an answer cut off.
            if (error == beast_http::error::end_of_stream && state.parser.is_done()) break;
            co_return std::unexpected(explain(error, state.parsed));
        }
        if (const auto got = out.size() - body.size; got > 0) co_return got;
    }
    co_return std::size_t{0};
}

}  // namespace

}  // namespace bandstand::http
