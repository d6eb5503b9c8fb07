#include "runtime/mailbox.hpp"

#include "runtime/testing.hpp"

namespace bandstand::runtime {
namespace {

class MailboxTest : public LoopTest {};

TEST_F(MailboxTest, RefusesWhatDoesNotFitAndDeliversTheRestInOrder) {
    Mailbox<int> box{loop_, 2};
    EXPECT_TRUE(box.push(1));
    EXPECT_TRUE(box.push(2));
    EXPECT_FALSE(box.push(3));
    box.close();
    run([](Mailbox<int>& from) -> Task<void> {
        EXPECT_EQ(*co_await from.pop(), 1);
        EXPECT_EQ(*co_await from.pop(), 2);
        const auto none = co_await from.pop();
        EXPECT_EQ(none.error().reason(), kMailboxClosed);
    }(box));
}

TEST_F(MailboxTest, WakesAWaitingReader) {
    Mailbox<int> box{loop_, 2};
    asio::post(loop_, [&box] { EXPECT_TRUE(box.push(7)); });
    run([](Mailbox<int>& from) -> Task<void> { EXPECT_EQ(*co_await from.pop(), 7); }(box));
}

}  // namespace
}  // namespace bandstand::runtime
