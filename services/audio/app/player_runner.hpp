#pragma once

#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "app/player_metrics.hpp"
#include "domain/player.hpp"
#include "observe/trace.hpp"
#include "ports/gateway.hpp"
#include "ports/players.hpp"
#include "ports/sources.hpp"
#include "ports/stage.hpp"
#include "runtime/context.hpp"
#include "runtime/mailbox.hpp"
#include "runtime/task_group.hpp"

namespace bandstand::audio {

/// What all players share.
struct RunnerParts {
    runtime::Context context;
    runtime::TaskGroup& tasks;
    ports::Players& players;
    ports::Sources& sources;
    ports::Gateway& gateway;
    ports::StageFactory stages;
    PlayerMetrics& metrics;
};

/// One player at work: takes what happens in turn, lets the state machine decide, saves and announces, then
/// acts.
///
/// A decision is made on a copy and kept once it is saved, so that a message whose save failed can be handled
/// again. Slow work (search, join, open) runs beside; its outcome comes back as one more event. Loop thread
/// only.
class PlayerRunner : public std::enable_shared_from_this<PlayerRunner> {
public:
    static std::shared_ptr<PlayerRunner> start(RunnerParts parts, domain::PlayerKey key, ports::Owner owner,
                                               domain::Player player);

    /// One message of the inbox. Returns when its consequences are saved and begun, not when they are over.
    /// `event_id` empty: repeating the message is harmless.
    runtime::Task<base::Result<void>> deliver(domain::Input input, std::string event_id);
    /// Something that happened in the process.
    void tell(domain::Input input);
    /// About once a second.
    void tick();

    domain::View view(std::uint32_t page) const;
    /// For the save of positions; nothing when it does not play.
    std::optional<ports::PositionRow> position() const;
    bool active() const { return player_.active(); }
    /// Nothing is going on that is not saved: may be dropped from memory.
    bool dormant() const;
    /// Another process overtook us.
    bool fenced() const { return fenced_; }

    /// Handles what has arrived, saves the exact position, falls silent. The voice channel is kept: the next
    /// owner goes on there.
    runtime::Task<void> stop();
    /// Ends without a last save: for a dormant or fenced player.
    void abandon();

private:
    struct Waiting {
        explicit Waiting(asio::io_context& loop) : done{loop, asio::steady_timer::time_point::max()} {}
        asio::steady_timer done;
        std::optional<base::Result<void>> result;
    };
    struct Item {
        domain::Input input;
        std::string event_id;
        std::shared_ptr<Waiting> waiting;  // shared with deliver(), which may be stopped first
    };
    struct FirstFrame {
        domain::EntryId entry;
        base::Instant asked;
        observe::Span span;
    };
    using GatewayCall = std::variant<domain::RequestJoin, domain::RequestLeave>;

    PlayerRunner(RunnerParts parts, domain::PlayerKey key, ports::Owner owner, domain::Player player);
    runtime::Task<base::Result<void>> run();
    runtime::Task<void> handle(Item item);
    runtime::Task<base::Result<void>> process(const Item& item);
    runtime::Task<void> save_last();
    void follow_position();
    void perform(std::vector<domain::Effect> effects);
    void observe(const domain::Decision& decision);
    void trace(const domain::Input& input);
    runtime::Task<base::Result<void>> resolve(domain::Resolve order);
    runtime::Task<base::Result<void>> call_gateway();
    runtime::Task<void> join(domain::RequestJoin order);

    RunnerParts parts_;
    domain::PlayerKey key_;
    ports::Owner owner_;
    domain::Player player_;
    std::unique_ptr<ports::Stage> stage_;
    runtime::Mailbox<Item> mailbox_;
    std::deque<GatewayCall> gateway_calls_;  // one at a time: a leave must not overtake a join
    bool calling_gateway_ = false;
    std::size_t resolving_ = 0;
    bool handling_ = false;
    bool fenced_ = false;
    std::string unsure_;  ///< the event whose save was answered by silence
    bool abandoned_ = false;
    bool ended_ = false;
    asio::steady_timer ended_changed_;

    std::string traceparent_;  // of the last command
    std::optional<observe::Span> joining_;
    std::optional<FirstFrame> first_frame_;
};

}  // namespace bandstand::audio
