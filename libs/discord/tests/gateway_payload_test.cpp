#include "discord/gateway_payload.hpp"

#include <gtest/gtest.h>

namespace bandstand::discord {
namespace {

class GatewayParserTest : public ::testing::Test {
protected:
    GatewayPayload parse(std::string_view json) {
        auto parsed = parser_.parse(json);
        EXPECT_TRUE(parsed) << parsed.error().describe();
        return parsed ? *std::move(parsed) : GatewayPayload{UnknownOpcode{-1}};
    }
    template <class T>
    T event(const std::string& name, const std::string& d) {
        const auto payload = parse(R"({"op":0,"s":7,"t":")" + name + R"(","d":)" + d + "}");
        const auto* dispatch = std::get_if<Dispatch>(&payload);
        const auto* found = dispatch == nullptr ? nullptr : std::get_if<T>(&dispatch->event);
        EXPECT_NE(found, nullptr) << name;
        return found == nullptr ? T{} : *found;
    }
    GatewayParser parser_;
};

TEST_F(GatewayParserTest, ReadsThePayloadsOfTheConnection) {
    EXPECT_EQ(
        std::get<Hello>(parse(R"({"op":10,"d":{"heartbeat_interval":41250,"_trace":[]},"s":null,"t":null})"))
            .heartbeat_interval,
        std::chrono::milliseconds{41'250});
    EXPECT_TRUE(std::holds_alternative<HeartbeatAcknowledged>(parse(R"({"op":11})")));
    EXPECT_TRUE(std::holds_alternative<HeartbeatRequested>(parse(R"({"op":1,"d":null})")));
    EXPECT_TRUE(std::holds_alternative<ReconnectRequested>(parse(R"({"op":7,"d":null})")));
    EXPECT_TRUE(std::get<InvalidSession>(parse(R"({"op":9,"d":true})")).resumable);
    EXPECT_FALSE(std::get<InvalidSession>(parse(R"({"op":9,"d":false})")).resumable);
    EXPECT_EQ(std::get<UnknownOpcode>(parse(R"({"op":99})")).opcode, 99);
}

TEST_F(GatewayParserTest, ReadsReady) {
    const auto ready = event<Ready>("READY", R"({"v":10,"user":{"id":"11","username":"Bandstand","bot":true},
        "guilds":[{"id":"41","unavailable":true},{"id":"42","unavailable":true}],"session_id":"abc",
        "resume_gateway_url":"wss://resume","shard":[0,1],"application":{"id":"10","flags":0}})");
    EXPECT_EQ(ready.user.id, UserId{11});
    EXPECT_EQ(ready.application, ApplicationId{10});
    EXPECT_EQ(ready.session_id, "abc");
    EXPECT_EQ(ready.guilds, (std::vector{GuildId{41}, GuildId{42}}));
}

TEST_F(GatewayParserTest, ReadsAGuildWithWhatThePermissionsNeed) {
    const auto guild =
        event<GuildCreate>("GUILD_CREATE", R"({"id":"41","name":"Lounge","owner_id":"5","member_count":4,
        "roles":[{"id":"41","name":"@everyone","permissions":"1024"}],
        "channels":[{"id":"7","type":13,"name":"Stage","bitrate":64000,"user_limit":2,
                     "permission_overwrites":[{"id":"41","type":0,"allow":"0","deny":"1048576"}]}],
        "members":[{"user":{"id":"11","username":"Bandstand","bot":true},"roles":["9"]}],
        "voice_states":[{"user_id":"11","channel_id":"7","session_id":"s","suppress":true}],
        "unavailable":false})")
            .guild;
    EXPECT_EQ(guild.name, "Lounge");
    ASSERT_EQ(guild.channels.size(), 1U);
    EXPECT_EQ(guild.channels[0].type, ChannelType::stage);
    EXPECT_EQ(guild.channels[0].overwrites[0].deny, kConnect);
    ASSERT_EQ(guild.voice_states.size(), 1U);
    EXPECT_TRUE(guild.voice_states[0].bot) << "known from the members list";
    EXPECT_TRUE(guild.voice_states[0].suppressed);
    EXPECT_EQ(guild.voice_states[0].guild, GuildId{41});
}

TEST_F(GatewayParserTest, TellsAnOutageFromARemoval) {
    EXPECT_TRUE(event<GuildDelete>("GUILD_DELETE", R"({"id":"41","unavailable":true})").unavailable);
    EXPECT_FALSE(event<GuildDelete>("GUILD_DELETE", R"({"id":"41"})").unavailable);
}

TEST_F(GatewayParserTest, ReadsVoiceSignalling) {
    const auto state = event<VoiceStateChanged>(
        "VOICE_STATE_UPDATE", R"({"guild_id":"41","channel_id":null,"user_id":"11","session_id":"s"})");
    EXPECT_FALSE(state.state.channel);
    const auto server =
        event<VoiceServerChanged>("VOICE_SERVER_UPDATE", R"({"guild_id":"41","token":"t","endpoint":null})");
    EXPECT_EQ(server.token, "t");
    EXPECT_EQ(server.endpoint, "");
}

TEST_F(GatewayParserTest, ReadsACommandWithItsOptionsAndAttachments) {
    const auto interaction =
        event<InteractionCreated>("INTERACTION_CREATE", R"({"id":"90","application_id":"10","type":2,
        "token":"tok","guild_id":"41","channel_id":"6","member":{"user":{"id":"5","username":"alice"},"roles":[]},
        "app_permissions":"2048","locale":"de","data":{"id":"1","name":"play","type":1,
        "options":[{"name":"query","type":3,"value":"bach","focused":true},{"name":"file","type":11,"value":"77"},
                   {"name":"count","type":4,"value":3}],
        "resolved":{"attachments":{"77":{"id":"77","filename":"a.mp3","url":"https://cdn/a.mp3","size":12}}}}})")
            .interaction;
    EXPECT_EQ(interaction.command, "play");
    EXPECT_EQ(interaction.user.id, UserId{5});
    ASSERT_NE(interaction.option("query"), nullptr);
    EXPECT_TRUE(interaction.option("query")->focused);
    EXPECT_EQ(std::get<std::string>(interaction.option("query")->value), "bach");
    EXPECT_EQ(std::get<std::int64_t>(interaction.option("count")->value), 3);
    ASSERT_EQ(interaction.attachments.size(), 1U);
    EXPECT_EQ(interaction.attachments[0].size_bytes, 12U);
    EXPECT_EQ(interaction.option("volume"), nullptr);
}

TEST_F(GatewayParserTest, IgnoresEventsThatItDoesNotKnow) {
    EXPECT_EQ(event<OtherEvent>("TYPING_START", R"({"guild_id":"41"})").name, "TYPING_START");
    EXPECT_EQ(event<OtherEvent>("CHANNEL_CREATE", R"({"id":"1","type":1})").name, "CHANNEL_CREATE");
}

TEST_F(GatewayParserTest, RefusesWhatItCannotTrust) {
    for (const auto* bad : {"", "{", "[]", "{}", R"({"op":"0"})", R"({"op":0,"t":"READY","s":1,"d":{}})",
                            R"({"op":0,"t":"READY","d":{}})", R"({"op":10,"d":{"heartbeat_interval":0}})",
                            R"({"op":10,"d":{"heartbeat_interval":-1}})",
                            R"({"op":0,"s":1,"t":"INTERACTION_CREATE","d":{"id":"x"}})",
                            R"({"op":0,"s":1,"t":"GUILD_CREATE","d":{"id":41}})"}) {
        EXPECT_FALSE(parser_.parse(bad)) << bad;
    }
}

TEST_F(GatewayParserTest, RefusesNestingWithoutEnd) {
    EXPECT_FALSE(parser_.parse(R"({"op":11,"d":)" + std::string(2'000, '[') + std::string(2'000, ']') + "}"));
    EXPECT_TRUE(parser_.parse(R"({"op":11})")) << "and goes on afterwards";
}

TEST_F(GatewayParserTest, CutsTextsThatAreTooLong) {
    const auto guild =
        event<GuildCreate>("GUILD_CREATE", R"({"id":"41","name":")" + std::string(100'000, 'x') + R"("})")
            .guild;
    EXPECT_EQ(guild.name.size(), 256U);
}

}  // namespace
}  // namespace bandstand::discord
