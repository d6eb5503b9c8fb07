#pragma once

#include <vector>

#include "domain/signals.hpp"
#include "ports/player_inbox.hpp"
#include "runtime/context.hpp"
#include "runtime/mailbox.hpp"

namespace bandstand::gateway {

/// Passes voice signalling on to the players in the order in which Discord sent it, through outages of the
/// bus.
class SignalPost {
public:
    SignalPost(runtime::Context context, ports::PlayerInbox& inbox);

    /// Never blocks. When the bus has been away for so long that the queue is full, the signal is lost and
    /// counted.
    void send(domain::AddressedSignal signal);
    /// Publishes until stopped.
    runtime::Task<base::Result<void>> run();
    std::size_t waiting() const { return queue_.size(); }

private:
    runtime::Task<void> publish(std::vector<domain::AddressedSignal> batch);

    runtime::Context context_;
    ports::PlayerInbox& inbox_;
    runtime::Mailbox<domain::AddressedSignal> queue_;
    observe::Counter lost_;
};

}  // namespace bandstand::gateway
