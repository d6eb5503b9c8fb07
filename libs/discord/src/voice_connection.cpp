#include "discord/voice_connection.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "http/websocket.hpp"
#include "runtime/task_group.hpp"

namespace bandstand::discord {
namespace {

using asio::ip::udp;
using boost::system::error_code;
using runtime::Task;

constexpr std::size_t kMaxDatagramBytes = 4096;
constexpr std::size_t kMaxMessageBytes = std::size_t{1} << 20U;
// Two seconds of sixty talking members, so that a busy loop does not lose packets.
constexpr int kReceiveBufferBytes = 2 << 20;

}  // namespace

VoiceUdp::~VoiceUdp() {
    ::close(fd_);
}

class VoiceConnection::Driver {
public:
    Driver(runtime::Context context, VoiceIntent intent, VoiceOptions options, VoiceCallbacks callbacks)
        : context_{std::move(context)},
          options_{std::move(options)},
          callbacks_{std::move(callbacks)},
          intent_{intent},
          session_{intent},
          tasks_{context_},
          timer_{context_.loop()},
          left_{context_.loop(), asio::steady_timer::time_point::max()} {}

    Task<base::Result<void>> run();
    void leave();
    /// Does what an event of the session led to.
    void apply(voice::Actions actions);
    base::Instant now() const { return context_.clock().now(); }
    VoiceSession& session() { return session_; }

private:
    void act(const voice::ConnectWs& connect);
    void act(const voice::SendText& send);
    void act(const voice::CloseWs& close) { close_socket(close.code, close.reason); }
    void act(const voice::OpenUdp& open);
    void act(const voice::SendDatagram& send);
    void act(const voice::CloseUdp&) { close_udp(); }
    void act(const voice::SetTimer& timer);
    void act(const voice::JoinWanted& join) { callbacks_.on_join_wanted(join.channel); }
    void act(const voice::Ready& ready);
    void act(const voice::Resuming&) { log("voice_resuming"); }
    void act(const voice::Resumed&) { log("voice_resumed"); }
    void act(const voice::Lost& lost) { tell(callbacks_.on_lost, lost.reason, lost.detail); }
    void act(const voice::Moved& moved) { tell(callbacks_.on_moved, moved.channel); }
    void act(const voice::GaveUp& over) { callbacks_.on_gave_up(over.reason, over.detail); }
    void act(const voice::Speaking& speaking) { tell(callbacks_.on_speaking, speaking); }
    void act(const voice::UserLeft& left) { tell(callbacks_.on_user_left, left.user); }

    template <class... Arguments>
    static void tell(const std::function<void(Arguments...)>& callback, const auto&... arguments) {
        if (callback) callback(arguments...);
    }

    void log(std::string_view event) const {
        context_.observer().log().info(event, {{"guild_id", intent_.guild}, {"user_id", intent_.user}});
    }
    void spawn(std::string name, Task<base::Result<void>> task);
    Task<base::Result<void>> wait_for_leave();
    Task<base::Result<void>> run_timer();
    Task<base::Result<void>> run_link(std::uint64_t link, std::string url);
    Task<base::Result<void>> run_udp(std::shared_ptr<udp::socket> socket);
    static Task<base::Result<void>> say_goodbye(std::shared_ptr<http::WebSocket> socket, std::uint16_t code,
                                                std::string reason);
    void close_socket(std::uint16_t code, const std::string& reason);
    void close_udp();

    runtime::Context context_;
    VoiceOptions options_;
    VoiceCallbacks callbacks_;
    VoiceIntent intent_;
    VoiceSession session_;
    runtime::TaskGroup tasks_;
    std::vector<std::pair<std::string, Task<base::Result<void>>>> early_;  // spawned before run()
    bool running_ = false;

    std::deque<voice::Action> pending_;
    bool applying_ = false;

    asio::steady_timer timer_;
    std::optional<base::Instant> due_;
    asio::steady_timer left_;

