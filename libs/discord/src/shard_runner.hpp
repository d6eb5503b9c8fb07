#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "discord/gateway_shard.hpp"
#include "discord/shard_manager.hpp"
#include "http/websocket.hpp"
#include "runtime/context.hpp"
#include "runtime/task_group.hpp"

namespace bandstand::discord {

/// Drives one GatewayShard over a websocket: performs its actions, feeds it what happens, keeps its time.
class ShardRunner {
public:
    struct Hooks {
        std::function<void(ShardEvent)> on_event;
        std::function<void(std::uint32_t)> request_identify;
    };
    ShardRunner(runtime::Context context, ShardOptions options, std::string ca_file, Hooks hooks);

    /// Until stopped. Errors: what the machine failed with.
    runtime::Task<base::Result<void>> run();
    void identify_granted();
    base::Result<void> update_voice_state(GuildId guild, ChannelId channel, bool self_deaf);
    ShardState state() const { return machine_.state(); }

private:
    void perform(ShardActions actions);
    void do_one(ConnectSocket action);
    void do_one(SendText action);
    void do_one(CloseSocket action);
    void do_one(RequestIdentify action);
    void do_one(Deliver action);
    void do_one(ShardFailed action);
    void do_one(ShardNotice action);
    void show_state();

    runtime::Task<base::Result<void>> connection(std::string url);
    runtime::Task<void> read(std::shared_ptr<http::WebSocket> socket);
    runtime::Task<base::Result<void>> close(std::shared_ptr<http::WebSocket> socket, std::uint16_t code);
    runtime::Task<base::Result<void>> keep_time();
    void on_message(Decompressor& decompressor, const http::WsMessage& message);
    base::Instant now() const { return context_.clock().now(); }

    runtime::Context context_;
    std::string ca_file_;
    Hooks hooks_;
    GatewayShard machine_;
    GatewayParser parser_;
    ShardState shown_ = ShardState::idle;
    std::shared_ptr<http::WebSocket> socket_;  // shared with the coroutine that reads it
    base::Instant received_at_{};
    asio::steady_timer alarm_;
    runtime::TaskGroup* connections_ = nullptr;  // while run() runs
    runtime::TaskGroup* time_ = nullptr;
    std::optional<base::Error> failure_;
};

}  // namespace bandstand::discord
