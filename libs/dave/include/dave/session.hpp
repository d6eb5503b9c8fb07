#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "mls/group.hpp"

// The client's half of DAVE's key exchange, protocol version 1: opcodes 21 to 31 of the voice WebSocket in,
// messages and keys out. Sans-I/O: no socket, no clock. Facts: Discord's DAVE whitepaper 1.1.4 and libdave.

namespace bandstand::dave {

constexpr std::uint16_t kProtocolVersion = 1;
constexpr base::Reason kBadExternalSender{"dave.bad_external_sender"};
constexpr base::Reason kBadProposals{"dave.bad_proposals"};
constexpr base::Reason kBadCommit{"dave.bad_commit"};
constexpr base::Reason kBadWelcome{"dave.bad_welcome"};
constexpr base::Reason kWrongRoster{"dave.wrong_roster"};

/// What the session wants done, in order.
struct SendKeyPackage {  // op 26
    base::Bytes body;
};
struct SendCommitWelcome {  // op 28
    base::Bytes body;
};
struct SendTransitionReady {  // op 23
    std::uint16_t transition_id;
};
struct SendInvalidCommitWelcome {  // op 31
    std::uint16_t transition_id;
};
/// From now on our frames are sealed with keys of this secret, from nonce 1; nothing = sent as they are
/// (version 0).
struct UseSenderSecret {
    std::optional<mls::Secret> base_secret;
};
/// Frames of this user may come sealed with keys of this secret; the last one stays good for 10 s.
struct AddReceiverSecret {
    base::UserId user;
    mls::Secret base_secret;
};
/// Unsealed frames of others pass from now on, or for 10 s more.
struct AllowPassthrough {
    bool allowed;
};
struct ForgetReceiver {
    base::UserId user;
};
/// Something the other end sent was refused; for the log. The session has already done what the protocol
/// wants.
struct Refused {
    base::Error error;
};
using Action = std::variant<SendKeyPackage, SendCommitWelcome, SendTransitionReady, SendInvalidCommitWelcome,
                            UseSenderSecret, AddReceiverSecret, AllowPassthrough, ForgetReceiver, Refused>;
using Actions = std::vector<Action>;

/// One voice connection's membership in its channel's MLS group.
class Session {
public:
    /// `identity` is shared by all connections of the account; its credential is set here, from `self`.
    Session(base::UserId self, base::ChannelId channel, mls::KeyPair signature_key);

    /// Op 4: the version of the call. 0 = transport encryption only.
    Actions on_session_description(std::uint16_t version);
    Actions on_clients_connect(const std::vector<base::UserId>& users);                 // op 11
    Actions on_client_disconnect(base::UserId user);                                    // op 13
    Actions on_prepare_transition(std::uint16_t transition_id, std::uint16_t version);  // op 21
    Actions on_execute_transition(std::uint16_t transition_id);                         // op 22
    Actions on_prepare_epoch(std::uint64_t epoch, std::uint16_t version);               // op 24
    Actions on_external_sender(base::ByteView body);                                    // op 25
    Actions on_proposals(base::ByteView body);                                          // op 27
    Actions on_announce_commit(std::uint16_t transition_id, base::ByteView commit);     // op 29
    Actions on_welcome(std::uint16_t transition_id, base::ByteView welcome);            // op 30

    std::uint16_t version() const { return version_; }
    bool established() const { return current_.has_value(); }
    /// Of the established group; 0 without one.
    std::uint64_t epoch() const { return current_ ? current_->epoch() : 0; }
    /// Users in the established group, ourselves included.
    std::vector<base::UserId> roster() const;
    const mls::Group* group() const { return current_ ? &*current_ : nullptr; }

private:
    struct OwnCommit {
        base::Bytes message;
        mls::Group next;
    };

    void initialise(std::uint16_t version, Actions& out);
    void build_pending_group();
    mls::Group* proposals_group();
    base::Result<void> append_proposals(mls::Group& group, base::ByteView messages);
    base::Result<void> check_added(const mls::KeyPackage& package) const;
    base::Result<void> check_roster(const mls::Group& group) const;
    void adopt(mls::Group next, std::uint16_t transition_id, Actions& out);
    void prepare(std::uint16_t transition_id, std::uint16_t version, Actions& out);
    void execute(std::uint16_t version, Actions& out);
    void recover(std::uint16_t transition_id, base::Error why, Actions& out);
    mls::Secret base_secret(base::UserId user) const;

    base::UserId self_;
    base::Bytes group_id_;
    mls::Identity identity_;
    std::uint16_t version_ = 0;
    bool initialised_ = false;
    std::optional<mls::ExternalSender> external_sender_;
    std::set<base::UserId> recognised_;
    std::optional<mls::OwnKeyPackage> key_package_;
    std::optional<mls::Group> pending_;  // of one, epoch 0, until a commit or a welcome
    std::optional<mls::Group> current_;
    std::optional<OwnCommit> own_commit_;
    std::map<std::uint16_t, std::uint16_t> transitions_;  // prepared: id -> version
};

}  // namespace bandstand::dave