    std::uint64_t link_ = 0;  // of the websocket whose events count
    std::shared_ptr<http::WebSocket> socket_;
    std::shared_ptr<udp::socket> udp_;
};

// ---- tasks

Task<base::Result<void>> VoiceConnection::Driver::run() {
    running_ = true;
    tasks_.spawn("until left", wait_for_leave());
    tasks_.spawn("timer", run_timer());
    for (auto& [name, task] : std::exchange(early_, {})) tasks_.spawn(std::move(name), std::move(task));
    auto result = co_await tasks_.join();
    running_ = false;
    socket_.reset();
    close_udp();
    co_return result;
}

void VoiceConnection::Driver::spawn(std::string name, Task<base::Result<void>> task) {
    if (running_) return tasks_.spawn(std::move(name), std::move(task));
    early_.emplace_back(std::move(name), std::move(task));
}

Task<base::Result<void>> VoiceConnection::Driver::wait_for_leave() {
    error_code ignored;
    co_await left_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    due_.reset();
    timer_.cancel();
    co_return base::ok();
}

Task<base::Result<void>> VoiceConnection::Driver::run_timer() {
    while (left_.expiry() == asio::steady_timer::time_point::max()) {
        timer_.expires_at(due_.value_or(asio::steady_timer::time_point::max()));
        error_code changed;
        co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, changed));
        if (!due_ || now() < *due_) continue;
        due_.reset();
        apply(session_.on_timer(now()));
    }
    co_return base::ok();
}

Task<base::Result<void>> VoiceConnection::Driver::run_link(std::uint64_t link, std::string url) {
    http::WsOptions options{
        .url = std::move(url), .ca_file = options_.ca_file, .max_message_bytes = kMaxMessageBytes};
    auto opened = co_await http::WebSocket::connect(context_, std::move(options));
    if (link != link_) co_return base::ok();  // replaced meanwhile
    if (!opened) {
        apply(session_.on_ws_closed(0, opened.error().describe(), now()));
        co_return base::ok();
    }
    const std::shared_ptr<http::WebSocket> socket = std::move(*opened);
    socket_ = socket;
    apply(session_.on_ws_open(now()));
    while (link == link_) {
        auto received = co_await socket->receive();
        if (link != link_) break;
        const auto* message = received ? std::get_if<http::WsMessage>(&*received) : nullptr;
        if (message == nullptr) {
            const auto closed = received ? std::get<http::WsClosed>(*received)
                                         : http::WsClosed{0, received.error().describe()};
            socket_.reset();
            apply(session_.on_ws_closed(closed.code, closed.reason, now()));
            break;
        }
        apply(message->binary ? session_.on_ws_binary(base::as_bytes(message->data), now())
                              : session_.on_ws_text(message->data, now()));
    }
    co_return base::ok();
}

Task<base::Result<void>> VoiceConnection::Driver::say_goodbye(std::shared_ptr<http::WebSocket> socket,
                                                              std::uint16_t code, std::string reason) {
    co_await socket->close(code, std::move(reason));
    co_return base::ok();
}

Task<base::Result<void>> VoiceConnection::Driver::run_udp(std::shared_ptr<udp::socket> socket) {
    std::array<std::byte, kMaxDatagramBytes> buffer;
    while (socket == udp_) {
        error_code error;
        const auto size = co_await socket->async_receive(asio::buffer(buffer),
                                                         asio::redirect_error(asio::use_awaitable, error));
        if (socket != udp_) break;
        // An ICMP answer to something we sent: the server may be restarting, the websocket will tell.
        if (error == asio::error::connection_refused || error == asio::error::host_unreachable ||
            error == asio::error::network_unreachable) {
            continue;
        }
        if (error == asio::error::operation_aborted) break;
        if (error) {
            apply(session_.on_udp_failed(error.message(), now()));
            break;
        }
        const auto arrived = now();
        const auto datagram = base::ByteView{buffer}.first(size);
        if (auto actions = session_.on_datagram(datagram, arrived); !actions.empty())
            apply(std::move(actions));
        tell(callbacks_.on_datagram, datagram, arrived);
    }
    co_return base::ok();
}

// ---- actions

