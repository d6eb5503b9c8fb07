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
    boost::beast::flat_buffer buffer{};
    std::chrono::steady_clock::time_point idle_since{};
    bool reused = false;
};
using ConnectionPtr = std::unique_ptr<Connection>;

std::string origin_of(const Url& url) {
    return url.scheme + "://" + url.authority();
}

base::Result<Url> parse_http_url(std::string_view text) {
    auto url = Url::parse(text);
    if (url && url->scheme != "http" && url->scheme != "https") {
        return base::fail(ErrorKind::invalid_argument, kBadUrl, "only http and https can be fetched");
    }
    return url;
}

base::Result<Url> check(const ClientRequest& request) {
    const Headers method{{request.method, ""}};  // a method is a token, as a field name is
    if (!method.valid() || !request.headers.valid()) {
        return base::fail(ErrorKind::invalid_argument, kBadRequest,
                          "the method or a header field is malformed");
    }
    return parse_http_url(request.url);
}

base::Result<Url> redirect_target(const Url& from, const ClientResponse& answer) {
    const auto location = answer.headers.get("Location");
    if (!location) {
        return base::fail(ErrorKind::unavailable, kBadResponse, from.authority(), "redirects to nowhere");
    }
    auto next = from.resolve(*location);
    return next ? parse_http_url(next->text()) : next;
}

// The deadline's own error, told in terms of who kept us waiting.
template <class T>
base::Result<T> name_timeout(base::Result<T> result, const Url& url, std::string_view what) {
    if (result || result.error().reason() != runtime::kDeadlineExceeded) return result;
    return base::fail(ErrorKind::deadline_exceeded, kTimedOut, url.authority(), what);
}

base::Error explain(const error_code& error, const Url& url) {
    if (error == beast_http::error::body_limit || error == beast_http::error::header_limit) {
        return {ErrorKind::resource_exhausted, kTooLarge,
                base::join("the answer of", url.authority(), "is over the limit")};
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
    for (const auto& field : from) {
        response.headers.add(std::string{field.name_string()}, std::string{field.value()});
    }
    return response;
}

bool is_redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

struct Client::State {
    runtime::Task<base::Result<ConnectionPtr>> connect(Url url);
    ConnectionPtr take_idle(const Url& url);
    void release(const Url& url, ConnectionPtr connection);
    runtime::Task<base::Result<ClientResponse>> exchange(Url url, ClientRequest request);
    runtime::Task<base::Result<ClientResponse>> attempt(Url url, BeastRequest request,
                                                        ConnectionPtr connection, bool& untouched);
    runtime::Task<base::Result<std::unique_ptr<BodyReader>>> open_once(Url url, ClientRequest request);

    ClientOptions options;
    std::shared_ptr<asio::ssl::context> tls{};
    std::map<std::string, std::vector<ConnectionPtr>> idle{};  // by origin, the most recently used last
};

struct BodyReader::State {
    runtime::Task<base::Result<std::size_t>> read_some(base::MutableBytes out);

    ConnectionPtr connection;
    beast_http::response_parser<beast_http::buffer_body> parser{};
    ClientResponse head{};
    Url url;
    std::string final_url;
    base::Duration timeout;
};

Client::Client(runtime::Context, ClientOptions options)
    : state_{std::make_shared<State>(State{.options = std::move(options)})} {}
Client::~Client() = default;

runtime::Task<base::Result<ConnectionPtr>> Client::State::connect(Url url) {
    if (url.secure() && !tls) {
        auto made = make_client_tls(options.ca_file);
        if (!made) co_return std::unexpected(std::move(made).error());
        tls = *std::move(made);
    }
    auto stream = co_await connect_stream(url, options.addresses, tls, options.connect_timeout);
    if (!stream) co_return std::unexpected(std::move(stream).error());
    co_return std::make_unique<Connection>(*std::move(stream));
}

ConnectionPtr Client::State::take_idle(const Url& url) {
    const auto waiting = idle.find(origin_of(url));
    if (waiting == idle.end()) return nullptr;
    while (!waiting->second.empty()) {
        auto connection = std::move(waiting->second.back());
        waiting->second.pop_back();
        const auto age = std::chrono::steady_clock::now() - connection->idle_since;
        if (age >= options.idle_timeout || !still_open(connection->stream)) continue;
        connection->reused = true;
        return connection;
    }
    return nullptr;
}

void Client::State::release(const Url& url, ConnectionPtr connection) {
    const auto now = std::chrono::steady_clock::now();
    connection->idle_since = now;
    auto& waiting = idle[origin_of(url)];
    if (waiting.size() < options.max_idle_per_origin) waiting.push_back(std::move(connection));
    for (auto& [origin, connections] : idle) {
        std::erase_if(connections, [&](const ConnectionPtr& one) {
            return now - one->idle_since >= options.idle_timeout;
        });
    }
    std::erase_if(idle, [](const auto& entry) { return entry.second.empty(); });
}

// `untouched` says that a kept connection died before the first byte of an answer: the request may go again.
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
    const bool reusable = parser.keep_alive() && connection->buffer.size() == 0;
    if (reusable) release(url, std::move(connection));
    co_return response;
}

