#include "connect_options.hpp"

#include <gtest/gtest.h>

namespace bandstand::postgres {
namespace {

PoolOptions options_of(std::string url) {
    return {.url = base::Secret{std::move(url)}};
}

TEST(ConnectOptions, ReadAUrlAndAddTimeouts) {
    const auto keywords = connect_keywords(options_of("postgresql://audio:pw@db.example:6543/band"));
    ASSERT_TRUE(keywords);
    EXPECT_EQ(keywords->at("host"), "db.example");
    EXPECT_EQ(keywords->at("port"), "6543");
    EXPECT_EQ(keywords->at("dbname"), "band");
    EXPECT_NE(keywords->at("options").find("statement_timeout=10000"), std::string::npos);
}

TEST(ConnectOptions, WhatTheUrlSaysWins) {
    const auto keywords = connect_keywords(
        options_of("postgresql:///band?application_name=mine&options=-c%20statement_timeout%3D7"));
    ASSERT_TRUE(keywords);
    EXPECT_EQ(keywords->at("application_name"), "mine");
    const auto& settings = keywords->at("options");
    EXPECT_GT(settings.rfind("statement_timeout=7"), settings.find("statement_timeout=10000"));
}

TEST(ConnectOptions, AUrlThatCannotBeReadIsNotRepeatedInTheError) {
    const auto keywords = connect_keywords(options_of("postgresql://audio:geheim@[::1/band"));
    ASSERT_FALSE(keywords);
    EXPECT_EQ(keywords.error().reason(), kBadUrl);
    EXPECT_EQ(keywords.error().detail().find("geheim"), std::string::npos);
}

}  // namespace
}  // namespace bandstand::postgres
