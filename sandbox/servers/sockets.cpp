#include "sandbox/servers/sockets.hpp"

#include <array>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "sandbox/discord/compressor.hpp"

namespace bandstand::sandbox {
namespace {

using asio::ip::udp;
constexpr base::Reason kCannotListen{"sandbox.cannot_listen"};
constexpr std::size_t kMaxDatagram = 65'536;

std::string query(const http::ServerRequest& request, const std::string& name) {
    const auto found = request.query.find(name);
    return found == request.query.end() ? std::string{} : found->second;
}

runtime::Task<base::Result<void>> close_socket(std::shared_ptr<http::WebSocket> socket, std::uint16_t code,
                                               std::string reason) {
    co_await socket->close(code, std::move(reason));
    co_return base::ok();
}

/// The model's other end on a websocket. The socket lives on until its close handshake is over.
class SocketPeer final : public Peer {
public:
    SocketPeer(std::shared_ptr<http::WebSocket> socket, std::unique_ptr<Compressor> compressor,
               runtime::TaskGroup& tasks)
        : socket_{std::move(socket)}, compressor_{std::move(compressor)}, tasks_{tasks} {}

    void send(std::string payload) override {
        http::WsMessage message{.binary = compressor_ != nullptr, .data = std::move(payload)};
        if (compressor_) message.data = compressor_->compress(message.data);
        if (!socket_->send(std::move(message))) close(4000, "Too slow.");  // does not read what it is sent
    }
    void close(std::uint16_t code, std::string reason) override {
        if (std::exchange(closing_, true)) return;
        tasks_.spawn("close websocket", close_socket(socket_, code, std::move(reason)));
    }

private:
    std::shared_ptr<http::WebSocket> socket_;
    std::unique_ptr<Compressor> compressor_;
    runtime::TaskGroup& tasks_;
    bool closing_ = false;
};

/// Calls `closed` however its scope ends, a stop included: the model forgets the peer before it is gone.
template <class Closed>
struct AtEnd {
    Closed closed;
    std::uint16_t code = 0;
    ~AtEnd() { closed(code); }
};

runtime::Task<void> gateway_connection(StandIn& here, runtime::TaskGroup& tasks, http::ServerRequest request,
                                       std::shared_ptr<http::WebSocket> socket) {
    SocketPeer peer{socket, make_compressor(query(request, "compress")), tasks};
    const auto number =
        here.gateway.open(peer, query(request, "v"), query(request, "encoding"), here.clock.now());
    AtEnd end{[&](std::uint16_t code) { here.gateway.closed(number, code, here.clock.now()); }};
    while (true) {
        const auto received = co_await socket->receive();
        if (!received) co_return;
        if (const auto* closed = std::get_if<http::WsClosed>(&*received)) {
            end.code = closed->code;
            co_return;
        }
        here.gateway.receive(number, std::get<http::WsMessage>(*received).data, here.clock.now());
    }
}

runtime::Task<void> voice_connection(StandIn& here, runtime::TaskGroup& tasks, http::ServerRequest request,
                                     std::shared_ptr<http::WebSocket> socket) {
    SocketPeer peer{socket, nullptr, tasks};
    const auto number = here.voice.open(peer, query(request, "v"), here.clock.now());
    AtEnd end{[&](std::uint16_t) { here.voice.closed(number, here.clock.now()); }};
    while (true) {
        const auto received = co_await socket->receive();
        if (!received || std::holds_alternative<http::WsClosed>(*received)) co_return;
        const auto& message = std::get<http::WsMessage>(*received);
        if (message.binary) {
            here.voice.receive_binary(number);
        } else {
            here.voice.receive(number, message.data, here.clock.now());
        }
    }
}

}  // namespace

void serve_gateway(http::Server& server, StandIn& stand_in, runtime::TaskGroup& tasks) {
    server.websocket("/", [&](http::ServerRequest request, std::unique_ptr<http::WebSocket> socket) {
        return gateway_connection(stand_in, tasks, std::move(request), std::move(socket));
    });
}

void serve_voice(http::Server& server, StandIn& stand_in, runtime::TaskGroup& tasks) {
    server.websocket("/", [&](http::ServerRequest request, std::unique_ptr<http::WebSocket> socket) {
        return voice_connection(stand_in, tasks, std::move(request), std::move(socket));
    });
}

struct VoiceUdp::State {
    explicit State(runtime::Context process) : context{std::move(process)}, socket{context.loop()} {}
    runtime::Context context;
    udp::socket socket;
    std::array<std::byte, kMaxDatagram> buffer{};
};

VoiceUdp::VoiceUdp(runtime::Context context) : state_{std::make_unique<State>(std::move(context))} {}
VoiceUdp::~VoiceUdp() = default;

base::Result<void> VoiceUdp::listen(const std::string& address, std::uint16_t port) {
    boost::system::error_code error;
    const auto ip = asio::ip::make_address_v4(address, error);
    if (!error) state_->socket.open(udp::v4(), error);
    if (!error) state_->socket.bind({ip, port}, error);
    if (!error) state_->socket.non_blocking(true, error);
    if (!error) return base::ok();
    return base::fail(base::ErrorKind::unavailable, kCannotListen, "UDP", address, port, error.message());
}

std::uint16_t VoiceUdp::port() const {
    boost::system::error_code error;
    return state_->socket.local_endpoint(error).port();
}

void VoiceUdp::send(const UdpAddress& to, base::ByteView bytes) {
    boost::system::error_code ignored;  // UDP: a full buffer loses the datagram, as a network would
    state_->socket.send_to(asio::buffer(bytes.data(), bytes.size()), {asio::ip::address_v4{to.ip}, to.port},
                           0, ignored);
}

runtime::Task<base::Result<void>> VoiceUdp::run(VoiceServer& voice) {
    auto& state = *state_;
    while (true) {
        udp::endpoint from;
        boost::system::error_code error;
        const auto length = co_await state.socket.async_receive_from(
            asio::buffer(state.buffer), from, asio::redirect_error(asio::use_awaitable, error));
        if (error == asio::error::operation_aborted) throw boost::system::system_error{error};
        if (error) continue;  // an ICMP refusal of an earlier datagram
        voice.datagram({.ip = from.address().to_v4().to_uint(), .port = from.port()},
                       base::ByteView{state.buffer}.first(length), state.context.clock().now());
    }
}

}  // namespace bandstand::sandbox
