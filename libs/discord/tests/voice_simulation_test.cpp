// Thousands of lives of a voice session against a world that lies, stalls, crashes and moves it about, and
// comes to reason in the end. Each run is made from a printed seed.
#include <deque>
#include <queue>

#include "testing/seeded.hpp"
#include "voice_session_fixture.hpp"

namespace bandstand::discord {
namespace {

using namespace std::chrono_literals;

constexpr int kRuns = 3000;
constexpr base::Duration kChaos = 90s;
constexpr base::Duration kReasonable = 400s;  // the longest way home: five rejoins, each with a time-out

class World {
public:
    explicit World(std::uint64_t seed) : random_{seed} {}

    void run() {
        perform(session_.join(kStage, now_), Cause::gateway);
        while (!events_.empty() && now_ < kEnd && !session_.ended() && !settled()) {
            if (::testing::Test::HasFailure()) return;
            const auto next = events_.top();
            events_.pop();
            now_ = std::max(now_, next.at);
            next.what();
            ASSERT_TRUE(session_.ended() || timer_) << "nothing would ever wake it up";
        }
        ASSERT_TRUE(session_.ended() || session_.ready()) << "neither ready nor given up";
        ASSERT_EQ(session_.ended(), gave_up_);
    }
    bool gave_up() const { return gave_up_; }
    int readies() const { return readies_; }

private:
    enum class Cause { gateway, other };
    struct Event {
        base::Instant at;
        std::uint64_t order;
        std::function<void()> what;
        friend bool operator<(const Event& a, const Event& b) {
            return std::pair{b.at, b.order} < std::pair{a.at, a.order};
        }
    };
    static constexpr base::Instant kStart{1h};
    static constexpr base::Instant kCalm = kStart + kChaos;
    static constexpr base::Instant kEnd = kCalm + kReasonable;

    bool settled() const { return session_.ready() && now_ > kCalm + 40s; }
    bool chaos() const { return now_ < kCalm; }
    bool happens(int percent) { return chaos() && random_.below(100) < static_cast<std::uint64_t>(percent); }
    void later(base::Duration after, std::function<void()> what) {
        events_.push({now_ + after, ++order_, std::move(what)});
    }
    base::Duration latency() { return std::chrono::milliseconds{1 + random_.below(chaos() ? 3000 : 80)}; }

    // ---- the main gateway

    void asked_to_join() {
        ASSERT_GE(now_ - last_join_, 1s) << "op 4 in a loop";
        last_join_ = now_;
        if (happens(10)) return;  // full: no answer
        const auto token = "token-" + std::to_string(++tokens_);
        const auto session = "session-" + std::to_string(1 + random_.below(2));
        later(latency(),
              [this, session] { perform(session_.on_own_state(kStage, session, now_), Cause::gateway); });
        if (happens(15))
            later(latency(), [this] { perform(session_.on_server("", "", now_), Cause::gateway); });
        later(latency(), [this, token] { server(token); });
    }
    void server(const std::string& token) {
        token_ = token;
        perform(session_.on_server(token, "voice.example", now_), Cause::gateway);
        if (happens(10)) perform(session_.on_server(token, "voice.example", now_), Cause::gateway);
    }
    void move() {
        const auto channel = random_.below(2) == 0 ? kStage : kOtherStage;
        const auto token = "token-" + std::to_string(++tokens_);
        later(latency(), [this, channel] {
            perform(session_.on_own_state(channel, "session-1", now_), Cause::gateway);
        });
        later(latency(), [this, token] { server(token); });
        const auto socket = socket_;
        later(latency(), [this, socket] { close(socket, 4014); });
    }

    // ---- the voice server

    void connect() {
        socket_ = ++sockets_;
        open_ = false;
        first_ = -1;
        const auto socket = socket_;
        if (happens(15)) return later(latency(), [this, socket] { close(socket, 0); });
        if (happens(5)) return;  // hangs
        later(latency(), [this, socket] {
            if (socket != socket_) return;
            open_ = true;
            say(socket, hello(1000 + static_cast<double>(random_.below(20000))));
            perform(session_.on_ws_open(now_), Cause::other);
        });
    }
    void say(std::uint64_t socket, std::string text) {
        if (happens(4)) return;
        later(latency(), [this, socket, text] {
            if (socket != socket_ || !open_) return;
            if (json::parse(text).at("op") == 4) described_ = true;
            perform(session_.on_ws_text(text, now_), Cause::other);
        });
    }
    void close(std::uint64_t socket, int code) {
        if (socket != socket_ || socket == 0) return;
        socket_ = 0;
        perform(session_.on_ws_closed(static_cast<std::uint16_t>(code), "", now_), Cause::other);
    }
    void mischief(std::uint64_t socket) {
        static constexpr int kCodes[]{0,    1000, 1006, 4000, 4001, 4002, 4003, 4004, 4005, 4006, 4009,
                                      4011, 4012, 4013, 4014, 4015, 4016, 4017, 4020, 4021, 4022, 4500};
        // Mostly codes that leave hope, or most runs would end at once.
        static constexpr int kHopeful[]{0, 1006, 4006, 4009, 4015};
        if (happens(12)) {
            const auto code = happens(8) ? kCodes[random_.below(std::size(kCodes))]
                                         : kHopeful[random_.below(std::size(kHopeful))];
            later(latency(), [this, socket, code] { close(socket, code); });
        }
        if (happens(2)) move();
        if (happens(1))
            later(latency(), [this] { perform(session_.on_server("", "", now_), Cause::gateway); });
        if (happens(1)) say(socket, R"({"op":2,"d":"nonsense"})");
        if (happens(3)) say(socket, message(4, description_d(static_cast<int>(random_.below(3))), 7));
        if (happens(3)) say(socket, message(99, {{"x", 1}}, 65535));
    }
    void heard(const std::string& text) {
        ASSERT_TRUE(open_ && socket_ != 0) << "sent on a socket that is not open";
        const auto parsed = json::parse(text);
        const int op = parsed.at("op");
        const auto& d = parsed.at("d");
        const auto socket = socket_;
        if (first_ < 0) {
            ASSERT_TRUE(op == 0 || op == 7) << "a session must be named first";
            first_ = op;
        } else {
            ASSERT_TRUE(op != 0 && op != 7) << "Identify or Resume a second time on one socket";
        }
        if (op == 0) {
            described_ = spoke_ = false;
            identified_with_ = {d.at("session_id"), d.at("token")};
            if (chaos() || d.at("token") == token_) return identified(socket);
            return close(socket, 4004);
        }
        if (op == 7) {
            ASSERT_EQ(identified_with_,
                      (std::pair<std::string, std::string>{d.at("session_id"), d.at("token")}));
            if (happens(30)) return later(latency(), [this, socket] { close(socket, 4006); });
            if (happens(50)) say(socket, message(4, description_d(), 2));
            return say(socket, message(9, nullptr));
        }
        if (op == 1) say(socket, message(4, description_d(static_cast<int>(random_.below(200))), 2));
        if (op == 3) say(socket, message(6, d));
        if (op == 5) spoke_ = true;
        mischief(socket);
    }
    void identified(std::uint64_t socket) {
        say(socket, message(2, ready_d(), 1));
        mischief(socket);
    }
    void datagram(const base::Bytes& bytes) {
        if (bytes.size() != 74 || happens(30)) return;
        later(latency(), [this] { perform(session_.on_datagram(discovery_answer(), now_), Cause::other); });
    }

