#include "connection.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <utility>

#include "connect_options.hpp"
#include "sqlstate.hpp"

namespace bandstand::postgres {
namespace {

using Wait = asio::posix::descriptor_base;
using Keywords = std::map<std::string, std::string>;

// A migration may rewrite a table.
constexpr base::Duration kScriptLimit = std::chrono::minutes{15};

constexpr Statement kBegin{"", "BEGIN"};
constexpr Statement kCommit{"", "COMMIT"};
constexpr Statement kRollBack{"", "ROLLBACK"};

std::string one_line(std::string_view text) {
    std::string line{text};
    for (auto& c : line) {
        if (c == '\n' || c == '\t') c = ' ';
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

std::string_view field(const PGresult* result, int code) {
    const char* text = PQresultErrorField(result, code);
    return text == nullptr ? std::string_view{} : text;
}

// The primary message quotes identifiers, and a bad literal at most; DETAIL would quote whole rows.
base::Error to_error(const PGresult* result, std::string_view statement) {
    const auto sqlstate = field(result, PG_DIAG_SQLSTATE);
    const auto [kind, reason] = classify(sqlstate);
    auto detail = base::join(statement.empty() ? "statement" : statement, "failed:",
                             sqlstate.empty() ? one_line(PQresultErrorMessage(result))
                                              : one_line(field(result, PG_DIAG_MESSAGE_PRIMARY)));
    if (!sqlstate.empty()) detail += base::join(" (SQLSTATE", sqlstate) + ')';
    return base::Error{kind, reason, std::move(detail)};
}

bool has_nul_in_text(const Batch::Call& call) {
    for (const auto& value : call.params.values()) {
        if (!value.binary && value.data && value.data->find('\0') != std::string::npos) return true;
    }
    return false;
}

// libpq would resolve the name while connecting, and block the loop.
runtime::Task<base::Result<void>> resolve_host(runtime::Context context, Keywords& keywords) {
    const auto host = keywords["host"];
    boost::system::error_code error;
    asio::ip::make_address(host, error);
    const bool is_a_name = !host.empty() && !host.starts_with('/') && error && !host.contains(',');
    if (!is_a_name || keywords.contains("hostaddr")) co_return base::ok();
    asio::ip::tcp::resolver resolver{context.executor()};
    const auto found =
        co_await resolver.async_resolve(host, "", asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) throw boost::system::system_error{error};
    if (error) {
        co_return base::fail(base::ErrorKind::unavailable, kUnavailable, "resolve", host + ':',
                             error.message());
    }
    std::string names;
    std::string addresses;
    for (const auto& entry : found) {
        names += (names.empty() ? "" : ",") + host;
        addresses += (addresses.empty() ? "" : ",") + entry.endpoint().address().to_string();
    }
    keywords["host"] = names;
    keywords["hostaddr"] = addresses;
    co_return base::ok();
}

PGconn* start_connecting(const Keywords& keywords) {
    std::vector<const char*> names;
    std::vector<const char*> values;
    for (const auto& [name, value] : keywords) {
        names.push_back(name.c_str());
        values.push_back(value.c_str());
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
    return PQconnectStartParams(names.data(), values.data(), 0);
}

}  // namespace

/// Marks the connection as in use and bounds the exchange; only done() says that it ended whole.
struct Connection::Exchange {
    Exchange(Connection& of, base::Duration limit) : connection{of} {
        connection.exchanging_ = true;
        connection.timed_out_ = false;
        connection.alarm_.expires_after(limit);
        connection.alarm_.async_wait(
            [weak = std::weak_ptr{of.self_}](const boost::system::error_code& error) {
                const auto self = weak.lock();
                if (error || !self) return;
                auto& late = **self;
                if (late.alarm_.expiry() > std::chrono::steady_clock::now()) return;  // set anew meanwhile
                late.timed_out_ = true;
                late.socket_.cancel();
            });
    }
    ~Exchange() { connection.alarm_.expires_at(asio::steady_timer::time_point::max()); }
    void done() const { connection.exchanging_ = false; }

    Connection& connection;
};

Connection::Connection(const runtime::Context& context, base::Duration exchange_limit)
    : socket_{context.executor()}, alarm_{context.executor()}, exchange_limit_{exchange_limit} {}

Connection::~Connection() {
    if (socket_.is_open()) socket_.release();  // libpq closes the socket itself
    PQfinish(link_);
}

runtime::Task<base::Result<std::unique_ptr<Connection>>> Connection::open(runtime::Context context,
                                                                          PoolOptions options) {
    auto keywords = connect_keywords(options);
    if (!keywords) co_return std::unexpected(std::move(keywords).error());
    auto resolved = co_await resolve_host(context, *keywords);
    if (!resolved) co_return std::unexpected(std::move(resolved).error());
    // The server ends a statement that is late; the margin is for its answer.
    const auto limit = 2 * options.statement_timeout + std::chrono::seconds{1};
    auto connection = std::make_unique<Connection>(context, limit);
    connection->link_ = start_connecting(*keywords);
    const Exchange exchange{*connection, options.connect_timeout};
    auto connected = co_await connection->connect();
    if (!connected) co_return std::unexpected(std::move(connected).error().during("connect to the database"));
    exchange.done();
    co_return connection;
}

runtime::Task<base::Result<void>> Connection::connect() {
    if (link_ == nullptr || PQstatus(link_) == CONNECTION_BAD) co_return lost();
    PQsetNoticeProcessor(link_, [](void*, const char*) {}, nullptr);
    auto next = PGRES_POLLING_WRITING;
    while (next != PGRES_POLLING_OK) {
        if (next == PGRES_POLLING_FAILED) co_return lost();
        socket_.assign(PQsocket(link_));
        auto ready = co_await wait(next == PGRES_POLLING_READING ? Wait::wait_read : Wait::wait_write);
        if (!ready) co_return ready;
        socket_.release();  // a poll may close the socket and open another
        next = PQconnectPoll(link_);
    }
    socket_.assign(PQsocket(link_));
    if (PQsetnonblocking(link_, 1) != 0 || PQenterPipelineMode(link_) == 0) co_return lost();
    co_return base::ok();
}

std::unexpected<base::Error> Connection::lost() const {
    return base::fail(base::ErrorKind::unavailable, kUnavailable,
                      link_ == nullptr ? std::string{"out of memory"} : one_line(PQerrorMessage(link_)));
}

runtime::Task<base::Result<void>> Connection::wait(Wait::wait_type what) {
    boost::system::error_code error;
    co_await socket_.async_wait(what, asio::redirect_error(asio::use_awaitable, error));
    if (!error) co_return base::ok();
    if (timed_out_) {
        co_return base::fail(base::ErrorKind::deadline_exceeded, kTimeout, "the database does not answer");
    }
    if (interrupted_) co_return base::ok();
    if (error == asio::error::operation_aborted) throw boost::system::system_error{error};
    co_return base::fail(base::ErrorKind::unavailable, kUnavailable, error.message());
}

// The server stops reading while nobody reads its answers, so a long pipeline must do both.
runtime::Task<base::Result<void>> Connection::wait_either_way() {
    using namespace asio::experimental::awaitable_operators;
    auto first = co_await (wait(Wait::wait_write) || wait(Wait::wait_read));
    auto& ready = first.index() == 0 ? std::get<0>(first) : std::get<1>(first);
    if (ready && PQconsumeInput(link_) == 0) co_return lost();
    co_return std::move(ready);
}

runtime::Task<base::Result<void>> Connection::flush() {
    while (true) {
        const int left = PQflush(link_);
        if (left < 0) co_return lost();
        if (left == 0) co_return base::ok();
        auto ready = co_await wait_either_way();
        if (!ready) co_return ready;
    }
}

runtime::Task<base::Result<ResultPtr>> Connection::next_result() {
    while (PQisBusy(link_) != 0) {
        auto ready = co_await wait(Wait::wait_read);
        if (!ready) co_return std::unexpected(std::move(ready).error());
        if (PQconsumeInput(link_) == 0) co_return lost();
    }
    co_return ResultPtr{PQgetResult(link_)};
}

bool Connection::enqueue_call(const Batch::Call& call) {
    const auto& params = call.params.values();
    std::vector<const char*> data;
    std::vector<int> lengths;
    std::vector<int> formats;
    for (const auto& value : params) {
        data.push_back(value.data ? value.data->c_str() : nullptr);
        lengths.push_back(value.data ? static_cast<int>(value.data->size()) : 0);
        formats.push_back(value.binary ? 1 : 0);
    }
    const int count = static_cast<int>(params.size());
    if (call.statement.name.empty()) {
        return PQsendQueryParams(link_, std::string{call.statement.sql}.c_str(), count, nullptr, data.data(),
                                 lengths.data(), formats.data(), 1) == 1;
    }
    return PQsendQueryPrepared(link_, std::string{call.statement.name}.c_str(), count, data.data(),
                               lengths.data(), formats.data(), 1) == 1;
}

base::Result<std::vector<Connection::Expected>> Connection::enqueue(Batch& batch) {
    std::vector<Expected> expected;
    std::set<std::string_view> preparing;
    if (std::exchange(begin_pending_, false)) {
        if (!enqueue_call({kBegin, {}})) return lost();
        expected.push_back({});
    }
    for (const auto& call : batch.calls()) {
        const auto [name, sql] = call.statement;
        if (!name.empty() && !prepared_.contains(name) && preparing.insert(name).second) {
            if (PQsendPrepare(link_, std::string{name}.c_str(), std::string{sql}.c_str(), 0, nullptr) == 0) {
                return lost();
            }
            expected.push_back({.statement = name, .prepares = true});
        }
        if (!enqueue_call(call)) return lost();
        expected.push_back({.statement = name, .wanted = true});
    }
    if (PQpipelineSync(link_) == 0) return lost();
    return expected;
}

runtime::Task<base::Result<std::vector<Rows>>> Connection::collect(std::vector<Expected> expected) {
    std::vector<Rows> wanted;
    std::optional<base::Error> failure;
    for (const auto& expect : expected) {
        auto result = co_await next_result();
        if (!result) co_return std::unexpected(failure ? *failure : std::move(result).error());
        if (*result == nullptr) co_return lost();
        const auto status = PQresultStatus(result->get());
        if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
            if (expect.prepares) prepared_.insert(expect.statement);
            if (expect.wanted) wanted.emplace_back(std::make_shared<Rows::Data>(std::move(*result)));
        } else if (status != PGRES_PIPELINE_ABORTED && !failure) {
            failure = to_error(result->get(), expect.statement);
        }
        if (PQstatus(link_) == CONNECTION_BAD) co_return std::unexpected(failure ? *failure : lost().error());
        auto end = co_await next_result();  // each statement's results end with a null one
        if (!end) co_return std::unexpected(failure ? *failure : std::move(end).error());
    }
    auto sync = co_await next_result();
    if (!sync) co_return std::unexpected(failure ? *failure : std::move(sync).error());
    if (PQresultStatus(sync->get()) != PGRES_PIPELINE_SYNC) {
        co_return std::unexpected(failure ? *failure : lost().error());
    }
    exchanging_ = false;
    if (failure) co_return std::unexpected(*std::move(failure));
    co_return wanted;
}

runtime::Task<base::Result<std::vector<Rows>>> Connection::run(Batch batch) {
    for (const auto& call : batch.calls()) {
        if (has_nul_in_text(call)) {
            co_return base::fail(base::ErrorKind::invalid_argument, kBadValue, call.statement.name,
                                 "an argument of type text contains a NUL character");
        }
    }
    const Exchange exchange{*this, exchange_limit_};
    auto expected = enqueue(batch);
    if (!expected) co_return std::unexpected(std::move(expected).error());
    auto sent = co_await flush();
    if (!sent) co_return std::unexpected(std::move(sent).error());
    co_return co_await collect(std::move(*expected));
}

runtime::Task<base::Result<void>> Connection::script(std::string sql) {
    auto begun = co_await run({});
    if (!begun) co_return std::unexpected(std::move(begun).error());
    const Exchange exchange{*this, kScriptLimit};
    // Only the simple protocol takes several statements in one text, and a pipeline does not allow it.
    if (PQexitPipelineMode(link_) == 0 || PQsendQuery(link_, sql.c_str()) == 0) co_return lost();
    auto sent = co_await flush();
    if (!sent) co_return sent;
    auto result = co_await collect_script();
    if (PQstatus(link_) == CONNECTION_BAD || PQenterPipelineMode(link_) == 0) co_return lost();
    exchange.done();
    co_return result;
}

runtime::Task<base::Result<void>> Connection::collect_script() {
    base::Result<void> outcome;
    while (true) {
        auto result = co_await next_result();
        if (!result) co_return std::unexpected(std::move(result).error());
        if (*result == nullptr) co_return outcome;
        const auto status = PQresultStatus(result->get());
        if (status == PGRES_FATAL_ERROR && outcome)
            outcome = std::unexpected(to_error(result->get(), "script"));
    }
}

runtime::Task<base::Result<void>> Connection::commit() {
    if (std::exchange(begin_pending_, false)) co_return base::ok();  // it never began
    if (PQtransactionStatus(link_) == PQTRANS_INERROR) {
        co_return base::fail(base::ErrorKind::failed_precondition, kRolledBack,
                             "a statement of this transaction had failed");
    }
    Batch batch;
    batch.add(kCommit);
    auto done = co_await run(std::move(batch));
    if (!done) co_return std::unexpected(std::move(done).error().during("commit"));
    co_return base::ok();
}

runtime::Task<base::Result<void>> Connection::roll_back() {
    Batch batch;
    batch.add(kRollBack);
    auto done = co_await run(std::move(batch));
    if (!done) co_return std::unexpected(std::move(done).error().during("roll back"));
    co_return base::ok();
}

bool Connection::alive() {
    // The first call may read the server's farewell, the second then sees the end of the stream.
    return PQstatus(link_) == CONNECTION_OK && PQconsumeInput(link_) == 1 && PQisBusy(link_) == 0 &&
           PQconsumeInput(link_) == 1;
}

bool Connection::clean() const {
    return !exchanging_ && PQstatus(link_) == CONNECTION_OK && PQtransactionStatus(link_) == PQTRANS_IDLE;
}

runtime::Task<base::Result<Connection::Notification>> Connection::next_notification() {
    while (true) {
        const std::unique_ptr<PGnotify, decltype(&PQfreemem)> found{PQnotifies(link_), &PQfreemem};
        if (found) co_return Notification{.channel = found->relname, .payload = found->extra};
        if (std::exchange(interrupted_, false)) co_return Notification{};
        auto ready = co_await wait(Wait::wait_read);
        if (!ready) co_return std::unexpected(std::move(ready).error());
        if (PQconsumeInput(link_) == 0) co_return lost();
    }
}

void Connection::interrupt() {
    interrupted_ = true;
    socket_.cancel();
}

}  // namespace bandstand::postgres
