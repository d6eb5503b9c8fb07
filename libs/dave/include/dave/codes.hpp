#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"

// What people compare to know that nobody sits between them (whitepaper, "Verification").

namespace bandstand::dave {

constexpr base::Reason kBadCode{"dave.bad_code"};

/// Decimal digits of `data`, `group` at a time. Errors: kBadCode when the data is too short, the length is no
/// multiple of the group, or the group is over 8.
base::Result<std::string> displayable_code(base::ByteView data, std::size_t length, std::size_t group);
/// The channel's code: 30 digits of the epoch authenticator.
base::Result<std::string> epoch_code(base::ByteView epoch_authenticator);
/// One user's fingerprint, version 0. Errors: kBadCode for an empty key or another version.
base::Result<base::Bytes> fingerprint(std::uint16_t version, base::ByteView public_key, base::UserId user);
/// 64 bytes that both sides compute alike, by scrypt (about 30 ms and 16 MiB). Errors: kBadCode.
base::Result<base::Bytes> pairwise_fingerprint(base::ByteView one, base::ByteView other);

}  // namespace bandstand::dave
