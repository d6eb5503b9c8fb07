#include "dave/codes.hpp"

#include "vectors.hpp"

namespace bandstand::dave {
namespace {

TEST(Codes, AreThePublishedOnes) {
    const auto vectors = load_vectors("verification_codes");
    for (const auto& entry : vectors.at("displayable_codes")) {
        const auto code = displayable_code(bytes(entry.at("data")), entry.at("length"), entry.at("group"));
        ASSERT_TRUE(code);
        EXPECT_EQ(Json(*code), entry.at("code"));
    }
    for (const auto& entry : vectors.at("displayable_code_errors")) {
        const auto data = entry.contains("data") ? bytes(entry.at("data"))
                                                 : base::Bytes(entry.at("data_length").get<std::size_t>());
        EXPECT_FALSE(displayable_code(data, entry.at("length"), entry.at("group"))) << entry.at("why");
    }
    for (const auto& entry : vectors.at("key_fingerprints")) {
        EXPECT_EQ(hex(*fingerprint(entry.at("version"), bytes(entry.at("key")), user(entry.at("user_id")))),
                  entry.at("fingerprint"));
    }
    for (const auto& entry : vectors.at("pairwise_fingerprints")) {
        const auto local = *fingerprint(0, bytes(entry.at("local_key")), user(entry.at("local_user_id")));
        const auto remote = *fingerprint(0, bytes(entry.at("remote_key")), user(entry.at("remote_user_id")));
        EXPECT_EQ(hex(*pairwise_fingerprint(local, remote)), entry.at("fingerprint"));
        EXPECT_EQ(hex(*pairwise_fingerprint(remote, local)), entry.at("fingerprint"));
    }
    EXPECT_FALSE(fingerprint(0, {}, base::UserId{1}));
    EXPECT_FALSE(fingerprint(1, base::as_bytes("key"), base::UserId{1}));
}

}  // namespace
}  // namespace bandstand::dave
