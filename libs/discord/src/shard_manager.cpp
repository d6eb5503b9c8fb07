#include "discord/shard_manager.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/random.hpp"
#include "runtime/task_group.hpp"
#include "shard_runner.hpp"

namespace bandstand::discord {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kAskAgain = 5s;
constexpr base::Duration kNewLayoutAfter = 30s;
constexpr std::uint32_t kMaxShards = 4'096;  // of one process

constexpr base::Reason kTooManyShards{"discord.too_many_shards"};

}  // namespace

struct ShardManager::State {
    State(runtime::Context process, Api& rest, ShardManagerOptions settings, OnEvent callback)
        : context{std::move(process)},
          api{rest},
          options{std::move(settings)},
          on_event{std::move(callback)},
          ticket_alarm{context.loop()} {}

    base::Instant now() const { return context.clock().now(); }

    // Discord may be away when we start: ask until it answers, but not with a token that it refuses.
    runtime::Task<base::Result<GatewayBot>> layout() {
        for (;;) {
            auto bot = co_await api.gateway_bot();
            if (bot || bot.error().kind() != base::ErrorKind::unavailable) co_return bot;
            context.observer().log().warn("gateway_layout_unavailable", {{"detail", bot.error().describe()}});
            co_await runtime::sleep_for(kAskAgain);
        }
    }

    ShardRunner::Hooks hooks() {
        return {.on_event = on_event, .request_identify = [this](std::uint32_t shard) {
                    tickets->request(shard);
                    ticket_alarm.cancel();
                }};
    }

    runtime::Task<base::Result<void>> hand_out_tickets() {
        for (;;) {
            for (const auto shard : tickets->grant(now())) shards[shard]->identify_granted();
            ticket_alarm.expires_at(tickets->next_wakeup(now()).value_or(base::Instant::max()));
            boost::system::error_code ignored;
            co_await ticket_alarm.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
    }

    runtime::Task<base::Result<void>> run_layout(GatewayBot bot) {
        const auto count = options.shard_count == 0 ? bot.shards : options.shard_count;
        if (count > kMaxShards) {
            co_return base::fail(base::ErrorKind::resource_exhausted, kTooManyShards, count, "of at most",
                                 kMaxShards);
        }
        context.observer().log().info("gateway_layout",
                                      {{"shards", count},
                                       {"identifies_left", bot.session_start_limit.remaining},
                                       {"max_concurrency", bot.session_start_limit.max_concurrency}});
        tickets.emplace(bot.session_start_limit, count, now());
        runtime::TaskGroup tasks{context};
        tasks.spawn("identify tickets", hand_out_tickets());
        for (std::uint32_t id = 0; id < count; ++id) {
            ShardOptions shard{.token = options.token,
                               .intents = options.intents,
                               .shard_id = id,
                               .shard_count = count,
                               .gateway_url = bot.url,
                               .compression = options.compression,
                               .seed = base::random_seed()};
            shards.push_back(
                std::make_unique<ShardRunner>(context, std::move(shard), options.ca_file, hooks()));
            tasks.spawn(base::join("shard", id), shards.back()->run());
        }
        co_return co_await tasks.join();
    }

    bool wants_new_layout(const base::Error& error) const {
        const auto reason = error.reason();
        return options.shard_count == 0 && (reason == kShardingRequired || reason == kInvalidShard);
    }

    runtime::Context context;
    Api& api;
    ShardManagerOptions options;
    OnEvent on_event;
    asio::steady_timer ticket_alarm;
    std::optional<IdentifyDispenser> tickets;
    std::vector<std::unique_ptr<ShardRunner>> shards;
};

ShardManager::ShardManager(runtime::Context context, Api& api, ShardManagerOptions options, OnEvent on_event)
    : state_{std::make_unique<State>(std::move(context), api, std::move(options), std::move(on_event))} {}
ShardManager::~ShardManager() = default;

runtime::Task<base::Result<void>> ShardManager::run() {
    for (;;) {
        auto bot = co_await state_->layout();
        if (!bot && bot.error().kind() == base::ErrorKind::unauthenticated) {
            co_return base::fail(base::ErrorKind::failed_precondition, kBadToken, close_rule(4004).advice);
        }
        if (!bot) co_return std::unexpected(std::move(bot).error().during("ask for the gateway"));
        auto ended = co_await state_->run_layout(*std::move(bot));
        state_->shards.clear();
        if (ended || !state_->wants_new_layout(ended.error())) co_return ended;
        state_->context.observer().log().warn("gateway_layout_refused",
                                              {{"detail", ended.error().describe()}});
        co_await runtime::sleep_for(kNewLayoutAfter);
    }
}

base::Result<void> ShardManager::update_voice_state(GuildId guild, ChannelId channel, bool self_deaf) {
    if (state_->shards.empty())
        return base::fail(base::ErrorKind::unavailable, kShardNotReady, "no shard yet");
    const auto id = shard_of(guild, static_cast<std::uint32_t>(state_->shards.size()));
    return state_->shards[id]->update_voice_state(guild, channel, self_deaf);
}

std::string ShardManager::why_not_ready() const {
    if (state_->shards.empty()) return "not connected to Discord yet";
    for (std::size_t id = 0; id < state_->shards.size(); ++id) {
        const auto state = state_->shards[id]->state();
        if (state != ShardState::ready) return base::join("shard", id, "is", name(state));
    }
    return {};
}

std::vector<ShardState> ShardManager::states() const {
    std::vector<ShardState> states;
    for (const auto& shard : state_->shards) states.push_back(shard->state());
    return states;
}

}  // namespace bandstand::discord