runtime::Task<base::Result<ClientResponse>> Client::State::exchange(Url url, ClientRequest request) {
    const auto message = to_beast(request, url, options.user_agent);
    bool untouched = false;
    if (auto kept = take_idle(url)) {
        auto response = co_await attempt(url, message, std::move(kept), untouched);
        if (response || !untouched || !idempotent(request.method)) co_return response;
    }
    auto connection = co_await connect(url);
    if (!connection) co_return std::unexpected(std::move(connection).error());
    co_return co_await attempt(url, message, *std::move(connection), untouched);
}

runtime::Task<base::Result<ClientResponse>> Client::send(ClientRequest request) {
    const auto state = state_;
    auto url = check(request);
    if (!url) co_return std::unexpected(std::move(url).error());
    auto response =
        co_await runtime::within(state->options.total_timeout, state->exchange(*url, std::move(request)));
    co_return name_timeout(std::move(response), *url, "did not answer in time");
}

runtime::Task<base::Result<std::unique_ptr<BodyReader>>> Client::State::open_once(Url url,
                                                                                  ClientRequest request) {
    auto connection = co_await connect(url);
    if (!connection) co_return std::unexpected(std::move(connection).error());
    std::unique_ptr<BodyReader::State> reader{new BodyReader::State{.connection = *std::move(connection),
                                                                    .url = url,
                                                                    .final_url = url.text(),
                                                                    .timeout = options.total_timeout}};
    reader->parser.header_limit(static_cast<std::uint32_t>(options.max_header_bytes));
    reader->parser.body_limit(boost::none);
    const auto message = to_beast(request, url, options.user_agent);
    if (message.method() == beast_http::verb::head) reader->parser.skip(true);
    auto& stream = reader->connection->stream;
    error_code error;
    co_await beast_http::async_write(stream, message, asio::redirect_error(asio::use_awaitable, error));
    if (!error) {
        co_await beast_http::async_read_header(stream, reader->connection->buffer, reader->parser,
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
    auto url = check(request);
    if (!url) co_return std::unexpected(std::move(url).error());
    for (int followed = 0;; ++followed) {
        auto opened = co_await runtime::within(state->options.total_timeout, state->open_once(*url, request));
        auto reader = name_timeout(std::move(opened), *url, "did not answer in time");
        if (!reader || request.method != "GET" || !is_redirect((*reader)->head().status)) co_return reader;
        if (followed == redirects.max) {
            co_return base::fail(ErrorKind::failed_precondition, kTooManyRedirects, "more than",
                                 redirects.max);
        }
        auto next = redirect_target(*url, (*reader)->head());
        if (!next) co_return std::unexpected(std::move(next).error().during("follow a redirect"));
        if (origin_of(*next) != origin_of(*url)) {
            request.headers.remove("Authorization");
            request.headers.remove("Cookie");
        }
        url = std::move(next);
    }
}

BodyReader::BodyReader(std::unique_ptr<State> state) : state_{std::move(state)} {}
BodyReader::~BodyReader() = default;
const ClientResponse& BodyReader::head() const {
    return state_->head;
}
const std::string& BodyReader::final_url() const {
    return state_->final_url;
}

runtime::Task<base::Result<std::size_t>> BodyReader::read(base::MutableBytes out) {
    auto got = co_await runtime::within(state_->timeout, state_->read_some(out));
    co_return name_timeout(std::move(got), state_->url, "stopped sending");
}

runtime::Task<base::Result<std::size_t>> BodyReader::State::read_some(base::MutableBytes out) {
    auto& body = parser.get().body();
    while (!parser.is_done()) {
        body.data = out.data();
        body.size = out.size();
        error_code error;
        co_await beast_http::async_read_some(connection->stream, connection->buffer, parser,
                                             asio::redirect_error(asio::use_awaitable, error));
        if (error && error != beast_http::error::need_buffer) {
            co_await pass_on_stop();
            co_return std::unexpected(explain(error, url));
        }
        if (const auto got = out.size() - body.size; got > 0) co_return got;
    }
    co_return std::size_t{0};
}

}  // namespace bandstand::http
