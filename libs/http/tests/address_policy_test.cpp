#include "http/address_policy.hpp"

#include <gtest/gtest.h>

namespace bandstand::http {
namespace {

asio::ip::address address(const char* text) {
    return asio::ip::make_address(text);
}

TEST(AddressPolicy, RefusesEveryAddressThatIsNotPublic) {
    const auto policy = AddressPolicy::public_only();
    for (const auto* inside : {"127.0.0.1",
                               "127.9.9.9",
                               "10.1.2.3",
                               "172.16.0.1",
                               "172.31.255.255",
                               "192.168.1.1",
                               "169.254.169.254",
                               "100.64.0.1",
                               "0.0.0.0",
                               "224.0.0.1",
                               "255.255.255.255",
                               "192.0.2.1",
                               "198.18.0.1",
                               "::",
                               "::1",
                               "fe80::1",
                               "fc00::1",
                               "fd12:3456::1",
                               "ff02::1",
                               "2001:db8::1",
                               "::ffff:127.0.0.1",
                               "::ffff:10.0.0.1",
                               "::ffff:169.254.169.254",
                               "64:ff9b::a00:1",
                               "64:ff9b::7f00:1",
                               "2002:7f00:1::",
                               "::127.0.0.1"}) {
        EXPECT_FALSE(policy.permits(address(inside))) << inside;
    }
    for (const auto* outside : {"8.8.8.8", "172.32.0.1", "172.15.0.1", "100.128.0.1", "2606:4700::1111",
                                "::ffff:8.8.8.8", "64:ff9b::808:808", "192.169.0.1"}) {
        EXPECT_TRUE(policy.permits(address(outside))) << outside;
    }
}

TEST(AddressPolicy, OpensWhatTheOperatorLists) {
    const auto policy =
        AddressPolicy::public_only({*Network::parse("10.1.0.0/16"), *Network::parse("fd00::/8")});
    EXPECT_TRUE(policy.permits(address("10.1.255.1")));
    EXPECT_TRUE(policy.permits(address("::ffff:10.1.0.1")));
    EXPECT_TRUE(policy.permits(address("fd99::1")));
    EXPECT_FALSE(policy.permits(address("10.2.0.1")));
    EXPECT_TRUE(AddressPolicy::any().permits(address("127.0.0.1")));
}

TEST(Network, RefusesWhatIsNotCidr) {
    for (const auto* bad : {"", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/", "10.0.0.0/x", "a/8"}) {
        EXPECT_FALSE(Network::parse(bad)) << bad;
    }
    EXPECT_TRUE(Network::parse("10.0.0.1")->contains(address("10.0.0.1")));
    EXPECT_FALSE(Network::parse("10.0.0.1")->contains(address("10.0.0.2")));
}

}  // namespace
}  // namespace bandstand::http
