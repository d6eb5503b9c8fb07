#include "dave/session.hpp"

#include <algorithm>

namespace bandstand::dave {
namespace {

using base::Bytes;
using base::ByteView;
using base::ErrorKind;
using base::Result;

constexpr std::size_t kMaxMessageBytes = 256 * 1024;
constexpr std::size_t kMaxTransitions = 64;

std::unexpected<base::Error> refuse(base::Reason reason, std::string_view why) {
    return base::fail(ErrorKind::invalid_argument, reason, why);
}

// Credentials carry the user id big endian; the exporter's context carries it little endian.
Bytes big_endian(std::uint64_t id) {
    Bytes out(8);
    base::write_be(id, out);
    return out;
}
Bytes little_endian(std::uint64_t id) {
    auto out = big_endian(id);
    std::ranges::reverse(out);
    return out;
}

std::optional<base::UserId> user_of(const mls::Credential& credential) {
    if (credential.identity.size() != 8) return std::nullopt;
    return base::UserId{base::read_be<std::uint64_t>(credential.identity)};
}

}  // namespace

Session::Session(base::UserId self, base::ChannelId channel, mls::KeyPair signature_key)
    : self_{self},
      group_id_{big_endian(channel.value())},
      identity_{.signature = std::move(signature_key), .credential = {big_endian(self.value())}},
      recognised_{self} {}

// Also what op 24 with epoch 1 and every recovery do: a new leaf, a new key package. Keys in use go on until
// replaced.
void Session::initialise(std::uint16_t version, Actions& out) {
    version_ = version;
    pending_.reset();
    current_.reset();
    own_commit_.reset();
    key_package_.reset();
    transitions_.clear();
    initialised_ = version > 0;
    if (!initialised_) {
        out.push_back(UseSenderSecret{std::nullopt});
        out.push_back(AllowPassthrough{true});
        return;
    }
    auto made = mls::OwnKeyPackage::make(identity_);
    if (!made) {
        out.push_back(Refused{std::move(made).error().during("make a key package")});
        return;
    }
    key_package_ = *std::move(made);
    build_pending_group();
    out.push_back(SendKeyPackage{mls::encode(key_package_->package)});
}

void Session::build_pending_group() {
    pending_.reset();
    if (!external_sender_ || !key_package_ || current_) return;
    mls::Writer senders;
    senders.list(std::vector{*external_sender_});
    auto group = mls::Group::create(*key_package_, group_id_,
                                    {{mls::Extension::kExternalSenders, std::move(senders).take()}});
    if (group) pending_ = *std::move(group);
}

Actions Session::on_session_description(std::uint16_t version) {
    Actions out;
    initialise(std::min(version, kProtocolVersion), out);
    return out;
}

Actions Session::on_prepare_epoch(std::uint64_t epoch, std::uint16_t version) {
    Actions out;
    if (epoch == 1) {
        initialise(std::min(version, kProtocolVersion), out);
    } else {
        version_ = std::min(version, kProtocolVersion);
    }
    return out;
}

Actions Session::on_clients_connect(const std::vector<base::UserId>& users) {
    recognised_.insert(users.begin(), users.end());
    return {};
}

Actions Session::on_client_disconnect(base::UserId user) {
    if (user == self_) return {};
    recognised_.erase(user);
    return {ForgetReceiver{user}};
}

Actions Session::on_external_sender(ByteView body) {
    auto sender = mls::decode<mls::ExternalSender>(body);
    if (sender && !mls::check_public_key(sender->signature_key)) {
        sender = refuse(kBadExternalSender, "its key is no point of the curve");
    }
    if (!sender) return {Refused{std::move(sender).error().during("external sender")}};
    if (current_) {
        if (*sender == external_sender_) return {};
        return {Refused{
            {ErrorKind::failed_precondition, kBadExternalSender, "another one while a group stands"}}};
    }
    external_sender_ = *std::move(sender);
    if (initialised_) build_pending_group();
    return {};
}

mls::Group* Session::proposals_group() {
    if (current_) return &*current_;
    return pending_ ? &*pending_ : nullptr;
}

// An added leaf must be a user whom the gateway announced, under that user's name.
Result<void> Session::check_added(const mls::KeyPackage& package) const {
    const auto user = user_of(package.leaf.credential);
    if (!user || !recognised_.contains(*user))
        return refuse(kWrongRoster, "adds a user who is not in the channel");
    return base::ok();
}

Result<void> Session::append_proposals(mls::Group& group, ByteView messages) {
    mls::Reader in{messages};
    while (in.ok() && !in.empty()) {
        const auto message = mls::MlsMessage::decode(in);
        if (!in.ok()) break;
        const auto* proposal = std::get_if<mls::PublicMessage>(&message.body);
        if (proposal == nullptr || proposal->is_commit()) return refuse(kBadProposals, "not a proposal");
        if (proposal->content.sender.type != mls::Sender::Type::external ||
            proposal->content.sender.index != 0) {
            return refuse(kBadProposals, "only the gateway proposes");
        }
        const auto& body = std::get<mls::Proposal>(proposal->content.body).body;
        if (const auto* add = std::get_if<mls::Add>(&body)) {
            if (auto fine = check_added(add->key_package); !fine) return fine;
        }
        auto kept = group.receive_proposal(*proposal);
        if (!kept) return std::unexpected(std::move(kept).error());
    }
    if (!in.ok()) return refuse(kBadProposals, "malformed");
    return base::ok();
}

Actions Session::on_proposals(ByteView body) {
    auto* group = proposals_group();
    if (group == nullptr) return {};
    if (body.size() > kMaxMessageBytes)
        return {Refused{{ErrorKind::resource_exhausted, kBadProposals, "too large"}}};
    mls::Reader in{body};
    const auto operation = in.u8();
    const auto items = in.vector();
    if (!in.done() || operation > 1)
        return {Refused{{ErrorKind::invalid_argument, kBadProposals, "malformed"}}};
    if (operation == 0) {
        if (auto appended = append_proposals(*group, items); !appended)
            return {Refused{std::move(appended).error()}};
    } else {
        mls::Reader refs{items};
        while (refs.ok() && !refs.empty()) group->forget_proposal(refs.vector());
        if (!refs.ok()) return {Refused{{ErrorKind::invalid_argument, kBadProposals, "malformed"}}};
    }
    own_commit_.reset();
    if (group->pending_proposals() == 0) return {};
    auto committed = group->commit();
    // A member that a queued proposal removes cannot commit: it stays silent.
    if (!committed) return {Refused{std::move(committed).error().during("commit")}};
    const auto message = mls::encode(mls::MlsMessage{committed->message});
    auto wire = message;
    if (committed->welcome) {
        const auto welcome = mls::encode(*committed->welcome);  // bare, glued to the commit
        wire.insert(wire.end(), welcome.begin(), welcome.end());
    }
    own_commit_ = OwnCommit{message, std::move(committed->next)};
    return {SendCommitWelcome{std::move(wire)}};
}

Result<void> Session::check_roster(const mls::Group& group) const {
    std::set<base::UserId> users;
    for (const auto member : group.tree().members()) {
        const auto user = user_of(group.tree().leaf(member)->credential);
        if (!user) return refuse(kWrongRoster, "a member whose name is no user id");
        if (!users.insert(*user).second) return refuse(kWrongRoster, "a user twice");
    }
    return base::ok();
}

Actions Session::on_announce_commit(std::uint16_t transition_id, ByteView commit) {
    Actions out;
    if (own_commit_ && std::ranges::equal(commit, own_commit_->message)) {
        auto next = std::move(own_commit_->next);
        adopt(std::move(next), transition_id, out);
        return out;
    }
    // Without a group we wait for a welcome: what others commit is not for us.
    if (!current_) return out;
    auto message = mls::decode<mls::MlsMessage>(commit);
    if (!message) {
        recover(transition_id, std::move(message).error(), out);
        return out;
    }
    const auto* content = std::get_if<mls::PublicMessage>(&message->body);
    if (content == nullptr || !content->is_commit()) {
        recover(transition_id, {ErrorKind::invalid_argument, kBadCommit, "not a commit"}, out);
        return out;
    }
    for (const auto& item : std::get<mls::Commit>(content->content.body).proposals) {
        if (std::holds_alternative<mls::Proposal>(item.body)) {
            recover(transition_id, {ErrorKind::invalid_argument, kBadCommit, "a proposal by value"}, out);
            return out;
        }
    }
    auto next = current_->process(*content);
    if (next) {
        if (auto fine = check_roster(*next); !fine) next = std::unexpected(std::move(fine).error());
    }
    if (!next && next.error().reason() == mls::kRemoved) {
        // We were removed: the gateway closes the connection or adds us again. Either way this group is over.
        current_.reset();
        own_commit_.reset();
        out.push_back(Refused{std::move(next).error()});
        return out;
    }
    if (!next) {
        recover(transition_id, std::move(next).error().during("commit"), out);
        return out;
    }
    adopt(*std::move(next), transition_id, out);
    return out;
}

Actions Session::on_welcome(std::uint16_t transition_id, ByteView welcome) {
    Actions out;
    if (!initialised_ || current_ || !key_package_ || !external_sender_) return out;
    const auto joined = [&]() -> Result<mls::Group> {
        if (welcome.size() > kMaxMessageBytes) return refuse(kBadWelcome, "too large");
        auto message = mls::decode<mls::Welcome>(welcome);
        if (!message) return std::unexpected(std::move(message).error());
        auto group = mls::Group::join(*message, *key_package_);
        if (!group) return group;
        if (group->context().group_id != group_id_)
            return refuse(kBadWelcome, "a welcome to another channel");
        if (group->epoch() == 0) return refuse(kBadWelcome, "a welcome to epoch 0");
        const auto senders = group->external_senders();
        if (!senders || *senders != std::vector{*external_sender_}) {
            return refuse(kBadWelcome, "another external sender than the gateway's");
        }
        if (auto fine = check_roster(*group); !fine) return std::unexpected(std::move(fine).error());
        return group;
    };
    auto group = joined();
    if (!group) {
        recover(transition_id, std::move(group).error().during("welcome"), out);
        return out;
    }
    key_package_.reset();  // a key package joins once
    adopt(*std::move(group), transition_id, out);
    return out;
}

void Session::adopt(mls::Group next, std::uint16_t transition_id, Actions& out) {
    current_ = std::move(next);
    pending_.reset();
    own_commit_.reset();
    prepare(transition_id, version_, out);
}

// Receivers change when a transition is prepared, our sender when it is executed.
void Session::prepare(std::uint16_t transition_id, std::uint16_t version, Actions& out) {
    if (version > 0 && current_) {
        for (const auto user : roster()) {
            if (user != self_) out.push_back(AddReceiverSecret{user, base_secret(user)});
        }
    }
    out.push_back(AllowPassthrough{version == 0});
    if (transition_id == 0) {
        execute(version, out);
        return;
    }
    if (transitions_.size() >= kMaxTransitions) transitions_.erase(transitions_.begin());
    transitions_[transition_id] = version;
    out.push_back(SendTransitionReady{transition_id});
}

Actions Session::on_prepare_transition(std::uint16_t transition_id, std::uint16_t version) {
    Actions out;
    prepare(transition_id, std::min(version, kProtocolVersion), out);
    return out;
}

Actions Session::on_execute_transition(std::uint16_t transition_id) {
    Actions out;
    const auto prepared = transitions_.find(transition_id);
    if (prepared == transitions_.end()) return out;
    const auto version = prepared->second;
    transitions_.erase(prepared);
    execute(version, out);
    return out;
}

void Session::execute(std::uint16_t version, Actions& out) {
    version_ = version;
    if (version == 0) {
        current_.reset();
        pending_.reset();
        own_commit_.reset();
        out.push_back(UseSenderSecret{std::nullopt});
    } else if (current_) {
        out.push_back(UseSenderSecret{base_secret(self_)});
    }
}

void Session::recover(std::uint16_t transition_id, base::Error why, Actions& out) {
    out.push_back(Refused{std::move(why)});
    out.push_back(SendInvalidCommitWelcome{transition_id});
    initialise(version_, out);
}

std::vector<base::UserId> Session::roster() const {
    std::vector<base::UserId> users;
    if (!current_) return users;
    for (const auto member : current_->tree().members()) {
        if (const auto user = user_of(current_->tree().leaf(member)->credential)) users.push_back(*user);
    }
    return users;
}

mls::Secret Session::base_secret(base::UserId user) const {
    return current_->secrets().export_secret("Discord Secure Frames v0", little_endian(user.value()),
                                             mls::kKeyBytes);
}

}  // namespace bandstand::dave
