#include "postgres/pool.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/assert.hpp"
#include "listener.hpp"
#include "pool_state.hpp"

namespace bandstand::postgres {

/// A place in the queue for a connection; whoever leaves it, in whatever way, lets the next one look.
class Pool::State::Place {
public:
    explicit Place(State& of)
        : state_{of}, where_{of.waiting_.emplace(of.waiting_.end(), of.context.executor())} {
        where_->expires_after(of.options.acquire_timeout);
    }
    ~Place() {
        state_.waiting_.erase(where_);
        state_.wake_first();
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    bool is_first() const { return where_ == state_.waiting_.begin(); }
    bool expired() const { return where_->expiry() <= std::chrono::steady_clock::now(); }
    runtime::Task<void> woken() {
        boost::system::error_code ignored;
        co_await where_->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }

private:
    State& state_;
    std::list<asio::steady_timer>::iterator where_;
};

Pool::State::State(runtime::Context process, PoolOptions settings)
    : context{std::move(process)}, options{std::move(settings)} {}

void Pool::State::wake_first() {
    if (!waiting_.empty() && can_serve()) waiting_.front().cancel();
}

runtime::Task<base::Result<void>> Pool::State::wait_for_turn() {
    if (waiting_.empty() && can_serve()) co_return base::ok();
    if (waiting_.size() >= options.max_waiting) {
        co_return base::fail(base::ErrorKind::unavailable, kBusy, waiting_.size(), "callers wait already");
    }
    Place place{*this};
    while (!place.is_first() || !can_serve()) {
        if (place.expired()) {
            co_return base::fail(base::ErrorKind::unavailable, kBusy, "no free connection, all", options.size,
                                 "are in use");
        }
        co_await place.woken();
    }
    co_return base::ok();
}

runtime::Task<base::Result<std::unique_ptr<Connection>>> Pool::State::take_or_open() {
    auto turn = co_await wait_for_turn();
    if (!turn) co_return std::unexpected(std::move(turn).error());
    while (!idle.empty()) {
        auto connection = std::move(idle.back());
        idle.pop_back();
        if (connection->alive()) co_return connection;
        --open;
    }
    // Counted while it opens, so that others keep to the size; not any more if that fails or is stopped.
    struct Opening {
        State* state;
        ~Opening() {
            if (state != nullptr) state->forget_one();
        }
    } opening{this};
    ++open;
    auto connection = co_await Connection::open(context, options);
    if (connection) opening.state = nullptr;
    co_return connection;
}

runtime::Task<base::Result<std::shared_ptr<Connection>>> Pool::State::acquire() {
    auto self = shared_from_this();
    auto taken = co_await take_or_open();
    if (!taken && taken.error().reason() == kBusy) co_return std::unexpected(std::move(taken).error());
    if (!taken) {
        note(std::unexpected(taken.error()));
        co_return std::unexpected(std::move(taken).error());
    }
    note(base::ok());
    co_return std::shared_ptr<Connection>{
        taken->release(), [self](Connection* used) { self->give_back(std::unique_ptr<Connection>{used}); }};
}

void Pool::State::note(const base::Result<void>& reached) {
    if (reached.has_value() == reachable) return;
    reachable = reached.has_value();
    if (reachable) {
        context.observer().log().info("postgres_available");
    } else {
        context.observer().log().warn("postgres_unavailable", {{"detail", reached.error().detail()}});
    }
}

void Pool::State::put_idle(std::unique_ptr<Connection> connection) {
    idle.push_back(std::move(connection));
    wake_first();
}

void Pool::State::forget_one() {
    --open;
    wake_first();
}

void Pool::State::give_back(std::unique_ptr<Connection> connection) {
    connection->begin(false);
    if (!closed && connection->clean()) return put_idle(std::move(connection));
    if (closed || !connection->can_roll_back() || context.loop().stopped()) return forget_one();
    // A transaction was left without commit: its locks must not wait for the next user of the connection.
    const auto roll_back = [](std::shared_ptr<State> self,
                              std::unique_ptr<Connection> left) -> runtime::Task<void> {
        const auto done = co_await left->roll_back();
        if (done && left->clean() && !self->closed) {
            self->put_idle(std::move(left));
        } else {
            self->forget_one();
        }
    };
    asio::co_spawn(context.executor(), roll_back(shared_from_this(), std::move(connection)),
                   [](const std::exception_ptr&) {});
}

void Pool::State::close() {
    closed = true;
    idle.clear();
    if (listener) listener->close();
}

Pool::Pool(runtime::Context context, PoolOptions options)
    : state_{std::make_shared<State>(std::move(context), std::move(options))} {
    BASE_ASSERT(state_->options.size > 0);
    state_->listener = std::make_shared<Listener>(*state_);
}

Pool::~Pool() {
    state_->close();
}

const PoolOptions& Pool::options() const {
    return state_->options;
}
bool Pool::reachable() const {
    return state_->reachable;
}

runtime::Task<base::Result<Transaction>> Pool::begin() {
    auto connection = co_await state_->acquire();
    if (!connection) co_return std::unexpected(std::move(connection).error().during("begin"));
    (*connection)->begin();
    co_return Transaction{std::move(*connection)};
}

runtime::Task<base::Result<std::vector<Rows>>> Pool::execute(Batch batch) {
    auto connection = co_await state_->acquire();
    if (!connection) co_return std::unexpected(std::move(connection).error());
    co_return co_await (*connection)->run(std::move(batch));
}

runtime::Task<base::Result<Rows>> Pool::run_one(Statement statement, Params params) {
    Batch batch;
    batch.calls().push_back({statement, std::move(params)});
    auto rows = co_await execute(std::move(batch));
    if (!rows) co_return std::unexpected(std::move(rows).error());
    co_return std::move(rows->front());
}

std::shared_ptr<void> Pool::listen(std::string channel, std::function<void(std::string_view)> callback) {
    return state_->listener->add(std::move(channel), std::move(callback));
}

runtime::Task<base::Result<std::vector<Rows>>> Transaction::execute(Batch batch) {
    co_return co_await connection_->run(std::move(batch));
}

runtime::Task<base::Result<Rows>> Transaction::run_one(Statement statement, Params params) {
    Batch batch;
    batch.calls().push_back({statement, std::move(params)});
    auto rows = co_await connection_->run(std::move(batch));
    if (!rows) co_return std::unexpected(std::move(rows).error());
    co_return std::move(rows->front());
}

runtime::Task<base::Result<void>> Transaction::script(std::string sql) {
    co_return co_await connection_->script(std::move(sql));
}

runtime::Task<base::Result<void>> Transaction::commit() {
    auto done = co_await connection_->commit();
    connection_.reset();
    co_return done;
}

}  // namespace bandstand::postgres
