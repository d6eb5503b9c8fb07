#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace bandstand::discord {

/// What to do when the voice server ends the websocket (discord-voice 2.5).
enum class CloseReaction {
    resume,         ///< then a full join
    rejoin,         ///< a full join, with growing delays
    rejoin_twice,   ///< a full join for a fresh token, but no more than twice
    rejoin_once,    ///< something that we did wrong, or do not know: once more, then give up
    await_gateway,  ///< the main gateway tells what happened: wait for it
    give_up,        ///< trying again cannot help
};

struct CloseMeaning {
    CloseReaction reaction;
    base::Reason reason;    ///< if it comes to losing or giving up the connection because of it
    std::string_view text;  ///< for a person
};

/// `code` 0 stands for a connection that ended without a close frame.
CloseMeaning close_meaning(std::uint16_t code);

/// "the voice server closed with 4006 (session no longer valid)"
std::string describe_close(std::uint16_t code, std::string_view detail);

}  // namespace bandstand::discord
