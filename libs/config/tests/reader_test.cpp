#include "config/reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace bandstand::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

Reader reader(std::map<std::string, std::string, std::less<>> values) {
    return Reader{Environment{std::move(values)}};
}

class SecretFile {
public:
    explicit SecretFile(const std::string& content) {
        const int file = ::mkstemp(path_.data());
        EXPECT_GE(file, 0);
        std::ofstream{path_, std::ios::binary} << content;
    }
    ~SecretFile() { std::filesystem::remove(path_); }
    SecretFile(const SecretFile&) = delete;
    SecretFile& operator=(const SecretFile&) = delete;
    const std::string& path() const { return path_; }

private:
    std::string path_ = std::filesystem::temp_directory_path() / "bandstand-secret-XXXXXX";
};

TEST(Environment, AnEmptyVariableCountsAsAbsent) {
    auto read = reader({{"NAME", ""}});
    EXPECT_EQ(read.text("NAME", "fallback", "A name."), "fallback");
    EXPECT_TRUE(read.finish());
}

TEST(Environment, OfTheProcessHoldsItsVariables) {
    ASSERT_EQ(::setenv("BANDSTAND_CONFIG_TEST", "a=b", 1), 0);
    EXPECT_EQ(Environment::of_process().get("BANDSTAND_CONFIG_TEST"), "a=b");
}

TEST(Reader, ReadsEveryKindOfValue) {
    auto read = reader({{"TEXT", "t"},
                        {"NUMBER", "-3"},
                        {"PORT", "0"},
                        {"ADDRESS", "[::1]:9102"},
                        {"WAIT_MS", "250"},
                        {"FLAG", "on"},
                        {"LIST", " a, ,b,"},
                        {"BUS", "kafka"},
                        {"TOKENS", "one,two"}});
    EXPECT_EQ(read.required_text("TEXT", "d"), "t");
    EXPECT_EQ(read.number("NUMBER", 1, -3, 3, "d"), -3);
    EXPECT_EQ(read.port("PORT", 9100, "d"), 0);
    EXPECT_EQ(read.address("ADDRESS", "127.0.0.1:1", "d"), (Address{"::1", 9102}));
    EXPECT_EQ(read.duration_ms("WAIT_MS", 1s, "d"), 250ms);
    EXPECT_TRUE(read.flag("FLAG", false, "d"));
    EXPECT_THAT(read.list("LIST", "d"), ElementsAre("a", "b"));
    EXPECT_EQ(read.choice("BUS", "postgres", {"postgres", "kafka"}, "d"), "kafka");
    const auto tokens = read.secret_list("TOKENS", "d");
    ASSERT_EQ(tokens.size(), 2U);
    EXPECT_EQ(tokens[1].reveal(), "two");
    EXPECT_TRUE(read.finish());
}

TEST(Reader, AnAbsentValueIsTheDefault) {
    auto read = reader({});
    EXPECT_EQ(read.text("TEXT", "t", "d"), "t");
    EXPECT_EQ(read.number("NUMBER", 7, 0, 9, "d"), 7);
    EXPECT_EQ(read.address("ADDRESS", "localhost:80", "d"), (Address{"localhost", 80}));
    EXPECT_EQ(read.duration_ms("WAIT_MS", 1s, "d"), 1s);
    EXPECT_TRUE(read.flag("FLAG", true, "d"));
    EXPECT_TRUE(read.list("LIST", "d").empty());
    EXPECT_TRUE(read.secret("TOKEN", "d").empty());
    EXPECT_EQ(read.choice("BUS", "postgres", {"postgres", "kafka"}, "d"), "postgres");
    EXPECT_TRUE(read.finish());
}

