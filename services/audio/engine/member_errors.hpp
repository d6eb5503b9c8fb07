#pragma once

#include "base/result.hpp"

namespace bandstand::audio {

/// An error of http or media as one of the player's own reasons, with a sentence that a member may read.
/// One that has such a reason already stays as it is.
base::Error for_member(base::Error error);

/// The same for an answer of a server that is not 2xx.
base::Error for_member(int http_status);

}  // namespace bandstand::audio
