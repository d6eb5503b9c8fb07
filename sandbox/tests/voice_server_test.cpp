#include "sandbox/discord/voice_server.hpp"

#include <array>

#include "sandbox/tests/builders.hpp"

namespace bandstand::sandbox {
namespace {

using namespace testing;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr GuildId kGuild{10};
constexpr ChannelId kChannel{20};

/// One client of the voice server: its websocket, its UDP port and its cipher.
struct Client {
    UserId user;
    UdpAddress address;
    FakePeer peer{};
    std::uint64_t connection = 0;
    std::optional<crypto::TransportCipher> cipher{};
    std::vector<base::Bytes> datagrams{};
    std::uint16_t sequence = 100;
    std::uint32_t timestamp = 5'000;

    std::uint32_t ssrc() const { return peer.with_op(2).at(0).at("d").at("ssrc"); }
    std::int64_t last_seq() const {
        for (auto it = peer.sent.rbegin(); it != peer.sent.rend(); ++it) {
            if (it->contains("seq")) return it->at("seq");
        }
        return -1;
    }
};

class VoiceServerTest : public ::testing::Test {
protected:
    VoiceTicket ticket(UserId user, bool dave = false) {
        return {.guild = kGuild,
                .channel = kChannel,
                .user = user,
                .session_id = "session" + base::to_string(user),
                .token = "token" + base::to_string(user),
                .dave_required = dave};
    }
    Json identify(UserId user) {
        return {{"op", 0},
                {"d",
                 {{"server_id", base::to_string(kGuild)},
                  {"user_id", base::to_string(user)},
                  {"session_id", "session" + base::to_string(user)},
                  {"token", "token" + base::to_string(user)},
                  {"max_dave_protocol_version", 0}}}};
    }
    Json resume(const Client& client, std::int64_t ack) {
        auto d = identify(client.user).at("d");
        d["seq_ack"] = ack;
        return {{"op", 7}, {"d", d}};
    }
    void open(Client& client, std::string_view version = "8") {
        client.connection = server_.open(client.peer, version, now_);
    }
    void send(Client& client, const Json& message) {
        server_.receive(client.connection, to_text(message), now_);
    }
    void drop(Client& client) {
        server_.closed(client.connection, now_);
        client.peer = FakePeer{};
    }

    void discover(Client& client) {
        base::Bytes request(74);
        base::write_be<std::uint16_t>(1, base::MutableBytes{request}.first(2));
        base::write_be<std::uint16_t>(70, base::MutableBytes{request}.subspan(2, 2));
        base::write_be(client.ssrc(), base::MutableBytes{request}.subspan(4, 4));
        server_.datagram(client.address, request, now_);
    }
    void select(Client& client, std::string_view mode, std::string_view ip = "127.0.0.1") {
        send(client, {{"op", 1},
                      {"d",
                       {{"protocol", "udp"},
                        {"data", {{"address", ip}, {"port", client.address.port}, {"mode", mode}}}}}});
    }
    void speak(Client& client) {
        send(client, {{"op", 5}, {"d", {{"speaking", 1}, {"delay", 0}, {"ssrc", client.ssrc()}}}});
    }
    /// Through the whole handshake.
    void connect(Client& client, std::string_view mode = "aead_aes256_gcm_rtpsize") {
        clients_.push_back(&client);
        server_.admit(ticket(client.user), {}, 4014);
        open(client);
        send(client, identify(client.user));
        ASSERT_EQ(client.peer.with_op(2).size(), 1U);
        discover(client);
        ASSERT_EQ(client.datagrams.size(), 1U);
        client.datagrams.clear();
        select(client, mode);
        const auto described = client.peer.with_op(4).at(0).at("d");
        base::Bytes secret;
        for (const auto& number : described.at("secret_key"))
            secret.push_back(static_cast<std::byte>(number.get<int>()));
        const auto key = crypto::TransportKey::from(secret);
        auto cipher = crypto::TransportCipher::create(*crypto::parse_transport_mode(mode), *key);
        client.cipher.emplace(std::move(*cipher));
    }
    base::Bytes packet(Client& client, std::string_view opus) {
        std::array<std::byte, 12> header{std::byte{0x80}, std::byte{0x78}};
        base::write_be(client.sequence++, base::MutableBytes{header}.subspan(2, 2));
        base::write_be(client.timestamp, base::MutableBytes{header}.subspan(4, 4));
        base::write_be(client.ssrc(), base::MutableBytes{header}.subspan(8, 4));
        client.timestamp += 960;
        base::Bytes out(12 + opus.size() + crypto::kTransportOverheadBytes);
        EXPECT_TRUE(client.cipher->seal(header, base::as_bytes(opus), out));
        return out;
    }
    void play(Client& client, std::string_view opus) {
        server_.datagram(client.address, packet(client, opus), now_);
        now_ += milliseconds{20};
    }
    static std::string opened(Client& client, const base::Bytes& datagram) {
        base::Bytes out(datagram.size());
        const auto length = client.cipher->open(datagram, 12, out);
        EXPECT_TRUE(length);
        return std::string{base::as_text(base::ByteView{out}.first(length.value_or(0)))};
    }
    Json stats(const Client& client) {
        const auto all = server_.describe();
        for (const auto& call : all.at("live")) {
            if (call.at("user_id") == base::to_string(client.user)) return call;
        }
        return nullptr;
    }

