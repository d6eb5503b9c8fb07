#include "http/address_policy.hpp"

#include <gtest/gtest.h>

namespace bandstand::http {
namespace {

bool permits(const AddressPolicy& policy, const char* address) {
    return policy.permits(asio::ip::make_address(address));
}

TEST(AddressPolicy, PublicAddressesPass) {
    const auto policy = AddressPolicy::public_only();
    for (const auto* address : {"1.1.1.1", "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0",
                                "192.167.255.255", "223.255.255.255", "2606:4700::1111", "2a00:1450:4001::1",
                                "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::1"}) {
        EXPECT_TRUE(permits(policy, address)) << address;
    }
}

TEST(AddressPolicy, WhatIsNotPublicDoesNotPassInAnyForm) {
    const auto policy = AddressPolicy::public_only();
    for (const auto* address : {"0.0.0.0",
                                "10.1.2.3",
                                "100.64.0.1",
                                "127.0.0.1",
                                "127.255.255.255",
                                "169.254.169.254",
                                "172.16.0.1",
                                "172.31.255.255",
                                "192.168.1.1",
                                "198.18.0.1",
                                "224.0.0.1",
                                "255.255.255.255",
                                "192.0.0.8",
                                "203.0.113.9",
                                "::",
                                "::1",
                                "::127.0.0.1",
                                "::ffff:127.0.0.1",
                                "::ffff:10.0.0.1",
                                "::ffff:169.254.169.254",
                                "64:ff9b::7f00:1",
                                "64:ff9b:1::1",
                                "2002:7f00:1::",
                                "2002:a00:1::1",
                                "fc00::1",
                                "fd00:ec2::254",
                                "fe80::1",
                                "fec0::1",
                                "ff02::1",
                                "2001::1",
                                "2001:db8::1",
                                "100::1",
                                "4000::1"}) {
        EXPECT_FALSE(permits(policy, address)) << address;
    }
}

TEST(AddressPolicy, WhatIsAllowedPassesAndItsNeighboursDoNot) {
    const auto policy = AddressPolicy::public_only({*Network::parse("10.1.0.0/16"), *Network::parse("::1")});
    EXPECT_TRUE(permits(policy, "10.1.255.255"));
    EXPECT_TRUE(permits(policy, "::ffff:10.1.0.1"));
    EXPECT_TRUE(permits(policy, "::1"));
    EXPECT_FALSE(permits(policy, "10.2.0.0"));
    EXPECT_FALSE(permits(policy, "10.0.255.255"));
    EXPECT_FALSE(permits(policy, "127.0.0.1"));
}

TEST(AddressPolicy, AnyRefusesNothing) {
    EXPECT_TRUE(permits(AddressPolicy::any(), "127.0.0.1"));
    EXPECT_TRUE(permits(AddressPolicy::any(), "fe80::1"));
}

TEST(Network, PrefixesEndAtAnyBit) {
    const auto network = *Network::parse("192.168.128.0/17");
    EXPECT_TRUE(network.contains(asio::ip::make_address("192.168.255.1")));
    EXPECT_FALSE(network.contains(asio::ip::make_address("192.168.127.1")));
    EXPECT_TRUE(Network::parse("0.0.0.0/0")->contains(asio::ip::make_address("8.8.8.8")));
    EXPECT_FALSE(Network::parse("0.0.0.0/0")->contains(asio::ip::make_address("2606::1")));
    EXPECT_TRUE(Network::parse("::/0")->contains(asio::ip::make_address("2606::1")));
}

TEST(Network, RefusesWhatIsNotCidr) {
    for (const auto* text : {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x",
                             "10.0.0/8", "::/129", "localhost", "10.0.0.0/8/8", "256.0.0.1"}) {
        const auto network = Network::parse(text);
        ASSERT_FALSE(network) << text;
        EXPECT_EQ(network.error().reason(), kBadNetwork) << text;
    }
}

}  // namespace
}  // namespace bandstand::http
