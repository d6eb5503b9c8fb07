// The PostgreSQL log against a private server without fsync: what the code costs, not what the disk costs.

#include <benchmark/benchmark.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <ctime>
#include <functional>

#include "messaging/bus.hpp"
#include "postgres/testing.hpp"
#include "runtime/task_group.hpp"

namespace bandstand::messaging {
namespace {

using runtime::Context;
using runtime::Task;

const TopicSpec kTopic{.name = "bench.songs.v1", .partitions = 16};

Message message_of(int number) {
    return {.key = std::to_string(number % 1000),
            .payload = std::string(300, 'x'),
            .event_id = std::to_string(number)};
}

/// Counts, and wakes who waits for a count.
class Counter final : public Handler {
public:
    explicit Counter(const Context& context)
        : changed_{context.executor(), asio::steady_timer::time_point::max()} {}
    Task<base::Result<void>> handle(Delivery) override {
        ++count;
        changed_.cancel();
        co_return base::ok();
    }
    Task<void> until(std::int64_t wanted) {
        while (count < wanted) {
            boost::system::error_code ignored;
            co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
    }
    std::int64_t count = 0;

private:
    asio::steady_timer changed_;
};

struct Parts {
    explicit Parts(const Context& process)
        : context{process},
          pool{process, {.url = postgres::testing::PrivatePostgres::instance().fresh_database(), .size = 8}},
          bus{make_postgres_bus(process, pool)},
          counter{process} {}
    Context context;
    postgres::Pool pool;
    std::unique_ptr<Bus> bus;
    Counter counter;
    int published = 0;
};

/// Runs `story` on a loop of its own.
void play(const std::function<Task<void>(Parts&)>& story) {
    asio::io_context loop{1};
    observe::Observer observer{{.service = "bench", .level = observe::Level::error}};
    const Context context{loop, {}, observer, base::system_clock()};
    asio::co_spawn(
        loop,
        [](Context process, std::function<Task<void>(Parts&)> tell) -> Task<void> {
            Parts parts{process};
            if (!co_await migrate(parts.pool)) co_return;
            co_await tell(parts);
        }(context, story),
        [&](const std::exception_ptr&) { loop.stop(); });
    loop.run();
}

Task<void> publish(Parts& parts, int count) {
    std::vector<Message> messages;
    for (int i = 0; i < count; ++i) messages.push_back(message_of(parts.published++));
    if (!co_await parts.bus->publish(kTopic, std::move(messages))) std::abort();
}

void publish_batches(benchmark::State& state) {
    play([&state](Parts& parts) -> Task<void> {
        for ([[maybe_unused]] auto step : state) co_await publish(parts, static_cast<int>(state.range(0)));
        state.SetItemsProcessed(state.iterations() * state.range(0));
    });
}
BENCHMARK(publish_batches)->Arg(1)->Arg(10)->Arg(100)->Unit(benchmark::kMicrosecond)->UseRealTime();

void publish_to_handler(benchmark::State& state) {
    play([&state](Parts& parts) -> Task<void> {
        runtime::TaskGroup tasks{parts.context};
        const Subscription subscription{
            .group = "bench", .member = "bench", .advertised_address = {}, .topics = {kTopic}};
        tasks.spawn("consume", parts.bus->consume(subscription, parts.counter));
        co_await publish(parts, 1);
        co_await parts.counter.until(1);
        for ([[maybe_unused]] auto step : state) {
            co_await publish(parts, static_cast<int>(state.range(0)));
            co_await parts.counter.until(parts.published);
        }
        state.SetItemsProcessed(state.iterations() * state.range(0));
        tasks.stop();
        (void)co_await tasks.join();
    });
}
BENCHMARK(publish_to_handler)->Arg(1)->Arg(100)->Unit(benchmark::kMicrosecond)->UseRealTime();

/// A consumer with nothing to do: the counter is the share of a core that this process uses.
void consumer_at_rest(benchmark::State& state) {
    play([&state](Parts& parts) -> Task<void> {
        runtime::TaskGroup tasks{parts.context};
        const Subscription subscription{
            .group = "bench", .member = "bench", .advertised_address = {}, .topics = {kTopic}};
        tasks.spawn("consume", parts.bus->consume(subscription, parts.counter));
        co_await publish(parts, 1);
        co_await parts.counter.until(1);
        const auto before = std::clock();
        for ([[maybe_unused]] auto step : state) co_await runtime::sleep_for(std::chrono::seconds{10});
        const auto used = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
        state.counters["core_share"] = used / 10.0;
        tasks.stop();
        (void)co_await tasks.join();
    });
}
BENCHMARK(consumer_at_rest)->Iterations(1)->Unit(benchmark::kSecond)->UseRealTime();

}  // namespace
}  // namespace bandstand::messaging

BENCHMARK_MAIN();
