#pragma once

#include <string>
#include <variant>

#include "discord/models.hpp"
#include "domain/player_request.hpp"

namespace bandstand::gateway::domain {

/// How the person hears that we heard them, before any work is done.
enum class Acknowledgement {
    public_reply,   ///< "thinking…", for everybody
    private_reply,  ///< "thinking…", for this person
    update,         ///< nothing visible: the message with the button will change
};

struct AskedPlayer {
    PlayerRequest request;
    Acknowledgement acknowledgement = Acknowledgement::public_reply;
};
struct AskedHelp {};
struct AskedChoices {
    std::string typed;  ///< empty: nothing to search for
};
using Asked = std::variant<AskedPlayer, AskedHelp, AskedChoices, Refusal>;

constexpr std::uint64_t kMaxAttachmentBytes = 200ULL << 20U;

/// Reads an interaction: the only place where Discord's option names and custom ids are known.
Asked read_interaction(const discord::Interaction& interaction);

/// "play", "skip", …: for logs and metrics.
std::string_view name_of(const PlayerRequest& request);

}  // namespace bandstand::gateway::domain
