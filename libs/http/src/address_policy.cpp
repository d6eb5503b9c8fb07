#include "http/address_policy.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

#include "base/assert.hpp"

namespace bandstand::http {
namespace {

asio::ip::address_v6 as_v6(const asio::ip::address& address) {
    if (address.is_v6()) return address.to_v6();
    return asio::ip::make_address_v6(asio::ip::v4_mapped, address.to_v4());
}

// IANA IPv4 and IPv6 special-purpose address registries: what is not globally reachable, and multicast. Of
// IPv6 only 2000::/3 has been given out (RFC 4291 §2.4), so what lies outside of it is refused without a
// list.
const std::vector<Network>& special_networks() {
    static const std::vector<Network> networks = [] {
        constexpr std::array kText = {"0.0.0.0/8",      "10.0.0.0/8",     "100.64.0.0/10", "127.0.0.0/8",
                                      "169.254.0.0/16", "172.16.0.0/12",  "192.0.0.0/24",  "192.0.2.0/24",
                                      "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
                                      "203.0.113.0/24", "224.0.0.0/4",    "240.0.0.0/4",   "2001::/23",
                                      "2001:db8::/32",  "3fff::/20"};
        std::vector<Network> parsed;
        for (const auto* text : kText) {
            auto network = Network::parse(text);
            BASE_ASSERT(network.has_value());
            parsed.push_back(*network);
        }
        return parsed;
    }();
    return networks;
}

bool in_any(const std::vector<Network>& networks, const asio::ip::address& address) {
    return std::ranges::any_of(networks, [&](const Network& network) { return network.contains(address); });
}

// The IPv4 address that an IPv6 address stands for and that the kernel or a router would deliver to:
// v4-mapped, v4-compatible, NAT64 (64:ff9b::/96) and 6to4 (2002::/16).
std::optional<asio::ip::address_v4> embedded_v4(const asio::ip::address_v6& address) {
    const auto bytes = address.to_bytes();
    const auto v4_at = [&bytes](std::size_t at) {
        return asio::ip::address_v4{{bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]}};
    };
    constexpr std::array<std::array<unsigned char, 12>, 3> kPrefixes{
        {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, {}, {0, 0x64, 0xff, 0x9b}}};
    for (const auto& prefix : kPrefixes) {
        if (std::equal(prefix.begin(), prefix.end(), bytes.begin())) return v4_at(12);
    }
    if (bytes[0] == 0x20 && bytes[1] == 0x02) return v4_at(2);
    return std::nullopt;
}

bool is_public(const asio::ip::address& address) {
    if (address.is_v6()) {
        const auto v6 = address.to_v6();
        if (const auto inner = embedded_v4(v6)) return is_public(*inner);
        if ((v6.to_bytes()[0] & 0xe0U) != 0x20U) return false;
    }
    return !in_any(special_networks(), address);
}

}  // namespace

base::Result<Network> Network::parse(std::string_view text) {
    const auto slash = text.find('/');
    boost::system::error_code error;
    const auto address = asio::ip::make_address(std::string{text.substr(0, slash)}, error);
    if (error) return base::fail(base::ErrorKind::invalid_argument, kBadNetwork, "not an address:", text);
    const unsigned widest = address.is_v4() ? 32 : 128;
    unsigned bits = widest;
    if (slash != std::string_view::npos) {
        const auto digits = text.substr(slash + 1);
        const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
        if (wrong != std::errc{} || end != digits.data() + digits.size() || bits > widest) {
            return base::fail(base::ErrorKind::invalid_argument, kBadNetwork, "not a prefix length:", text);
        }
    }
    return Network{as_v6(address), bits + (128 - widest)};
}

bool Network::contains(const asio::ip::address& address) const {
    const auto mine = prefix_.to_bytes();
    const auto theirs = as_v6(address).to_bytes();
    for (unsigned bit = 0; bit < bits_; bit += 8) {
        const auto left = std::min(8U, bits_ - bit);
        const auto mask = static_cast<unsigned char>(0xff00U >> left);
        if (((mine[bit / 8] ^ theirs[bit / 8]) & mask) != 0) return false;
    }
    return true;
}

AddressPolicy AddressPolicy::any() {
    AddressPolicy policy;
    policy.everything_ = true;
    return policy;
}

AddressPolicy AddressPolicy::public_only(std::vector<Network> allowed) {
    AddressPolicy policy;
    policy.allowed_ = std::move(allowed);
    return policy;
}

bool AddressPolicy::permits(const asio::ip::address& address) const {
    return everything_ || in_any(allowed_, address) || is_public(address);
}

}  // namespace bandstand::http
