#include "base/bytes.hpp"

#include <gtest/gtest.h>

#include <array>

namespace bandstand::base {
namespace {

TEST(Bytes, BigEndianIntegersSurviveARoundTrip) {
    std::array<std::byte, 8> buffer{};
    write_be<std::uint32_t>(0x01020304U, buffer);
    EXPECT_EQ(buffer[0], std::byte{1});
    EXPECT_EQ(buffer[3], std::byte{4});
    EXPECT_EQ(read_be<std::uint32_t>(buffer), 0x01020304U);
    write_be<std::uint64_t>(~0ULL - 1, buffer);
    EXPECT_EQ(read_be<std::uint64_t>(buffer), ~0ULL - 1);
    write_be<std::uint8_t>(0xfeU, buffer);
    EXPECT_EQ(read_be<std::uint8_t>(buffer), 0xfeU);
}

TEST(Bytes, HexIsStrict) {
    EXPECT_EQ(to_hex(*from_hex("00ffA9")), "00ffa9");
    EXPECT_FALSE(from_hex("0"));
    EXPECT_FALSE(from_hex("0g"));
    EXPECT_TRUE(from_hex("")->empty());
}

}  // namespace
}  // namespace bandstand::base
