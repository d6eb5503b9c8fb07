#include "shard_runner.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace bandstand::discord {

ShardRunner::ShardRunner(runtime::Context context, ShardOptions options, std::string ca_file, Hooks hooks)
    : context_{std::move(context)},
      ca_file_{std::move(ca_file)},
      hooks_{std::move(hooks)},
      machine_{std::move(options)},
      alarm_{context_.loop()} {}

runtime::Task<base::Result<void>> ShardRunner::run() {
    runtime::TaskGroup connections{context_};
    runtime::TaskGroup time{context_};
    connections_ = &connections;
    time_ = &time;
    perform(machine_.start(now()));
    time.spawn("time", keep_time());
    auto ended = co_await time.join();
    connections_ = nullptr;
    time_ = nullptr;
    machine_.shut_down();
    show_state();
    // A reader that is cancelled breaks its stream: say goodbye first.
    if (const auto socket = std::exchange(socket_, nullptr)) co_await socket->close(1000, "");
    (void)co_await connections.join();
    if (failure_) co_return std::unexpected(*std::exchange(failure_, std::nullopt));
    co_return ended;
}

void ShardRunner::identify_granted() {
    perform(machine_.on_identify_granted(now()));
}

base::Result<void> ShardRunner::update_voice_state(GuildId guild, ChannelId channel, bool self_deaf) {
    auto actions = machine_.update_voice_state(guild, channel, self_deaf, now());
    if (!actions) return std::unexpected(std::move(actions).error());
    perform(*std::move(actions));
    return base::ok();
}

void ShardRunner::perform(ShardActions actions) {
    for (auto& action : actions) {
        std::visit([this](auto&& one) { do_one(std::move(one)); }, std::move(action));
    }
    show_state();
    alarm_.cancel();  // the machine may want to be woken at another time
}

void ShardRunner::do_one(ConnectSocket action) {
    if (connections_ != nullptr) connections_->spawn("connection", connection(std::move(action.url)));
}

void ShardRunner::do_one(SendText action) {
    if (!socket_) return;
    auto queued = socket_->send({.binary = false, .data = std::move(action.text)});
    // A full queue means that the peer reads nothing: its next heartbeat stays unanswered and ends this
    // connection.
    if (!queued)
        context_.observer().log().warn("gateway_send_failed", {{"reason", queued.error().reason().name}});
}

void ShardRunner::do_one(CloseSocket action) {
    auto socket = std::exchange(socket_, nullptr);
    if (socket && connections_ != nullptr)
        connections_->spawn("close", close(std::move(socket), action.code));
}

void ShardRunner::do_one(RequestIdentify) {
    hooks_.request_identify(machine_.options().shard_id);
}

void ShardRunner::do_one(Deliver action) {
    hooks_.on_event({machine_.options().shard_id, received_at_, std::move(action.dispatch)});
}

void ShardRunner::do_one(ShardFailed action) {
    failure_ = std::move(action.error);
    if (time_ != nullptr) time_->stop();
}

void ShardRunner::do_one(ShardNotice action) {
    const bool ours = action.event == "gateway_closed_by_own_bug" || action.event == "gateway_zombie";
    context_.observer().log().write(ours ? observe::Level::warn : observe::Level::info, action.event,
                                    {{"shard", machine_.options().shard_id}, {"detail", action.detail}});
}

void ShardRunner::show_state() {
    const auto state = machine_.state();
    if (state == shown_) return;
    const auto gauge = [this](ShardState of) {
        return context_.observer().metrics().gauge("gateway_shard_state", "Shards in each state",
                                                   {{"state", std::string{name(of)}}});
    };
    if (shown_ != ShardState::idle) gauge(shown_).add(-1);
    if (state != ShardState::idle) gauge(state).add(1);
    if (state == ShardState::ready) {
        context_.observer().log().info("gateway_shard_ready", {{"shard", machine_.options().shard_id}});
    }
    shown_ = state;
}

runtime::Task<base::Result<void>> ShardRunner::connection(std::string url) {
    http::WsOptions options;
    options.url = std::move(url);
    options.ca_file = ca_file_;
    auto connected = co_await http::WebSocket::connect(context_, std::move(options));
    if (!connected) {
        context_.observer().log().warn("gateway_connect_failed", {{"detail", connected.error().describe()}});
        perform(machine_.on_connect_failed(now()));
        co_return base::ok();
    }
    socket_ = *std::move(connected);
    perform(machine_.on_connected(now()));
    if (socket_) co_await read(socket_);
    co_return base::ok();
}

runtime::Task<void> ShardRunner::read(std::shared_ptr<http::WebSocket> socket) {
    const auto decompressor = make_decompressor(machine_.options().compression);
    while (socket_ == socket) {
        auto received = co_await socket->receive();
        if (socket_ != socket) co_return;  // the machine has dropped it meanwhile
        received_at_ = now();
        const auto* message = received ? std::get_if<http::WsMessage>(&*received) : nullptr;
        if (message != nullptr) {
            on_message(*decompressor, *message);
            continue;
        }
        const auto code = received ? std::get<http::WsClosed>(*received).code : std::uint16_t{0};
        socket_.reset();
        perform(machine_.on_closed(code, now()));
    }
}

void ShardRunner::on_message(Decompressor& decompressor, const http::WsMessage& message) {
    const auto document = decompressor.feed(message.data);
    if (!document) {  // the stream cannot be followed any more: a new connection resumes
        context_.observer().log().error("gateway_stream_damaged", {{"detail", document.error().describe()}});
        do_one(CloseSocket{4000});
        perform(machine_.on_closed(0, now()));
        return;
    }
    if (!*document) return;
    auto payload = parser_.parse(**document);
    if (!payload) {
        context_.observer().log().warn("gateway_payload_refused", {{"detail", payload.error().describe()}});
        return;
    }
    if (const auto* dispatch = std::get_if<Dispatch>(&*payload)) {
        const bool used = !std::holds_alternative<OtherEvent>(dispatch->event);
        context_.observer()
            .metrics()
            .counter("gateway_events_total", "Events received from Discord's gateway",
                     {{"name", used ? dispatch->name : "other"}})
            .increment();
    }
    perform(machine_.on_payload(*std::move(payload), now()));
}

runtime::Task<base::Result<void>> ShardRunner::close(std::shared_ptr<http::WebSocket> socket,
                                                     std::uint16_t code) {
    co_await socket->close(code, "");
    co_return base::ok();
}

runtime::Task<base::Result<void>> ShardRunner::keep_time() {
    for (;;) {
        alarm_.expires_at(machine_.next_wakeup());
        boost::system::error_code ignored;
        co_await alarm_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        if (now() >= machine_.next_wakeup()) perform(machine_.on_timer(now()));
    }
}

}  // namespace bandstand::discord
