// The adapters against a real PostgreSQL and real gRPC.

#include <gtest/gtest.h>

#include "adapters/bus_publishers.hpp"
#include "adapters/gateway_control_api.hpp"
#include "adapters/grpc_search.hpp"
#include "adapters/playback_consumer.hpp"
#include "adapters/postgres_command_registry.hpp"
#include "app/playback_desk.hpp"
#include "bandstand/events/community/v1/guild.pb.h"
#include "bandstand/events/player/v1/inbox.pb.h"
#include "bandstand/events/player/v1/playback.pb.h"
#include "bandstand/rpc/player/v1/player.grpc.pb.h"
#include "contracts/meta.hpp"
#include "messaging/bus.hpp"
#include "postgres/testing.hpp"
#include "rpc/call.hpp"
#include "runtime/task_group.hpp"
#include "runtime/testing.hpp"
#include "tests/builders.hpp"
#include "tests/doubles.hpp"

namespace bandstand::gateway {
namespace {

using namespace std::chrono_literals;
using namespace test;
using base::Result;
using runtime::Task;
namespace pb = bandstand::events::player::v1;
namespace control = bandstand::rpc::gateway::v1;
namespace player = bandstand::rpc::player::v1;

postgres::PoolOptions fresh_database() {
    postgres::PoolOptions options;
    options.url = postgres::testing::PrivatePostgres::instance().fresh_database();
    options.schema = "gateway";
    return options;
}

/// Keeps what arrives, and stops its group when it has enough.
class Collector final : public messaging::Handler {
public:
    Collector(runtime::TaskGroup& tasks, std::size_t wanted) : tasks_{tasks}, wanted_{wanted} {}
    Task<Result<void>> handle(messaging::Delivery delivery) override {
        deliveries.push_back(std::move(delivery));
        if (deliveries.size() == wanted_) tasks_.stop();
        co_return base::ok();
    }
    std::vector<messaging::Delivery> deliveries;

private:
    runtime::TaskGroup& tasks_;
    std::size_t wanted_;
};

class AdaptersTest : public runtime::LoopTest {};

TEST_F(AdaptersTest, RemembersWhatWasRegistered) {
    run([](runtime::Context context) -> Task<void> {
        postgres::Pool pool{context, fresh_database()};
        EXPECT_TRUE(co_await PostgresCommandRegistry::migrate(pool));
        PostgresCommandRegistry registry{pool};
        const auto unknown = co_await registry.fingerprint(kApplication);
        EXPECT_TRUE(unknown && !*unknown);
        EXPECT_TRUE(co_await registry.remember(kApplication, "a"));
        EXPECT_TRUE(co_await registry.remember(kApplication, "b"));
        const auto known = co_await registry.fingerprint(kApplication);
        EXPECT_TRUE(known && *known == "b");
    }(context_));
}

TEST_F(AdaptersTest, PublishesCommandsAndSignalsUnderTheGuildsKey) {
    run([](runtime::Context context) -> Task<void> {
        postgres::Pool pool{context, fresh_database()};
        EXPECT_TRUE(co_await messaging::migrate(pool));
        const auto bus = messaging::make_postgres_bus(context, pool);
        BusPlayerInbox inbox{context, *bus};
        domain::PlayerCommand command;
        command.guild = kGuild;
        command.bot = kBot;
        command.reply.interaction = base::InteractionId{500};
        command.request = domain::Pause{};
        EXPECT_TRUE(co_await inbox.send(command, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
        std::vector<domain::AddressedSignal> signals{{kGuild, kBot, domain::VoiceServer{"t", "e"}},
                                                     {kGuild, kBot, domain::Occupancy{kStage, 2}}};
        EXPECT_TRUE(co_await inbox.send(std::move(signals)));

        runtime::TaskGroup tasks{context};
        Collector collector{tasks, 3};
        messaging::Subscription subscription;
        subscription.group = "test";
        subscription.member = "one";
        subscription.topics = {contracts::kPlayerInbox};
        tasks.spawn("consume", bus->consume(std::move(subscription), collector));
        (void)co_await tasks.join();
        EXPECT_EQ(collector.deliveries.size(), 3U);
        const auto& first = collector.deliveries.at(0);
        EXPECT_EQ(first.key, "41");
        EXPECT_EQ(first.event_id, "interaction:500");
        EXPECT_EQ(first.header("traceparent"), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        pb::PlayerInbox message;
        EXPECT_TRUE(message.ParseFromString(first.payload));
        EXPECT_EQ(message.meta().event_id(), "interaction:500");
        EXPECT_EQ(message.meta().producer(), "gateway");
        EXPECT_TRUE(message.command().has_pause());
        EXPECT_TRUE(message.ParseFromString(collector.deliveries.at(1).payload));
        EXPECT_TRUE(message.has_voice_server());
        EXPECT_TRUE(message.ParseFromString(collector.deliveries.at(2).payload));
        EXPECT_EQ(message.occupancy().listeners(), 2U);
    }(context_));
}

/// A bot that has logged in, with in-memory ports.
struct LoggedIn {
    explicit LoggedIn(const runtime::Context& context)
        : metrics{context.observer().metrics()},
          visits{context},
          signals{context, inbox},
          bot{{.context = context,
               .tasks = visits,
               .discord = discord,
               .inbox = inbox,
               .search = search,
               .community = community,
               .registry = registry,
               .signals = signals,
               .metrics = metrics}} {
        bots.add(bot);
        const auto tell = [this](std::string name, discord::Event event) {
            bot.on_event({.shard_id = 0,
                          .dispatch = {.sequence = 1, .name = std::move(name), .event = std::move(event)}});
        };
        tell("READY", ready());
        tell("GUILD_CREATE", discord::GuildCreate{lounge({in_voice(kAlice, kStage)})});
    }
    Task<void> end() {
        visits.stop();
        (void)co_await visits.join();
    }

    FakeDiscord discord;
    FakeInbox inbox;
    FakeSearch search;
    FakeCommunity community;
    FakeRegistry registry;
    InteractionMetrics metrics;
    runtime::TaskGroup visits;
    SignalPost signals;
    Bot bot;
    Bots bots;
};

TEST_F(AdaptersTest, ShowsWhatThePlayersPublish) {
    run([](runtime::Context context) -> Task<void> {
        postgres::Pool pool{context, fresh_database()};
        EXPECT_TRUE(co_await messaging::migrate(pool));
        const auto bus = messaging::make_postgres_bus(context, pool);
        pb::PlaybackEvent event;
        *event.mutable_meta() = contracts::make_meta(context.clock(), "audio");
        event.set_guild_id(kGuild.value());
        event.set_bot_id(kBot.value());
        auto& answered = *event.mutable_command_answered();
        answered.set_command("volume");
        *answered.mutable_reply()->mutable_received_at() = contracts::to_proto(context.clock().wall_now());
        answered.mutable_done();
        answered.mutable_view()->set_volume_percent(80);
        std::vector<messaging::Message> messages{
            {.key = "41", .payload = event.SerializeAsString(), .event_id = "e"}};
        EXPECT_TRUE(co_await bus->publish(contracts::kPlayerPlayback, std::move(messages)));

        LoggedIn world{context};
        PlaybackDesk desk{context, world.bots, world.visits};
        PlaybackConsumer consumer{desk};
        messaging::Subscription subscription;
        subscription.group = "gateway.playback";
        subscription.member = "one";
        subscription.topics = {contracts::kPlayerPlayback};
        runtime::TaskGroup tasks{context};
        tasks.spawn("consume", bus->consume(std::move(subscription), consumer));
        tasks.spawn("watch", [](LoggedIn& one, runtime::TaskGroup& all) -> Task<Result<void>> {
            const auto shown = [&one] {
                return !one.discord.sent.empty() && one.discord.sent.back().what == "edit_answer";
            };
            while (!shown()) co_await runtime::sleep_for(1ms);
            all.stop();
            co_return base::ok();
        }(world, tasks));
        (void)co_await tasks.join();
        EXPECT_EQ(world.discord.sent.back().message.embeds.at(0).description, "The volume is 80 %.");
        co_await world.end();
    }(context_));
}

TEST_F(AdaptersTest, TakesVoiceRequestsOverGrpc) {
    run([](runtime::Context context) -> Task<void> {
        LoggedIn world{context};
        VoiceControl voice{context, world.bots};
        rpc::Server server{context, {.address = "127.0.0.1:0"}};
        GatewayControlApi api{server, voice};
        EXPECT_TRUE(server.listen());
        runtime::TaskGroup tasks{context};
        tasks.spawn("grpc", server.serve());
        const rpc::Channel channel{"127.0.0.1:" + std::to_string(server.port())};
        using Methods = rpc::Methods<control::GatewayControl>;

        control::JoinVoiceRequest join;
        join.set_guild_id(kGuild.value());
        join.set_bot_id(kBot.value());
        join.set_channel_id(kStage.value());
        const auto joined =
            co_await rpc::call<control::GatewayControl>(channel, &Methods::JoinVoice, join, {});
        EXPECT_TRUE(joined) << joined.error().describe();
        EXPECT_EQ(world.discord.sent.back().channel, kStage);

        join.set_channel_id(kText.value());
        const auto refused =
            co_await rpc::call<control::GatewayControl>(channel, &Methods::JoinVoice, join, {});
        EXPECT_FALSE(refused);
        EXPECT_EQ(refused.error().kind(), base::ErrorKind::failed_precondition);
        EXPECT_EQ(refused.error().reason().name, "gateway.channel_unknown");
        EXPECT_TRUE(refused.error().detail().starts_with("I cannot see")) << refused.error().detail();

        control::ListVoiceStatesRequest list;
        list.set_guild_id(kGuild.value());
        list.set_bot_id(kBot.value());
        const auto members =
            co_await rpc::call<control::GatewayControl>(channel, &Methods::ListVoiceStates, list, {});
        EXPECT_TRUE(members && members->members_size() == 1);

        tasks.stop();
        (void)co_await tasks.join();
        co_await world.end();
    }(context_));
}

class FakePlayer final : public rpc::Service<player::Player> {
public:
    explicit FakePlayer(rpc::Server& server) : Service{server} {}

private:
    Reactor* Search(Call* call, const player::SearchRequest* in, player::SearchResponse* out) override {
        return on_loop(call, in, out, &FakePlayer::search);
    }
    Task<Result<player::SearchResponse>> search(player::SearchRequest in) {
        player::SearchResponse out;
        auto& result = *out.add_results();
        result.set_key("key of " + in.text());
        result.set_title("Air");
        result.set_duration_ms(65'000);
        co_return out;
    }
};

TEST_F(AdaptersTest, SearchesTheLibraryOverGrpc) {
    run([](runtime::Context context) -> Task<void> {
        rpc::Server server{context, {.address = "127.0.0.1:0"}};
        FakePlayer api{server};
        EXPECT_TRUE(server.listen());
        runtime::TaskGroup tasks{context};
        tasks.spawn("grpc", server.serve());
        GrpcSearch search{rpc::Channel{"127.0.0.1:" + std::to_string(server.port())}};
        const auto found = co_await search.search("ba", 2s);
        EXPECT_TRUE(found && found->size() == 1) << (found ? "" : found.error().describe());
        EXPECT_EQ(found->at(0).key, "key of ba");
        EXPECT_EQ(found->at(0).duration, 65s);
        tasks.stop();
        (void)co_await tasks.join();
        const auto absent = co_await search.search("ba", 300ms);
        EXPECT_FALSE(absent) << "the player has gone";
    }(context_));
}

}  // namespace
}  // namespace bandstand::gateway
