#include "dave/codes.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace bandstand::dave {
namespace {

using base::ErrorKind;

constexpr std::size_t kMaxGroup = 8;
constexpr std::size_t kFingerprintBytes = 64;
// The protocol's fixed salt and cost: both sides must compute the same.
constexpr std::array<unsigned char, 16> kSalt{0x24, 0xca, 0xb1, 0x7a, 0x7a, 0xf8, 0xec, 0x2b,
                                              0x82, 0xb4, 0x12, 0xb9, 0x2d, 0xab, 0x19, 0x2e};
constexpr std::uint64_t kScryptN = 16384;
constexpr std::uint64_t kScryptR = 8;
constexpr std::uint64_t kScryptP = 2;
constexpr std::uint64_t kScryptMemory = 64 * 1024 * 1024;

}  // namespace

base::Result<std::string> displayable_code(base::ByteView data, std::size_t length, std::size_t group) {
    if (group == 0 || group > kMaxGroup || length % group != 0 || data.size() < length) {
        return base::fail(ErrorKind::invalid_argument, kBadCode, data.size(), "bytes give no code of", length,
                          "digits");
    }
    std::string code;
    for (std::size_t at = 0; at < length; at += group) {
        std::uint64_t number = 0;
        std::uint64_t modulus = 1;
        for (std::size_t i = 0; i < group; ++i) {
            number = (number << 8U) | std::to_integer<std::uint64_t>(data[at + i]);
            modulus *= 10;
        }
        const auto digits = std::to_string(number % modulus);
        code.append(group - digits.size(), '0').append(digits);
    }
    return code;
}

base::Result<std::string> epoch_code(base::ByteView epoch_authenticator) {
    return displayable_code(epoch_authenticator, 30, 5);
}

base::Result<base::Bytes> fingerprint(std::uint16_t version, base::ByteView public_key, base::UserId user) {
    if (version != 0 || public_key.empty())
        return base::fail(ErrorKind::invalid_argument, kBadCode, "no such fingerprint");
    base::Bytes out(2);
    base::write_be(version, out);
    out.insert(out.end(), public_key.begin(), public_key.end());
    out.resize(out.size() + 8);
    base::write_be(user.value(), base::MutableBytes{out}.last(8));
    return out;
}

base::Result<base::Bytes> pairwise_fingerprint(base::ByteView one, base::ByteView other) {
    const bool in_order = std::ranges::lexicographical_compare(one, other);
    base::Bytes both;
    for (const auto part : in_order ? std::array{one, other} : std::array{other, one}) {
        both.insert(both.end(), part.begin(), part.end());
    }
    base::Bytes out(kFingerprintBytes);
    if (EVP_PBE_scrypt(reinterpret_cast<const char*>(both.data()), both.size(), kSalt.data(), kSalt.size(),
                       kScryptN, kScryptR, kScryptP, kScryptMemory,
                       reinterpret_cast<unsigned char*>(out.data()), out.size()) != 1) {
        return base::fail(ErrorKind::internal, kBadCode, "scrypt failed");
    }
    return out;
}

}  // namespace bandstand::dave