TEST(Reader, EveryProblemIsToldAtOnceAndByName) {
    auto read =
        reader({{"NUMBER", "12x"}, {"PORT", "70000"}, {"ADDRESS", "::1:5"}, {"FLAG", "si"}, {"BUS", "nats"}});
    EXPECT_EQ(read.number("NUMBER", 1, 0, 20, "d"), 1);
    EXPECT_EQ(read.port("PORT", 9100, "d"), 9100);
    EXPECT_EQ(read.address("ADDRESS", "127.0.0.1:1", "d"), (Address{"127.0.0.1", 1}));
    EXPECT_FALSE(read.flag("FLAG", false, "d"));
    EXPECT_EQ(read.choice("BUS", "postgres", {"postgres", "kafka"}, "d"), "postgres");
    EXPECT_EQ(read.required_text("LIBRARY_DIR", "Folder of songs."), "");
    read.problem("SHARD_COUNT", "needs a token");
    const auto told = read.finish();
    ASSERT_FALSE(told);
    EXPECT_EQ(told.error().reason(), kInvalid);
    EXPECT_EQ(told.error().detail(),
              "NUMBER: '12x' is not a whole number from 0 to 20; "
              "PORT: '70000' is not a whole number from 0 to 65535; "
              "ADDRESS: '::1:5' is not host:port; "
              "FLAG: 'si' is not true or false; "
              "BUS: 'nats' is not one of postgres, kafka; "
              "LIBRARY_DIR: is required: Folder of songs.; "
              "SHARD_COUNT: needs a token");
}

TEST(Reader, ASecretComesFromAFileWithoutItsLineEnd) {
    const SecretFile file{"s3cret line\r\n"};
    auto read = reader({{"TOKEN_FILE", file.path()}});
    EXPECT_EQ(read.required_secret("TOKEN", "d").reveal(), "s3cret line");
    EXPECT_TRUE(read.finish());
}

TEST(Reader, ASecretSetTwiceIsAProblemThatDoesNotTellIt) {
    const SecretFile file{"from-file"};
    auto read = reader({{"TOKEN", "from-variable"}, {"TOKEN_FILE", file.path()}});
    read.secret("TOKEN", "d");
    const auto told = read.finish();
    ASSERT_FALSE(told);
    EXPECT_EQ(told.error().detail(), "TOKEN: is set twice, also by TOKEN_FILE: keep one");
}

TEST(Reader, ASecretFileThatCannotServeIsAProblem) {
    const SecretFile empty{"\n"};
    const SecretFile large{std::string(64 * 1024 + 1, 'x')};
    auto read = reader({{"A_FILE", "/nowhere/at-all"}, {"B_FILE", empty.path()}, {"C_FILE", large.path()}});
    EXPECT_TRUE(read.secret("A", "d").empty());
    EXPECT_TRUE(read.required_secret("B", "d").empty());
    EXPECT_TRUE(read.secret("C", "d").empty());
    const auto told = read.finish();
    ASSERT_FALSE(told);
    EXPECT_THAT(told.error().detail(), HasSubstr("A_FILE: '/nowhere/at-all': No such file or directory"));
    EXPECT_THAT(told.error().detail(), HasSubstr("B_FILE: '" + empty.path() + "': the file is empty"));
    EXPECT_THAT(told.error().detail(), HasSubstr("is larger than 64 KiB"));
    EXPECT_THAT(told.error().detail(), Not(HasSubstr("xxx")));
}

TEST(Reader, TheReferenceListsWhatWasRead) {
    auto read = reader({{"TOKEN", "hidden"}});
    read.port("OPS_PORT", 9100, "Port of /metrics.");
    read.secret("TOKEN", "Bot token | one line.");
    read.required_text("LIBRARY_DIR", "Folder of songs.");
    EXPECT_EQ(read.reference(),
              "| Variable | Value | Default | What it is for |\n| --- | --- | --- | --- |\n"
              "| `OPS_PORT` | 0 to 65535 | `9100` | Port of /metrics. |\n"
              "| `TOKEN` or `TOKEN_FILE` | secret |  | Bot token \\| one line. |\n"
              "| `LIBRARY_DIR` | text | (required) | Folder of songs. |\n");
}

TEST(Address, IsHostAndPort) {
    EXPECT_EQ(Address::parse("db:5432"), (Address{"db", 5432}));
    EXPECT_EQ(to_string(Address{"::1", 80}), "[::1]:80");
    EXPECT_EQ(to_string(Address{"db", 80}), "db:80");
    for (const auto* bad : {"", "db", ":80", "db:", "db:x", "db:65536", "db:-1", "[]:80", "::1:80"}) {
        EXPECT_FALSE(Address::parse(bad)) << bad;
    }
}

}  // namespace
}  // namespace bandstand::config