void VoiceConnection::Driver::apply(voice::Actions actions) {
    pending_.insert(pending_.end(), std::make_move_iterator(actions.begin()),
                    std::make_move_iterator(actions.end()));
    if (applying_) return;  // a callback came back to us: its actions follow those before it
    applying_ = true;
    while (!pending_.empty()) {
        const auto action = std::move(pending_.front());
        pending_.pop_front();
        std::visit([this](const auto& what) { act(what); }, action);
    }
    applying_ = false;
}

void VoiceConnection::Driver::leave() {
    apply(session_.leave());
    left_.expires_at(asio::steady_timer::time_point::min());
}

void VoiceConnection::Driver::act(const voice::ConnectWs& connect) {
    close_socket(1000, "replaced");
    spawn("link", run_link(++link_, connect.url));
}

void VoiceConnection::Driver::act(const voice::SendText& send) {
    // A socket that cannot send any more has closed, or is so slow that heartbeats will go unanswered: the
    // session learns of either.
    if (socket_) std::ignore = socket_->send({.binary = false, .data = send.text});
}

void VoiceConnection::Driver::close_socket(std::uint16_t code, const std::string& reason) {
    ++link_;
    if (socket_) spawn("goodbye", say_goodbye(std::exchange(socket_, nullptr), code, reason));
}

void VoiceConnection::Driver::act(const voice::OpenUdp& open) {
    close_udp();
    error_code error;
    const auto address = asio::ip::make_address(open.ip, error);
    const udp::endpoint server{address, open.port};
    auto socket = std::make_shared<udp::socket>(context_.loop());
    if (!error) socket->open(server.protocol(), error);
    if (!error) socket->non_blocking(true, error);
    if (!error) socket->set_option(asio::socket_base::receive_buffer_size{kReceiveBufferBytes}, error);
    if (!error) socket->connect(server, error);
    if (error) return apply(session_.on_udp_failed(base::join(open.ip, error.message()), now()));
    udp_ = std::move(socket);
    spawn("udp", run_udp(udp_));
}

void VoiceConnection::Driver::act(const voice::SendDatagram& send) {
    error_code lost;  // as any datagram may be
    if (udp_) udp_->send(asio::buffer(send.bytes), 0, lost);
}

void VoiceConnection::Driver::close_udp() {
    error_code ignored;
    if (udp_) std::exchange(udp_, nullptr)->close(ignored);
}

void VoiceConnection::Driver::act(const voice::SetTimer& timer) {
    due_ = timer.at;
    timer_.cancel();
}

void VoiceConnection::Driver::act(const voice::Ready& ready) {
    const int duplicate = udp_ ? ::fcntl(udp_->native_handle(), F_DUPFD_CLOEXEC, 0) : -1;
    if (duplicate < 0) return apply(session_.on_udp_failed("cannot duplicate its descriptor", now()));
    callbacks_.on_ready(ready.params, std::make_shared<const VoiceUdp>(duplicate));
}

// ---- the public face

VoiceConnection::VoiceConnection(runtime::Context context, VoiceIntent intent, VoiceOptions options,
                                 VoiceCallbacks callbacks)
    : driver_{
          std::make_unique<Driver>(std::move(context), intent, std::move(options), std::move(callbacks))} {}
VoiceConnection::~VoiceConnection() = default;

Task<base::Result<void>> VoiceConnection::run() {
    return driver_->run();
}
void VoiceConnection::join(base::ChannelId channel) {
    driver_->apply(driver_->session().join(channel, driver_->now()));
}
void VoiceConnection::leave() {
    driver_->leave();
}
void VoiceConnection::on_own_state(base::ChannelId channel, std::string session_id) {
    driver_->apply(driver_->session().on_own_state(channel, std::move(session_id), driver_->now()));
}
void VoiceConnection::on_server(std::string token, std::string endpoint) {
    driver_->apply(driver_->session().on_server(std::move(token), std::move(endpoint), driver_->now()));
}
void VoiceConnection::set_speaking(bool speaking) {
    driver_->apply(driver_->session().set_speaking(speaking));
}
const VoiceSession& VoiceConnection::session() const {
    return driver_->session();
}

}  // namespace bandstand::discord
