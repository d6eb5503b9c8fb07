// VoiceConnection over real sockets: TLS websocket and UDP on loopback, against a small voice server.
#include "discord/voice_connection.hpp"

#include <sys/socket.h>

#include <boost/asio/ip/udp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include "../../http/tests/certificate.hpp"
#include "http/server.hpp"
#include "runtime/task_group.hpp"
#include "runtime/testing.hpp"

namespace bandstand::discord {
namespace {

using asio::ip::udp;
using nlohmann::json;
using runtime::Task;
using namespace std::chrono_literals;

constexpr base::ChannelId kStage{100};
constexpr std::uint32_t kSsrc = 0x1234;

/// Says what a voice server says, and remembers what it heard.
class SmallVoiceServer {
public:
    explicit SmallVoiceServer(runtime::Context context)
        : server_{context, {.tls = certificate_.files()}},
          udp_{context.loop(), {asio::ip::address_v4::loopback(), 0}} {
        server_.websocket(
            "/", [this](http::ServerRequest request, std::unique_ptr<http::WebSocket> socket) -> Task<void> {
                targets.push_back(request.target);
                co_await talk(std::move(socket));
            });
    }

    base::Result<void> listen() { return server_.listen(); }
    Task<base::Result<void>> serve() { return server_.serve(); }
    Task<base::Result<void>> serve_udp() {
        std::array<std::byte, 2048> buffer{};
        while (true) {
            const auto size =
                co_await udp_.async_receive_from(asio::buffer(buffer), client_, asio::use_awaitable);
            const base::ByteView datagram = base::ByteView{buffer}.first(size);
            if (size == 74) {
                answer_discovery(datagram);
            } else {
                datagrams.emplace_back(base::as_text(datagram));
            }
        }
    }
    std::string endpoint() const { return "localhost:" + std::to_string(server_.port()); }
    std::string ca_file() const { return certificate_.ca_file(); }
    void send_datagram(const std::string& text) { udp_.send_to(asio::buffer(text), client_); }
    /// Ends the connection there is with this code, at the next message, whichever that is.
    void close_next(std::uint16_t code) { close_with_ = code; }

    std::vector<std::string> targets;
    std::vector<json> heard;
    std::vector<std::string> datagrams;
    std::vector<std::uint16_t> closed;

private:
    Task<void> talk(std::unique_ptr<http::WebSocket> socket) {
        say(*socket, 8, {{"v", 8}, {"heartbeat_interval", 1000}});
        while (true) {
            auto next = co_await socket->receive();
            if (!next) co_return;
            if (const auto* end = std::get_if<http::WsClosed>(&*next)) {
                closed.push_back(end->code);
                co_return;
            }
            heard.push_back(json::parse(std::get<http::WsMessage>(*next).data));
            if (const auto code = std::exchange(close_with_, std::uint16_t{0}); code != 0) {
                co_await socket->close(code, "as the test wants it");
                co_return;
            }
            answer(*socket, heard.back());
        }
    }
    void answer(http::WebSocket& socket, const json& message) {
        const int op = message.at("op");
        if (op == 0) {
            const json modes{"aead_aes256_gcm_rtpsize", "aead_xchacha20_poly1305_rtpsize"};
            say(socket, 2,
                {{"ssrc", kSsrc},
                 {"ip", "127.0.0.1"},
                 {"port", udp_.local_endpoint().port()},
                 {"modes", modes}});
        } else if (op == 1) {
            say(socket, 4,
                {{"mode", message["d"]["data"]["mode"]},
                 {"secret_key", std::vector<int>(32, 7)},
                 {"dave_protocol_version", 0}});
        } else if (op == 3) {
            say(socket, 6, {{"t", message["d"]["t"]}});
        } else if (op == 7) {
            say(socket, 9, nullptr);
        }
    }
    static void say(http::WebSocket& socket, int op, json d) {
        const json message{{"op", op}, {"d", std::move(d)}};
        EXPECT_TRUE(socket.send({.binary = false, .data = message.dump()}));
    }
    void answer_discovery(base::ByteView request) {
        base::Bytes answer(request.begin(), request.end());
        answer[1] = std::byte{2};
        std::ranges::copy(base::as_bytes(client_.address().to_string()), answer.begin() + 8);
        base::write_be(client_.port(), base::MutableBytes{answer}.subspan(72));
        udp_.send_to(asio::buffer(answer), client_);
    }

