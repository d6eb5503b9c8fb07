#include <limits>

#include "fixture.hpp"

namespace bandstand::postgres {
namespace {

using TypesTest = DatabaseTest;
using runtime::Context;
using runtime::Task;

TEST_F(TypesTest, ValuesComeBackAsTheyWent) {
    run([](Context context, PoolOptions options) -> Task<void> {
        Pool pool{context, options};
        constexpr Statement kEcho{
            "echo",
            "SELECT $1::boolean, $2::bigint, $3::integer, $4::double precision, $5::text,"
            " $6::bytea, $7::timestamptz, $8::bigint, $9::text, $10::jsonb, $11::smallint"};
        const base::Bytes bytes{std::byte{0}, std::byte{0xff}, std::byte{0x5c}};
        const base::WallTime time{std::chrono::microseconds{1'767'225'600'123'456}};
        const base::GuildId guild{0xfedcba9876543210U};
        const auto rows = co_await pool.execute(
            kEcho, true, std::numeric_limits<std::int64_t>::min(), -7, 0.1, "Größe \"'\\", bytes, time, guild,
            std::optional<std::string>{}, R"({"a": 1})", std::int16_t{-3});
        CO_ASSERT(rows);
        const auto row = (*rows)[0];
        EXPECT_TRUE(row.get<bool>(0));
        EXPECT_EQ(row.get<std::int64_t>(1), std::numeric_limits<std::int64_t>::min());
        EXPECT_EQ(row.get<std::int32_t>(2), -7);
        EXPECT_EQ(row.get<double>(3), 0.1);
        EXPECT_EQ(row.get<std::string>(4), "Größe \"'\\");
        EXPECT_EQ(row.get<base::Bytes>(5), bytes);
        EXPECT_EQ(row.get<base::WallTime>(6), time);
        EXPECT_EQ(row.get<base::GuildId>(7), guild);
        EXPECT_EQ(row.get<std::optional<std::string>>(8), std::nullopt);
        EXPECT_EQ(row.get<std::string>(9), R"({"a": 1})");
        EXPECT_EQ(row.get<std::int64_t>(10), -3);
    }(context_, options()));
}

TEST_F(TypesTest, ArraysKeepEveryElement) {
    run([](Context context, PoolOptions options) -> Task<void> {
        Pool pool{context, options};
        constexpr Statement kEcho{
            "echo_arrays",
            "SELECT $1::bigint[], $2::text[], cardinality($3::bytea[]), cardinality($4::int[])"};
        const std::vector<std::int64_t> numbers{1, -2, std::numeric_limits<std::int64_t>::max()};
        const std::vector<std::string> texts{"", "a,b", "{\"}", "ä"};
        const std::vector<base::Bytes> blobs{{}, {std::byte{0}}};
        const auto rows = co_await pool.execute(kEcho, numbers, texts, blobs, std::vector<std::int32_t>{});
        CO_ASSERT(rows);
        EXPECT_EQ((*rows)[0].get<std::vector<std::int64_t>>(0), numbers);
        EXPECT_EQ((*rows)[0].get<std::vector<std::string>>(1), texts);
        EXPECT_EQ((*rows)[0].get<std::int32_t>(2), 2);
        EXPECT_EQ((*rows)[0].get<std::int32_t>(3), 0);
    }(context_, options()));
}

TEST_F(TypesTest, TextWithNulIsRefusedAndNotCutShort) {
    run([](Context context, PoolOptions options) -> Task<void> {
        Pool pool{context, options};
        const auto rows = co_await pool.execute({"echo_text", "SELECT $1::text"}, std::string("a\0b", 3));
        EXPECT_EQ(rows.error().reason(), kBadValue);
        EXPECT_EQ(rows.error().kind(), base::ErrorKind::invalid_argument);
    }(context_, options()));
}

}  // namespace
}  // namespace bandstand::postgres
