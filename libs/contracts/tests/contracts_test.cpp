#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "bandstand/events/player/v1/inbox.pb.h"
#include "contracts/meta.hpp"
#include "contracts/topics.hpp"

namespace bandstand::contracts {
namespace {

using namespace std::chrono_literals;

TEST(Topics, AreNamedDomainStreamVersionAndAreUnique) {
    std::set<std::string> names;
    for (const auto& topic : all_topics()) {
        EXPECT_THAT(topic.name, testing::MatchesRegex("[a-z]+[.][a-z]+[.]v[0-9]+"));
        EXPECT_GT(topic.partitions, 0);
        EXPECT_TRUE(names.insert(topic.name).second) << topic.name;
    }
}

TEST(Topics, AGuildsKeyIsItsSnowflakeInDigits) {
    EXPECT_EQ(guild_key(base::GuildId{18446744073709551615U}), "18446744073709551615");
}

TEST(Meta, KeepsTheCallersEventIdAndInventsOneOtherwise) {
    const auto& clock = base::system_clock();
    const auto command = make_meta(clock, "gateway", "00-trace", "interaction:7");
    EXPECT_EQ(command.event_id(), "interaction:7");
    EXPECT_EQ(command.producer(), "gateway");
    EXPECT_EQ(command.traceparent(), "00-trace");
    const auto first = make_meta(clock, "audio");
    const auto second = make_meta(clock, "audio");
    EXPECT_EQ(first.event_id().size(), 36U);
    EXPECT_NE(first.event_id(), second.event_id());
}

TEST(Meta, ATimestampGoesThereAndBackAlsoBefore1970) {
    for (const auto since : {0ns, 1ns, -1ns, 1'750'000'000'123'456'789ns, -1'750'000'000'123'456'789ns}) {
        const base::WallTime time{since};
        const auto proto = to_proto(time);
        EXPECT_GE(proto.nanos(), 0);
        EXPECT_EQ(to_wall_time(proto), time);
    }
}

TEST(Meta, ATimestampThatDoesNotFitIsRefused) {
    google::protobuf::Timestamp far;
    far.set_seconds(INT64_MAX);
    EXPECT_FALSE(to_wall_time(far));
    google::protobuf::Timestamp bad;
    bad.set_nanos(-1);
    EXPECT_FALSE(to_wall_time(bad));
    bad.set_nanos(1'000'000'000);
    EXPECT_FALSE(to_wall_time(bad));
}

TEST(Contracts, AnUnknownMessageKeepsItsKeyForTheReaderThatOnlyCountsIt) {
    // Field 99 of the oneof does not exist yet: an old reader sees the envelope and no message.
    const std::string wire = std::string{"\x11\x07\0\0\0\0\0\0\0", 9} + std::string{"\x9a\x06\0", 3};
    events::player::v1::PlayerInbox inbox;
    ASSERT_TRUE(inbox.ParseFromString(wire));
    EXPECT_EQ(inbox.guild_id(), 7U);
    EXPECT_EQ(inbox.message_case(), events::player::v1::PlayerInbox::MESSAGE_NOT_SET);
}

}  // namespace
}  // namespace bandstand::contracts
