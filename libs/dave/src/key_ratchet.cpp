#include "dave/key_ratchet.hpp"

namespace bandstand::dave {

void KeyRatchet::advance() {
    secret_ = mls::derive_tree_secret(secret_, "secret", generation_, mls::kHashBytes);
    ++generation_;
}

}  // namespace bandstand::dave
