#include "base/secret.hpp"

#include <string.h>  // explicit_bzero is not in <cstring>

namespace bandstand::base {

Secret::~Secret() {
    if (!value_.empty()) ::explicit_bzero(value_.data(), value_.size());
}

}  // namespace bandstand::base