    base::Instant now_ = kStart;
    std::vector<Client*> clients_;
    VoiceServer server_{[this](const UdpAddress& to, base::ByteView bytes) {
        for (auto* client : clients_) {
            if (client->address == to) client->datagrams.emplace_back(bytes.begin(), bytes.end());
        }
    }};
    Client alice_{.user = UserId{1}, .address = {.ip = 0x7F000001, .port = 1001}};
    Client bob_{.user = UserId{2}, .address = {.ip = 0x7F000001, .port = 1002}};
};

TEST_F(VoiceServerTest, HelloComesAtOnceAndOtherVersionsAreRefused) {
    open(alice_);
    EXPECT_EQ(alice_.peer.with_op(8).at(0).at("d"), Json({{"v", 8}, {"heartbeat_interval", 13'750}}));
    open(bob_, "4");
    EXPECT_EQ(bob_.peer.closed, 4020);
}

TEST_F(VoiceServerTest, RefusesEachWayOfIdentifyingWrongly) {
    server_.admit(ticket(alice_.user), {}, 4014);
    const auto code_after = [&](const Json& message) {
        Client client{.user = alice_.user, .address = {}};
        open(client);
        send(client, message);
        return client.peer.closed.value_or(0);
    };
    const auto with = [&](const char* key, Json value) {
        auto message = identify(alice_.user);
        message["d"][key] = std::move(value);
        return message;
    };
    EXPECT_EQ(code_after({{"op", 1}, {"d", Json::object()}}), 4003);
    EXPECT_EQ(code_after({{"op", 77}, {"d", nullptr}}), 4001);
    EXPECT_EQ(code_after(with("server_id", 10)), 4002);
    EXPECT_EQ(code_after(with("server_id", "11")), 4011);
    EXPECT_EQ(code_after(with("token", "x")), 4004);
    EXPECT_EQ(code_after(with("session_id", "x")), 4006);
    EXPECT_EQ(code_after(resume(alice_, 0)), 4006);
    server_.admit(ticket(alice_.user, true), {}, 4014);
    EXPECT_EQ(code_after(identify(alice_.user)), 4017);
}

TEST_F(VoiceServerTest, ASecondIdentifyOrOneForALiveSessionIsRefused) {
    connect(alice_);
    Client again{.user = alice_.user, .address = {}};
    open(again);
    send(again, identify(alice_.user));
    EXPECT_EQ(again.peer.closed, 4006);
    send(alice_, identify(alice_.user));
    EXPECT_EQ(alice_.peer.closed, 4005);
}

TEST_F(VoiceServerTest, DiscoveryAnswersWithTheObservedAddress) {
    clients_ = {&alice_};
    server_.admit(ticket(alice_.user), {}, 4014);
    open(alice_);
    send(alice_, identify(alice_.user));
    discover(alice_);
    ASSERT_EQ(alice_.datagrams.size(), 1U);
    const base::ByteView answer{alice_.datagrams[0]};
    EXPECT_EQ(base::read_be<std::uint16_t>(answer.first(2)), 2);
    EXPECT_EQ(base::as_text(answer.subspan(8, 10)), std::string_view("127.0.0.1\0", 10));
    EXPECT_EQ(base::read_be<std::uint16_t>(answer.subspan(72, 2)), 1001);
    select(alice_, "aead_aes256_gcm_rtpsize", "10.0.0.1");
    EXPECT_EQ(alice_.peer.closed, 4020) << "another address than the observed one";
}

TEST_F(VoiceServerTest, UnknownModesAndProtocolsAreRefused) {
    server_.admit(ticket(alice_.user), {}, 4014);
    open(alice_);
    send(alice_, identify(alice_.user));
    discover(alice_);
    select(alice_, "xsalsa20_poly1305");
    EXPECT_EQ(alice_.peer.closed, 4016);
}

TEST_F(VoiceServerTest, ForwardsPayloadAndSsrcUnchangedAcrossModesButNeverToTheSender) {
    connect(alice_, "aead_aes256_gcm_rtpsize");
    connect(bob_, "aead_xchacha20_poly1305_rtpsize");
    speak(alice_);
    EXPECT_EQ(bob_.peer.with_op(5).at(0).at("d").at("ssrc"), alice_.ssrc());
    play(alice_, "music");
    ASSERT_EQ(bob_.datagrams.size(), 1U);
    EXPECT_TRUE(alice_.datagrams.empty());
    EXPECT_EQ(opened(bob_, bob_.datagrams[0]), "music");
    EXPECT_EQ(base::read_be<std::uint32_t>(base::ByteView{bob_.datagrams[0]}.subspan(8, 4)), alice_.ssrc());
}

TEST_F(VoiceServerTest, SuppressedAudioIsDroppedAndDeafenedMembersGetNone) {
    connect(alice_);
    connect(bob_);
    speak(alice_);
    server_.set_rights(kGuild, alice_.user, {.heard = false});
    play(alice_, "music");
    EXPECT_TRUE(bob_.datagrams.empty());
    EXPECT_EQ(stats(alice_).at("dropped_unheard"), 1);
    server_.set_rights(kGuild, alice_.user, {});
    server_.set_rights(kGuild, bob_.user, {.hears = false});
    play(alice_, "music");
    EXPECT_TRUE(bob_.datagrams.empty());
}

TEST_F(VoiceServerTest, AudioBeforeSpeakingEndsTheConnection) {
    connect(alice_);
    play(alice_, "music");
    EXPECT_EQ(alice_.peer.closed, 4006);
}

TEST_F(VoiceServerTest, RefusesReusedNoncesAndForgeriesAndCountsGaps) {
    connect(alice_);
    connect(bob_);
    speak(alice_);
    const auto first = packet(alice_, "music");
    server_.datagram(alice_.address, first, now_);
    server_.datagram(alice_.address, first, now_);
    auto forged = packet(alice_, "music");
    forged[20] ^= std::byte{1};
    server_.datagram(alice_.address, forged, now_ + milliseconds{20});
    server_.datagram(alice_.address, packet(alice_, "music"), now_ + milliseconds{40});
    EXPECT_EQ(bob_.datagrams.size(), 2U);
    EXPECT_EQ(stats(alice_).at("reused_nonces"), 1);
    EXPECT_EQ(stats(alice_).at("dropped_forged"), 1);
    EXPECT_EQ(stats(alice_).at("sequence_gaps"), 1);
    server_.datagram({.ip = 0x7F000001, .port = 9}, packet(alice_, "music"), now_);
    EXPECT_EQ(stats(alice_).at("dropped_early"), 1) << "from another address";
}

TEST_F(VoiceServerTest, NoticesABurstThatDidNotEndInSilence) {
    connect(alice_);
    speak(alice_);
    play(alice_, "music");
    now_ += seconds{1};
    for (int i = 0; i < 5; ++i) play(alice_, i == 0 ? "music" : "\xF8\xFF\xFE");
    play(alice_, "\xF8\xFF\xFE");
    now_ += seconds{1};
    play(alice_, "music");
    EXPECT_EQ(stats(alice_).at("bursts"), 3);
    EXPECT_EQ(stats(alice_).at("unclosed_bursts"), 1);
}

TEST_F(VoiceServerTest, KeepAlivesAreDroppedAndPingsAnswered) {
    connect(alice_);
    server_.datagram(alice_.address, base::Bytes(8), now_);
    EXPECT_TRUE(alice_.datagrams.empty());
    server_.datagram(alice_.address, *base::from_hex("1337cafe00000007"), now_);
    ASSERT_EQ(alice_.datagrams.size(), 1U);
    EXPECT_EQ(base::to_hex(alice_.datagrams[0]), "1337f00d00000007");
}

TEST_F(VoiceServerTest, AResumeRepeatsWhatWasMissedOverTheWrapOfTheNumbers) {
    server_.settings.first_sequence = 65'534;  // Ready 65534, description 65535, then 0
    connect(alice_);
    const auto ack = alice_.last_seq();
    EXPECT_EQ(ack, 65'535);
    drop(alice_);
    connect(bob_);
    speak(bob_);
    open(alice_);
    send(alice_, resume(alice_, ack));
    std::vector<std::int64_t> numbers;
    for (const auto& message : alice_.peer.sent) {
        if (message.contains("seq")) numbers.push_back(message.at("seq"));
    }
    EXPECT_EQ(numbers, (std::vector<std::int64_t>{0, 1, 2, 3}))
        << "clients connect, flags, platform, speaking";
    EXPECT_EQ(alice_.peer.sent.back().at("op"), 9);
    EXPECT_FALSE(alice_.peer.sent.back().contains("seq"));
}

TEST_F(VoiceServerTest, AudioGoesOnWhileTheWebsocketIsAway) {
    connect(alice_);
    connect(bob_);
    speak(alice_);
    server_.closed(alice_.connection, now_);
    play(alice_, "music");
    EXPECT_EQ(bob_.datagrams.size(), 1U);
}

TEST_F(VoiceServerTest, AHeartbeatIsEchoedAndConfirms) {
    connect(alice_);
    send(alice_, {{"op", 3}, {"d", {{"t", 1234}, {"seq_ack", alice_.last_seq()}}}});
    EXPECT_EQ(alice_.peer.sent.back(), Json({{"op", 6}, {"d", {{"t", 1234}}}}));
    drop(alice_);
    open(alice_);
    send(alice_, resume(alice_, -1));
    EXPECT_EQ(alice_.peer.sent.size(), 2U) << "Hello and Resumed: everything was confirmed";
}

TEST_F(VoiceServerTest, MissingHeartbeatsEndTheSession) {
    connect(alice_);
    connect(bob_);
    now_ += seconds{20};
    send(bob_, {{"op", 3}, {"d", {{"t", 1}, {"seq_ack", -1}}}});
    now_ += seconds{5};
    server_.tick(now_);
    EXPECT_EQ(alice_.peer.closed, 4009);
    EXPECT_EQ(bob_.peer.with_op(13).at(0).at("d").at("user_id"), "1");
}

TEST_F(VoiceServerTest, AnotherTicketEndsTheOldConnection) {
    connect(alice_);
    server_.admit(ticket(alice_.user), {}, 4014);
    EXPECT_EQ(alice_.peer.closed, 4014);
}

TEST_F(VoiceServerTest, ACrashCanBeResumedADismissalCannot) {
    connect(alice_);
    EXPECT_EQ(server_.close(kGuild, {}, 4015, now_), 1U);
    EXPECT_EQ(alice_.peer.closed, 4015);
    drop(alice_);
    open(alice_);
    send(alice_, resume(alice_, -1));
    EXPECT_EQ(alice_.peer.with_op(9).size(), 1U);
    server_.dismiss(kGuild, alice_.user, 4022);
    EXPECT_EQ(alice_.peer.closed, 4022);
    drop(alice_);
    open(alice_);
    send(alice_, resume(alice_, -1));
    EXPECT_EQ(alice_.peer.closed, 4006);
}

TEST_F(VoiceServerTest, SurvivesDatagramsOfEveryLength) {
    connect(alice_);
    speak(alice_);
    for (std::size_t length = 0; length < 200; ++length) {
        base::Bytes junk(length, std::byte{0x9F});
        if (length >= 12) base::write_be(alice_.ssrc(), base::MutableBytes{junk}.subspan(8, 4));
        server_.datagram(alice_.address, junk, now_);
    }
    EXPECT_EQ(stats(alice_).at("packets"), 0);
}

}  // namespace
}  // namespace bandstand::sandbox