    http::TestCertificate certificate_{"DNS:localhost,IP:127.0.0.1"};
    http::Server server_;
    udp::socket udp_;
    udp::endpoint client_;
    std::uint16_t close_with_ = 0;
};

class VoiceConnectionTest : public runtime::LoopTest {
public:
    VoiceCallbacks callbacks() {
        return {
            .on_join_wanted = [this](base::ChannelId) { answer_join(); },
            .on_ready =
                [this](const TransportParams&, std::shared_ptr<const VoiceUdp> udp) {
                    udp_ = std::move(udp);
                    ++readies_;
                },
            .on_gave_up = [this](base::Reason reason, const std::string&) { gave_up_ = reason.name; },
            .on_lost = [this](base::Reason reason, const std::string&) { lost_.emplace_back(reason.name); },
            .on_datagram = [this](base::ByteView datagram,
                                  base::Instant) { received_.emplace_back(base::as_text(datagram)); }};
    }
    /// What the main gateway would say, from inside the callback.
    void answer_join() {
        ++joins_;
        voice_->on_server("token-" + std::to_string(joins_), server_.endpoint());
        voice_->on_own_state(kStage, "session-1");
    }
    /// Waits for a state, not for a time.
    template <class Condition>
    Task<void> until(Condition holds) {
        for (int i = 0; i < 5000 && !holds(); ++i) co_await runtime::sleep_for(1ms);
        EXPECT_TRUE(holds());
    }
    std::size_t heard(int op) const {
        return static_cast<std::size_t>(std::ranges::count_if(
            server_.heard, [op](const auto& message) { return message.at("op") == op; }));
    }
    /// The server knows that audio comes, and heard it after its last Identify or Resume.
    bool heard_speaking() const {
        for (auto message = server_.heard.rbegin(); message != server_.heard.rend(); ++message) {
            const int op = message->at("op");
            if (op == 5) return message->at("d").at("speaking") == 1 && message->at("d").at("ssrc") == kSsrc;
            if (op == 0 || op == 7) return false;
        }
        return false;
    }
    /// Joins, plays `scenario`, and stops everything.
    void play(std::function<Task<void>()> scenario) {
        ASSERT_TRUE(server_.listen());
        voice_ = std::make_unique<VoiceConnection>(context_,
                                                   VoiceIntent{base::GuildId{41}, base::UserId{7}, kStage},
                                                   VoiceOptions{server_.ca_file()}, callbacks());
        run([](VoiceConnectionTest& self, std::function<Task<void>()> then) -> Task<void> {
            runtime::TaskGroup group{self.context_};
            group.spawn("server", self.server_.serve());
            group.spawn("server udp", self.server_.serve_udp());
            group.spawn("voice", [](VoiceConnectionTest& test) -> Task<base::Result<void>> {
                auto ended = co_await test.voice_->run();
                test.ended_ = true;
                co_return ended;
            }(self));
            self.voice_->join(kStage);
            co_await self.until([&self] { return self.readies_ == 1; });
            co_await then();
            group.stop();
            EXPECT_TRUE(co_await group.join());
        }(*this, std::move(scenario)));
    }

    SmallVoiceServer server_{context_};
    std::unique_ptr<VoiceConnection> voice_;
    std::shared_ptr<const VoiceUdp> udp_;
    int joins_ = 0;
    int readies_ = 0;
    std::vector<std::string> lost_;
    std::string gave_up_;
    std::vector<std::string> received_;
    bool ended_ = false;
};

TEST_F(VoiceConnectionTest, ReachesReadyAndCarriesDatagramsBothWays) {
    play([this]() -> Task<void> {
        EXPECT_EQ(server_.targets, std::vector<std::string>{"/?v=8"});
        EXPECT_EQ(::send(udp_->fd(), "out", 3, 0), 3);
        co_await until([this] { return !server_.datagrams.empty(); });
        EXPECT_EQ(server_.datagrams.front(), "out");
        server_.send_datagram("in");
        co_await until([this] { return !received_.empty() && received_.back() == "in"; });
        voice_->set_speaking(true);
        co_await until([this] { return heard_speaking(); });
        co_await until([this] { return heard(3) >= 1; });
    });
}

TEST_F(VoiceConnectionTest, EndsItsTaskAndClosesPolitelyWhenItLeaves) {
    play([this]() -> Task<void> {
        voice_->leave();
        co_await until([this] { return ended_; });
        EXPECT_EQ(server_.closed, std::vector<std::uint16_t>{1000});
        EXPECT_TRUE(gave_up_.empty());
        EXPECT_GE(::send(udp_->fd(), "late", 4, 0), 0)
            << "a send thread may still write to its own descriptor";
    });
}

TEST_F(VoiceConnectionTest, ResumesOnANewSocketWithTheSameUdp) {
    play([this]() -> Task<void> {
        server_.close_next(4015);
        voice_->set_speaking(true);
        co_await until([this] { return heard(7) == 1; });
        co_await until([this] { return voice_->session().ready() && heard_speaking(); });
        EXPECT_EQ(readies_, 1);
        EXPECT_TRUE(lost_.empty());
        EXPECT_EQ(::send(udp_->fd(), "still", 5, 0), 5);
        co_await until([this] { return !server_.datagrams.empty(); });
    });
}

TEST_F(VoiceConnectionTest, JoinsAnewThroughTheMainGateway) {
    play([this]() -> Task<void> {
        server_.close_next(4006);
        voice_->set_speaking(true);
        co_await until([this] { return readies_ == 2; });
        EXPECT_EQ(joins_, 2);
        EXPECT_EQ(lost_, std::vector<std::string>{"voice.rejected"});
        EXPECT_EQ(heard(0), 2U);
    });
}

TEST_F(VoiceConnectionTest, FollowsTheGatewayToAnotherServer) {
    play([this]() -> Task<void> {
        voice_->on_server("token-9", server_.endpoint());
        co_await until([this] { return readies_ == 2; });
        EXPECT_EQ(joins_, 1);
        EXPECT_EQ(lost_, std::vector<std::string>{"voice.server_changed"});
        co_await until([this] { return !server_.closed.empty(); });
        EXPECT_EQ(server_.closed.front(), 1000) << "the old socket";
    });
}

TEST_F(VoiceConnectionTest, GivesUpAndJoinsAgainWhenAsked) {
    play([this]() -> Task<void> {
        server_.close_next(4017);
        voice_->set_speaking(true);
        co_await until([this] { return !gave_up_.empty(); });
        EXPECT_EQ(gave_up_, "voice.e2ee_required");
        EXPECT_FALSE(ended_);
        voice_->join(kStage);
        co_await until([this] { return readies_ == 2; });
    });
}

TEST_F(VoiceConnectionTest, EndsWhenItIsStopped) {
    play([]() -> Task<void> { co_return; });
    EXPECT_TRUE(ended_);
}

}  // namespace
}  // namespace bandstand::discord
