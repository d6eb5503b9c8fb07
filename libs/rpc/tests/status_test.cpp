#include "../src/status.hpp"

#include <gtest/gtest.h>

#include <string>

namespace bandstand::rpc {
namespace {

using base::ErrorKind;

TEST(Status, EveryKindSurvivesTheWayThereAndBack) {
    for (int i = 0; i <= static_cast<int>(ErrorKind::unauthenticated); ++i) {
        const auto kind = static_cast<ErrorKind>(i);
        const base::Error error{kind, base::Reason{"audio.some_reason"}, "what happened"};
        const auto back = to_error(to_status(error), "audio.some_reason");
        EXPECT_EQ(back.kind(), kind) << name(kind);
        EXPECT_EQ(back.describe(), error.describe());
    }
}

TEST(Status, APeerWithoutAUsableReasonGetsOneOfOurs) {
    const grpc::Status status{grpc::StatusCode::NOT_FOUND, "nothing here"};
    for (const std::string& odd :
         {std::string{}, std::string{"Has Spaces"}, std::string{"line\nbreak"}, std::string(101, 'a')}) {
        EXPECT_EQ(to_error(status, odd).reason(), base::Reason{"rpc.not_found"}) << odd;
    }
}

TEST(Status, ACodeThatIsUnknownIsInternal) {
    EXPECT_EQ(to_error({grpc::StatusCode::UNKNOWN, ""}, "").kind(), ErrorKind::internal);
    EXPECT_EQ(to_error({static_cast<grpc::StatusCode>(20), ""}, "").kind(), ErrorKind::internal);
}

TEST(Status, ALongDetailIsCut) {
    const base::Error error{ErrorKind::internal, base::Reason{"audio.some_reason"},
                            std::string(100'000, 'x')};
    EXPECT_EQ(to_status(error).error_message().size(), 4096U);
}

}  // namespace
}  // namespace bandstand::rpc