    // ---- the driver

    void perform(voice::Actions actions, Cause cause) {
        ASSERT_LE(actions.size(), 12U);
        for (const auto& action : actions) {
            if (const auto* send = std::get_if<voice::SendText>(&action)) heard(send->text);
            if (const auto* send = std::get_if<voice::SendDatagram>(&action)) datagram(send->bytes);
            if (const auto* set = std::get_if<voice::SetTimer>(&action)) set_timer(set->at);
            if (std::holds_alternative<voice::JoinWanted>(action)) asked_to_join();
            if (std::holds_alternative<voice::ConnectWs>(action)) connecting(cause);
            if (std::holds_alternative<voice::CloseWs>(action)) {
                ASSERT_NE(socket_, 0U) << "closed a socket that there is not";
                socket_ = 0;
            }
            if (std::holds_alternative<voice::OpenUdp>(action)) udp_ = true;
            if (std::holds_alternative<voice::CloseUdp>(action)) {
                ASSERT_TRUE(udp_);
                udp_ = false;
            }
            if (std::holds_alternative<voice::Ready>(action)) {
                ASSERT_TRUE(described_ && spoke_ && udp_) << "audio could flow too early";
                in_use_ = true;
                ++readies_;
            }
            if (std::holds_alternative<voice::Lost>(action)) {
                ASSERT_TRUE(in_use_) << "lost what was never given";
                in_use_ = false;
            }
            if (std::holds_alternative<voice::GaveUp>(action)) {
                ASSERT_FALSE(std::get<voice::GaveUp>(action).detail.empty());
                gave_up_ = true;
            }
        }
    }
    void connecting(Cause cause) {
        connect();
        if (cause == Cause::gateway) return;
        resumes_.push_back(now_);
        while (now_ - resumes_.front() > 29s) resumes_.pop_front();
        ASSERT_LE(resumes_.size(), 2U) << "reconnecting in a loop";
    }
    void set_timer(base::Instant at) {
        ASSERT_GE(at, now_);
        timer_ = at;
        later(at - now_, [this, at] {
            if (timer_ != at) return;
            timer_.reset();
            perform(session_.on_timer(now_), Cause::other);
        });
    }

    base::Random random_;
    base::Instant now_ = kStart;
    std::priority_queue<Event> events_;
    std::uint64_t order_ = 0;
    VoiceSession session_{{kGuild, kBot, kStage}};

    std::optional<base::Instant> timer_;
    base::Instant last_join_{};
    std::deque<base::Instant> resumes_;
    int tokens_ = 0;
    std::string token_;
    std::uint64_t sockets_ = 0;
    std::uint64_t socket_ = 0;  // 0: none
    bool open_ = false;
    int first_ = -1;  // opcode of the first message on this socket
    std::pair<std::string, std::string> identified_with_;
    bool described_ = false;
    bool spoke_ = false;
    bool udp_ = false;
    bool in_use_ = false;
    bool gave_up_ = false;
    int readies_ = 0;
};

class VoiceSimulation : public bandstand::testing::SeededTest {};

TEST_F(VoiceSimulation, AlwaysEndsReadyOrGivenUpAndNeverBreaksTheProtocol) {
    int gave_up = 0;
    int readies = 0;
    for (int run = 0; run < kRuns && !HasFailure(); ++run) {
        const auto seed = random_();
        SCOPED_TRACE(::testing::Message() << "run " << run << " seed " << seed);
        World world{seed};
        world.run();
        gave_up += world.gave_up() ? 1 : 0;
        readies += world.readies();
    }
    RecordProperty("gave_up", gave_up);
    RecordProperty("readies", readies);
    // The chaos must neither let everything pass nor kill everything, or the runs would prove little.
    EXPECT_GT(gave_up, kRuns / 20);
    EXPECT_LT(gave_up, kRuns * 19 / 20);
    EXPECT_GT(readies, kRuns);
}

}  // namespace
}  // namespace bandstand::discord
